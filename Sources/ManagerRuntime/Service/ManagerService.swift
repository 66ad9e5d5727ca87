import Glibc
import SystemSupport
import WireProtocol
import WorkflowCore
import ZeroMQ

// One thread owns the socket to the interchange, the workers and their streams: it waits for any of them, hands what
// came to the state, and does what the state decided. Nothing here waits for one peer alone.

/// A manager process: runs tasks of an interchange on worker processes of this node.
package final class ManagerService {
    /// What the poller watches; workers follow, two numbers each.
    enum WatchID {
        static let interchange = 0
        static let monitor = 1
        static let signals = 2
        static let parent = 3
        static let firstWorker = 16

        static func stream(_ index: Int) -> Int { firstWorker + 2 * index }
        static func process(_ index: Int) -> Int { firstWorker + 2 * index + 1 }
    }

    /// While a task runs, its lines are shown this often.
    static let echoPause: UInt64 = 100_000_000
    /// How long workers may take to end after SIGTERM before they are killed; Parsl gives a second.
    static let teardownTime = Duration.seconds(1)
    /// How long results may take to leave when the manager ends, milliseconds.
    static let linger: Int32 = 500
    /// How long after a worker the manager may be told to end, by one who tells all.
    static let ownSignalTime: UInt64 = 300_000_000
    /// Messages read before workers get their turn.
    static let messagesPerRound = 256

    let configuration: ManagerConfiguration
    let host = CurrentProcess.hostName
    let workerCount: Int
    let node: NodeInventory
    /// What of the node each worker gets.
    let bindings: [WorkerBinding]
    let startTime = WallClock.seconds
    let log: ManagerLog
    var state: ManagerState
    var effects: [ManagerEffect] = []
    var now: UInt64 = Monotonic.nanoseconds
    var ending: ManagerEnding?

    let context: Context
    let socket: Socket
    let poller: Poller
    let monitor: SocketMonitor
    var handshakes = 0
    var isReachable = false

    var workers: [WorkerProcess?]
    var outputs: [WorkerOutput]
    /// Workers that have something to be written, or whose output may have grown, since the loop began its round.
    var touched: Set<Int> = []
    var held: [Int: HeldTask] = [:]
    var unacknowledged: [Int: [UInt8]] = [:]
    /// The result that is being handled.
    var currentResult: [UInt8] = []
    var fingerprint: String
    var rows: [String]
    /// The nodes of the block, where this manager hands them out.
    let blockNodes: [String]
    /// Running tasks with a limit of memory.
    var watchedMemory: [Int: WatchedMemory] = [:]
    var nextMemoryLook: UInt64 = 0
    /// Workers that ended by SIGTERM, and until when the manager's own signal is awaited.
    var deferredEnds: [Int: UInt64] = [:]
    /// Says until when the interchange's first answer is waited for.
    var answer: FirstAnswer
    var echo: EchoWriter?
    var apps = AppNames()
    /// The app whose lines a worker writes.
    var appOfWorker: [Int]

    /// Prepares a manager: opens its log and its socket, and starts nothing yet.
    package init(configuration: ManagerConfiguration) throws {
        guard !configuration.addresses.isEmpty, (1..<65_536).contains(configuration.port) else {
            throw ManagerError(
                .invalidConfiguration,
                "a manager needs an address of the interchange and its port; it was given \(configuration.addresses) and "
                    + "\(configuration.port)")
        }
        self.configuration = configuration
        log = try ManagerLog(directory: configuration.directory)
        let node = NodeInventory.here
        self.node = node
        let accelerators = configuration.accelerators
        let ownAccelerators = accelerators.sharing == .perWorker ? accelerators.names.count : 0
        let (count, reason) = configuration.sizing.bound(
            cores: node.cores, memoryGiB: node.memory / 1_073_741_824, accelerators: ownAccelerators)
        workerCount = count
        log.write("this node: \(node.sources)")
        log.write("\(Counted.text(count, "worker")): \(reason)")
        bindings = try WorkerBinding.all(
            count, affinity: configuration.affinity, accelerators: accelerators, node: node,
            devices: ownAccelerators > 0 ? NVIDIADevices.count : 0)
        blockNodes = try configuration.mpiLauncher == nil ? [] : BlockNodes.find(EnvironmentVariables.get)
        if !blockNodes.isEmpty {
            log.write("hands out \(Counted.text(blockNodes.count, "node")): \(blockNodes.joined(separator: ","))")
        }
        let labels = try OwnLabels.all(configuration.labels, host: host, variable: EnvironmentVariables.get)
        log.write("labels: \(labels.sorted().joined(separator: ", "))")
        // A bound task has whole processors, however many PARSL_CORES counts.
        let isBound = configuration.affinity != .none
        let capacity = NodeCapacity(
            cores: isBound ? min(node.cores, Double(node.processors.count)) : node.cores, memory: Int(node.memory),
            gpus: accelerators.names.count,
            gpusForOne: accelerators.sharing == .perTask ? nil : min(1, accelerators.names.count),
            nodes: blockNodes.count, labels: labels)
        state = ManagerState(
            settings: ManagerState.Settings(
                workerCount: count, prefetch: configuration.prefetch,
                heartbeatPeriod: configuration.heartbeatPeriod.clampedNanoseconds,
                heartbeatThreshold: configuration.heartbeatThreshold.clampedNanoseconds,
                drainAfter: configuration.drainPeriod?.clampedNanoseconds,
                cancelGrace: configuration.cancelGrace.clampedNanoseconds, capacity: capacity,
                memoryShare: Int((configuration.sizing.memoryPerWorker ?? 0) * 1_073_741_824),
                processors: isBound ? ProcessorPool(node.processors, own: bindings.map { $0.processors ?? [] }) : nil))
        workers = Array(repeating: nil, count: count)
        outputs = (0..<count).map { WorkerOutput(directory: configuration.directory, index: $0) }
        appOfWorker = Array(repeating: 0, count: count)
        fingerprint = configuration.fingerprint
        rows = configuration.rows
        answer = FirstAnswer(
            addresses: [], port: configuration.port, limit: configuration.addressProbeTimeout,
            since: Monotonic.nanoseconds)
        echo = configuration.echoDescriptor.map { EchoWriter(descriptor: $0) }

        context = try Context()
        var options = SocketOptions(
            identity: configuration.uid, curve: try Self.curve(configuration),
            heartbeats: SocketOptions.Heartbeats(
                interval: configuration.heartbeatPeriod, timeout: configuration.heartbeatThreshold,
                timeToLive: configuration.heartbeatThreshold))
        options.linger = Self.linger
        var schedule = ProbeSchedule(name: configuration.uid)
        options.reconnectInterval = schedule.reconnectMilliseconds()
        options.reconnectIntervalMaximum = ProbeSchedule.longestReconnect
        socket = try Socket(context, .dealer, options: options)
        monitor = try socket.monitor(FirstAnswer.events)
        poller = try Poller()
    }

    /// Serves until the end, stops every worker, and returns the status for the process.
    ///
    /// Call it on a thread that lives as long as the process: the workers end with the thread that started them.
    package func run() throws -> Int32 {
        CurrentProcess.raiseDescriptorLimit()
        CurrentProcess.ignoreSignal(SIGPIPE)
        let signals = try SignalDescriptor([SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2])
        try poller.add(descriptor: signals.descriptor, .read, id: WatchID.signals)
        let parent = configuration.watchesParent ? try CurrentProcess.openParentDescriptor() : nil
        defer { if let parent { DescriptorIO.close(parent) } }
        if let parent { try poller.add(descriptor: parent, .read, id: WatchID.parent) }
        defer { stopWorkers() }

        log.write(
            "manager \(configuration.uid) of block \(configuration.blockID) on \(host), process \(CurrentProcess.pid): "
                + "\(Counted.text(workerCount, "worker")), prefetch \(configuration.prefetch)")
        now = Monotonic.nanoseconds
        handle(.begin)
        try connect()
        while ending == nil {
            try round(signals: signals)
            if !isReachable, now >= answer.deadline { throw answer.error }
        }
        return end()
    }

    /// One turn of the loop: wait, read everything, decide, write.
    private func round(signals: SignalDescriptor) throws {
        var deadline = state.nextDeadline(at: now)
        if echo != nil, echo?.isBehind == true || state.workers.contains(where: { !$0.queue.isEmpty }) {
            deadline = min(deadline, now &+ Self.echoPause)
        }
        for moment in deferredEnds.values { deadline = min(deadline, moment) }
        if !watchedMemory.isEmpty { deadline = min(deadline, max(nextMemoryLook, now)) }
        let ready = try poller.wait(timeoutNanoseconds: deadline > now ? deadline - now : 0)
        now = Monotonic.nanoseconds
        for item in ready {
            switch item.id {
            case WatchID.interchange: try readInterchange()
            case WatchID.monitor: try readMonitor()
            case WatchID.signals:
                while let signal = signals.next() {
                    log.write("signal \(SignalName.describe(signal))")
                    if signal == SIGUSR1 || signal == SIGUSR2 {
                        // What schedulers send some time before a walltime.
                        handle(.warned("its batch job is about to end: signal \(SignalName.describe(signal)) came"))
                    } else {
                        handle(.terminate)
                    }
                }
            case WatchID.parent: handle(.parentEnded)
            case let id where (id - WatchID.firstWorker) % 2 == 0:
                readWorker((id - WatchID.firstWorker) / 2, item)
            case let id: workerEnded((id - WatchID.firstWorker) / 2)
            }
        }
        // Silence is judged only when nothing is left to be read.
        if now >= deadline { handle(.tick) }
        if !deferredEnds.isEmpty, ending == nil { takeDeferredEnds() }
        if !watchedMemory.isEmpty { watchMemory() }
        if echo != nil { echoOutput(atTick: now >= deadline) }
        flushWorkers()
    }

    /// Hands an event to the state and does what it decides.
    func handle(_ event: ManagerEvent) {
        state.handle(event, at: now, into: &effects)
        guard !effects.isEmpty else { return }
        var decided: [ManagerEffect] = []
        swap(&decided, &effects)
        for effect in decided { perform(effect) }
        decided.removeAll(keepingCapacity: true)
        if effects.isEmpty { swap(&decided, &effects) }
    }

    private func end() -> Int32 {
        guard let ending else { return 0 }
        log.write("ending: \(ending)")
        if ending.exitCode == 0 {
            print("Process worker pool exiting normally")
        } else {
            printError("manager \(configuration.uid) on \(host) gives up: \(ending)")
        }
        return ending.exitCode
    }

    private func printError(_ text: String) {
        var line = text + "\n"
        line.withUTF8 { bytes in
            // Nobody may be reading any more.
            _ = try? DescriptorIO.writeFully(2, UnsafeRawBufferPointer(bytes))
        }
    }

    private static func curve(_ configuration: ManagerConfiguration) throws -> CurveRole? {
        guard let directory = configuration.certificateDirectory else { return nil }
        return try CurveCertificates.loadClientRole(from: directory)
    }
}
