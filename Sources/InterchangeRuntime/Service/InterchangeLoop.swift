import SystemSupport
import WireProtocol
import ZeroMQ

/// The interchange's one thread: waits, reads what came, asks the state, does what it says.
///
/// Each turn reads a bounded number of messages from every socket, so that neither a flood of tasks nor a flood of
/// results keeps the other waiting, and then hands out tasks once, in batches.
final class InterchangeLoop {
    /// Messages read from one socket in a turn.
    static let messagesPerTurn = 1024
    /// The longest sleep; also how late a wake-up must be before it counts as one, in nanoseconds.
    static let longestSleep: UInt64 = 1_000_000_000
    /// Turns that reading everything after a late wake-up may take, against a sender that never pauses.
    static let catchUpTurns = 1000
    /// A pause this long after a burst is a quiet moment, in nanoseconds.
    static let quietTime: UInt64 = 50_000_000
    /// Descriptors that are not managers' connections.
    static let otherDescriptors = 64
    /// Milliseconds that ending waits for a report to the executor.
    static let reportLinger: Int32 = 10_000
    /// Milliseconds that ending waits for farewells to managers.
    static let farewellLinger: Int32 = 200

    enum Watched: Int {
        case tasks, results, commands, managers, connections, signals, parent, stop
    }

    let start: InterchangeStartMessage
    let sockets: InterchangeSockets
    let log: InterchangeLog
    let store = TaskStore()
    var state: InterchangeState
    var effects = InterchangeEffects()
    /// Events that performing effects gave rise to.
    var followUps: [InterchangeEvent] = []
    /// Tasks that could not be written into a batch.
    var unwritable: [(task: TaskHandle, manager: ManagerIdentity, text: String)] = []
    /// The result that the event being handled is about.
    var currentResult: Message?
    /// The monitoring payload that the event being handled is about.
    var currentPayload: [UInt8] = []
    var memory = FreeMemory()
    /// Set when the state asks to end.
    var isFinishing = false
    /// How many descriptors may be open.
    var descriptorLimit = Int.max
    /// Whether the log says that they will not be enough.
    private var hasWarnedOfDescriptors = false
    /// Messages of managers that were no messages, counted so that the log stays readable.
    var malformedCount = 0

    init(
        start: InterchangeStartMessage, settings: InterchangeSettings, sockets: InterchangeSockets, log: InterchangeLog
    ) {
        self.start = start
        self.sockets = sockets
        self.log = log
        state = InterchangeState(settings: settings)
    }

    /// Runs until the state, a signal, the parent's end or `stop` ends it; returns the exit code.
    func run(signals: SignalDescriptor?, parent: Int32, stop: WakeUp?) throws -> Int32 {
        let poller = try Poller()
        // First, so that a closed connection is known before what came by the next one is read.
        try poller.add(sockets.connections.socket, id: Watched.connections.rawValue)
        try poller.add(sockets.tasks, id: Watched.tasks.rawValue)
        try poller.add(sockets.results, id: Watched.results.rawValue)
        try poller.add(sockets.commands, id: Watched.commands.rawValue)
        try poller.add(sockets.managers, id: Watched.managers.rawValue)
        if let signals { try poller.add(descriptor: signals.descriptor, .read, id: Watched.signals.rawValue) }
        if parent >= 0 { try poller.add(descriptor: parent, .read, id: Watched.parent.rawValue) }
        if let stop { try poller.add(descriptor: stop.descriptor, .read, id: Watched.stop.rawValue) }

        var expected = Monotonic.nanoseconds + Self.longestSleep
        while true {
            log.flush()
            let ready = try poller.wait(timeoutNanoseconds: timeout(at: Monotonic.nanoseconds))
            if ready.isEmpty, memory.isDue { memory.giveBack() }
            let now = Monotonic.nanoseconds
            if let end = try reason(toEnd: ready) {
                log.log(.info, "ending: \(end)")
                sayFarewell()
                return 0
            }
            if now > expected + Self.longestSleep {
                log.log(.warning, "woke \((now - expected) / 1_000_000) ms late: nobody's silence counts until now")
                try catchUp()
                handle(.wokeLate, at: now)
            }
            expected = now + Self.longestSleep
            try turn(ready, now)
            if isFinishing {
                log.log(.info, "ending after a report to the executor")
                sockets.close(lingerMilliseconds: Self.reportLinger)
                return 0
            }
        }
    }

    /// Handles an event that came without bytes, and does what the state says.
    func handle(_ event: InterchangeEvent, at now: UInt64) {
        state.handle(event, at: now, into: &effects)
        perform(at: now)
    }

    private func turn(_ ready: [Readiness], _ now: UInt64) throws(ZeroMQError) {
        for item in ready {
            switch Watched(rawValue: item.id) {
            case .connections: try readConnections(now)
            case .commands: try readCommands(now)
            case .tasks: try readTasks(now)
            case .managers: try readManagers(now)
            case .results: try readAcknowledgements(now)
            case .signals, .parent, .stop, nil: break
            }
        }
        endTurn(now)
    }

    private func endTurn(_ now: UInt64) {
        handle(.turnEnded, at: now)
        if let deadline = state.nextDeadline, deadline <= now {
            handle(.tick, at: now)
            handle(.turnEnded, at: now)
        }
    }

    /// Reads everything that waits.
    private func catchUp() throws(ZeroMQError) {
        for _ in 0..<Self.catchUpTurns {
            let now = Monotonic.nanoseconds
            try readConnections(now)
            var count = try readCommands(now)
            count += try readTasks(now)
            count += try readManagers(now)
            count += try readAcknowledgements(now)
            handle(.turnEnded, at: now)
            if count == 0 { return }
        }
    }

    /// Says in time that managers will soon be unable to connect: libzmq does not.
    ///
    /// Each takes a descriptor, and two while it looks for an address.
    func warnOfDescriptors() {
        let count = state.managerCount
        guard !hasWarnedOfDescriptors, count >= max(1, (descriptorLimit - Self.otherDescriptors) / 5 * 4) else {
            return
        }
        hasWarnedOfDescriptors = true
        log.log(
            .warning,
            "\(count) managers are registered, and at most \(descriptorLimit) descriptors may be open here (ulimit -n); "
                + "managers beyond that cannot connect: raise the hard limit (ulimit -Hn) before the workflow starts, or "
                + "use fewer, larger nodes")
    }

    private func timeout(at now: UInt64) -> UInt64 {
        let sleep = memory.isDue ? Self.quietTime : Self.longestSleep
        guard let deadline = state.nextDeadline else { return sleep }
        return deadline <= now ? 0 : min(deadline - now, sleep)
    }

    private func reason(toEnd ready: [Readiness]) throws -> String? {
        for item in ready {
            switch Watched(rawValue: item.id) {
            case .signals: return "SIGTERM"
            case .parent: return "the parent process has ended"
            case .stop: return "asked to"
            case .tasks, .results, .commands, .managers, .connections, nil: continue
            }
        }
        return nil
    }

    private func sayFarewell() {
        handle(.ending, at: Monotonic.nanoseconds)
        sockets.close(lingerMilliseconds: Self.farewellLinger)
    }
}
