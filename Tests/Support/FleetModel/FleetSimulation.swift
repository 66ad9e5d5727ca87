import Glibc
import InterchangeRuntime
import SystemSupport
import WireProtocol

/// A whole fleet of managers, and an executor, around the real state of an interchange.
///
/// Time is virtual and goes in turns of a millisecond, as the interchange's loop does: what came is handled, then tasks
/// are handed out once. A task runs for a random number of turns, chosen so that a thousand results come in a turn. Only
/// the time within the state is counted. Every task is followed from its arrival to the release of its handle.
package final class FleetSimulation {
    static let turnTime: UInt64 = 1_000_000
    /// Results in a turn when all workers are busy.
    static let resultsPerTurn = 1000
    static let heartbeatTurns = 2000
    static let taskBytes = 358
    /// Turns after a storm in which managers come back.
    static let stormTurns = 500

    struct Due {
        var id: Int32
        var handle: Int32
        var manager: Int32
    }

    struct Manager {
        var identity: ManagerIdentity
        var descriptor: Int32
        var inFlight = 0
        var isAlive = true
        /// The turn at which it is connected again; results are held back until then.
        var awayUntil = 0
        /// Closed connections make the interchange wait before it sends more.
        var isSuspect = false
    }

    enum Standing: UInt8 { case unsent, queued, inFlight, ended }

    let settings: FleetSettings
    var state: InterchangeState
    var effects = InterchangeEffects()
    var generator: SeededGenerator
    var report = FleetReport()
    var now: UInt64 = 1_000_000_000_000
    var turn = 0

    /// By number; a number is never used again.
    var managers: [Manager] = []
    /// Numbers of the managers that live, in no order.
    var living: [Int] = []
    var nextDescriptor: Int32 = 10
    /// Places for tasks at managers that are connected.
    var freePlaces = 0

    /// By the task's number, from 1.
    var standings: [Standing] = [.ended]
    var toSend: Int
    var toFinish: Int
    /// The number that is handed out next: tasks go in the order in which they came.
    var nextInOrder = 1
    var inFlight = 0
    /// The task under each handle; 0 for a free one.
    var tasks: [Int32] = []
    var freeHandles: [Int32] = []
    var ring: [[Due]]
    var unacknowledged: [Int] = []
    /// Tasks handed out in this turn: how many, and the sum, least and greatest of their numbers.
    var given = (count: 0, sum: 0, least: Int.max, greatest: 0)
    /// Who got them; noted for small fleets.
    var givenTo: Set<Int> = []
    /// Managers whose connection is broken, and the tasks they have.
    var awayCount = 0
    var held: [Int: [Int]] = [:]
    /// Managers that must be asked whether they are there.
    var asked: [Int] = []
    let meanTurns: Int
    let registration: Registration

    /// A fleet that has not begun.
    package init(_ settings: FleetSettings) {
        self.settings = settings
        state = InterchangeState(
            settings: InterchangeSettings(parslVersion: "p", pythonVersion: "3.11.1", seed: settings.seed))
        generator = SeededGenerator(seed: settings.seed &* 7919 &+ 13)
        toSend = settings.tasks
        toFinish = settings.tasks
        meanTurns = max(1, settings.managers * settings.workers / Self.resultsPerTurn)
        ring = Array(repeating: [], count: 2 * meanTurns + Self.stormTurns + 2)
        registration = Registration(
            parslVersion: "p", pythonVersion: "3.11.1", workerCount: settings.workers, uid: "", blockID: .text("0"),
            startTime: 1, maxCapacity: settings.workers, hostname: "node", directory: "/home/user/work",
            apus: ApusManagerHello(
                fingerprint: "0123456789abcdef", rows: (0..<20).map { "app\($0)|1|Int,String->Double" }))
    }

    /// Runs to the end, and says what it cost.
    ///
    /// - Throws: ``FleetFailure`` for a task that was lost or ended twice, or any other rule that was broken.
    package func run() throws -> FleetReport {
        standings.reserveCapacity(settings.tasks + settings.losses * settings.workers + 1)
        report.residentAtStart = Self.residentBytes
        timed(\.liveness) {
            state.handle(
                .hello(ExecutorHello(fingerprint: "0123456789abcdef", rows: [], monitoring: false)), at: now,
                into: &effects)
        }
        try perform()
        try fillQueue()
        for _ in 0..<settings.managers { try join() }
        try check()
        report.residentWithManagers = Self.residentBytes
        // As long as it takes with all workers busy.
        let rate = max(1, min(Self.resultsPerTurn, settings.managers * settings.workers / (meanTurns + 1)))
        let estimate = max(1, settings.tasks / rate)
        var losses = 0
        var storms = 0
        while toFinish > 0 || !unacknowledged.isEmpty || inFlight > 0 || losses < settings.losses
            || storms < settings.storms || state.managerCount != living.count
        {
            turn += 1
            now += Self.turnTime
            guard turn < estimate * 4 + 100_000 else {
                throw FleetFailure("after \(turn) turns \(toFinish) tasks have not ended")
            }
            let before = report.times.total
            if storms < settings.storms, turn >= (storms + 1) * estimate / (settings.storms + 1) {
                storms += 1
                try storm()
            }
            try comeBack()
            report.storms += report.times.total - before
            let after = report.times.total
            if losses < settings.losses, turn >= (losses + 1) * estimate / (settings.losses + 1) {
                losses += 1
                try kill(living[Int.random(in: living.indices, using: &generator)])
                try join()
            }
            try takeResults()
            try acknowledge()
            try fillQueue()
            try beat()
            try runTimers()
            try handOut()
            report.longestTurn = max(report.longestTurn, report.times.total - after)
            if turn % max(1, estimate / 4) == 0 { try check() }
        }
        try checkEnd()
        return report
    }

    /// Does something in the state, and counts its time.
    func timed(_ part: WritableKeyPath<FleetReport.Times, UInt64>, _ body: () -> Void) {
        let start = Self.processorTime
        body()
        report.times[keyPath: part] += Self.processorTime - start
    }

    /// Nanoseconds that this thread has had a processor: other programs do not count.
    private static var processorTime: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Resident bytes of this process.
    static var residentBytes: Int {
        guard let bytes = try? SmallFile.read("/proc/self/statm") else { return 0 }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
    }

    // MARK: The executor

    private func fillQueue() throws {
        let wanted = min(toSend, settings.queued + freePlaces - state.queuedCount)
        // Before the first manager comes the queue is filled at once.
        let count = managers.isEmpty ? wanted : min(wanted, settings.arrivalsPerTurn)
        guard count > 0 else { return }
        toSend -= count
        let first = standings.count
        var handles: [TaskHandle] = []
        handles.reserveCapacity(count)
        for index in 0..<count {
            if let free = freeHandles.popLast() {
                handles.append(TaskHandle(Int(free)))
                tasks[Int(free)] = Int32(first + index)
            } else {
                handles.append(TaskHandle(tasks.count))
                tasks.append(Int32(first + index))
            }
            standings.append(.queued)
        }
        func arrival(_ index: Int) -> InterchangeEvent {
            .taskArrived(handles[index], id: first + index, priority: .infinity, size: Self.taskBytes)
        }
        if settings.checksEveryEvent {
            for index in 0..<count { try one(arrival(index)) }
        } else {
            timed(\.arrivals) {
                for index in 0..<count { state.handle(arrival(index), at: now, into: &effects) }
            }
            try perform()
        }
        report.mostQueued = max(report.mostQueued, state.queuedCount)
        if managers.isEmpty { report.residentWithQueue = Self.residentBytes }
    }

    private func acknowledge() throws {
        guard !unacknowledged.isEmpty else { return }
        let ids = unacknowledged
        unacknowledged.removeAll(keepingCapacity: true)
        timed(\.acknowledgements) { state.handle(.acknowledged(ids), at: now, into: &effects) }
        try perform()
    }

    // MARK: Turns

    private func takeResults() throws {
        let place = turn % ring.count
        var due: [Due] = []
        swap(&due, &ring[place])
        var back: [(index: Int, due: Due)] = []
        due.removeAll { entry in
            let manager = managers[Int(entry.manager)]
            if manager.isAlive, manager.awayUntil > turn { back.append((manager.awayUntil % ring.count, entry)) }
            return !manager.isAlive || manager.awayUntil > turn
        }
        for (index, entry) in back { ring[index].append(entry) }
        // The manager has a free worker from now on; the interchange learns it from the result.
        if settings.checksEveryEvent {
            for entry in due {
                try one(.result(managers[Int(entry.manager)].identity, taskID: Int(entry.id), size: 100), from: entry)
            }
        } else {
            timed(\.results) {
                for entry in due {
                    state.handle(
                        .result(managers[Int(entry.manager)].identity, taskID: Int(entry.id), size: 100), at: now,
                        into: &effects)
                }
            }
            for entry in due { returned(entry) }
            try perform()
        }
    }

    func returned(_ entry: Due) {
        let number = Int(entry.manager)
        managers[number].inFlight -= 1
        if !managers[number].isSuspect { freePlaces += 1 }
        inFlight -= 1
    }

    private func handOut() throws {
        given = (0, 0, .max, 0)
        givenTo = []
        timed(\.handOut) { state.handle(.turnEnded, at: now, into: &effects) }
        try perform()
        if given.count > 0 {
            // Numbers ascend without a gap, so these are the oldest when their sum is that of the next so many.
            let last = nextInOrder + given.count - 1
            let sum = (nextInOrder + last) * given.count / 2
            guard given.least == nextInOrder, given.greatest == last, given.sum == sum else {
                throw FleetFailure(
                    "of \(given.count) tasks \(given.least) to \(given.greatest) were handed out, and \(nextInOrder) was next"
                )
            }
            nextInOrder = last + 1
        }
        report.mostInFlight = max(report.mostInFlight, inFlight)
        guard state.queuedCount == 0 || freePlaces == 0 else {
            throw FleetFailure("turn \(turn): \(state.queuedCount) tasks wait while \(freePlaces) places are free")
        }
        if settings.checksEveryEvent {
            try checkState()
            try checkBalance()
        }
    }

    /// One event, with everything checked after it.
    func one(_ event: InterchangeEvent, from entry: Due? = nil) throws {
        timed(\.liveness) { state.handle(event, at: now, into: &effects) }
        if let entry { returned(entry) }
        try perform()
        if settings.checksEveryEvent { try checkState() }
    }
}
