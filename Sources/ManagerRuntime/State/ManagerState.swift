package import DequeModule
package import WireProtocol

// The manager as a value: events and the time go in, effects come out. No clock, no sockets, no processes.
//
// A task is in one of three places: waiting here (`pending`), in a worker's queue, or finished and not yet
// acknowledged by the interchange. `standing` says where each one is, and is what a registration reports as held.

/// The decisions of a manager.
package struct ManagerState: Sendable {
    /// What the decisions depend on and does not change.
    package struct Settings: Sendable, Equatable {
        /// Worker processes.
        package var workerCount: Int
        /// Tasks beyond the workers.
        package var prefetch: PrefetchPolicy
        /// Nanoseconds between heartbeats.
        package var heartbeatPeriod: UInt64
        /// Nanoseconds of silence after which the interchange counts as gone.
        package var heartbeatThreshold: UInt64
        /// Nanoseconds after the start when the manager asks to be drained; `nil` for never.
        package var drainAfter: UInt64?
        /// Nanoseconds that a task may go on after it was asked to stop.
        package var cancelGrace: UInt64
        /// What the node has for tasks that ask for more than a worker.
        package var capacity: NodeCapacity
        /// Bytes of memory that a task has which asks for none.
        package var memoryShare: Int
        /// The processors of the node and of its workers; `nil` where workers are not bound.
        package var processors: ProcessorPool?

        /// Describes a manager.
        ///
        /// The times are those between Apus processes.
        package init(
            workerCount: Int, prefetch: PrefetchPolicy = .automatic, heartbeatPeriod: UInt64 = 2_000_000_000,
            heartbeatThreshold: UInt64 = 10_000_000_000, drainAfter: UInt64? = nil,
            cancelGrace: UInt64 = 5_000_000_000, capacity: NodeCapacity? = nil, memoryShare: Int = 0,
            processors: ProcessorPool? = nil
        ) {
            self.workerCount = workerCount
            self.prefetch = prefetch
            self.heartbeatPeriod = heartbeatPeriod
            self.heartbeatThreshold = heartbeatThreshold
            self.drainAfter = drainAfter
            self.cancelGrace = cancelGrace
            self.capacity = capacity ?? NodeCapacity(cores: Double(workerCount))
            self.memoryShare = memoryShare
            self.processors = processors
        }
    }

    /// Where the manager stands.
    package enum Phase: Sendable, Equatable {
        /// Not registered yet.
        case starting
        /// Registered.
        case serving
        /// At its end; events no longer change anything.
        case ended
    }

    /// Who the interchange is.
    package enum Peer: Sendable, Equatable {
        /// It has not shown yet.
        case unknown
        /// Parsl's.
        case stock
        /// One that welcomed the manager.
        case apus
    }

    /// Where a task is.
    package enum TaskStanding: Sendable, Equatable {
        /// It waits for a worker.
        case pending
        /// It is in this worker's queue.
        case sent(worker: Int)
        /// Its result was sent and not acknowledged.
        case finished
    }

    /// Three workers in a row that end before they can run anything end the manager.
    static let earlyEndLimit = 3
    /// After the first ready worker the others get this long before the manager registers without them.
    static let registrationGrace: UInt64 = 2_000_000_000
    /// A tick later than this was no fault of the interchange: the process, or the machine, was asleep.
    static let lateTick: UInt64 = 1_000_000_000
    /// The longest time between two ticks that the service plans.
    static let longestPause: UInt64 = 500_000_000
    /// How long a task may run before the ones behind it are asked back for idle workers: longer than a busy machine
    /// usually keeps a process waiting for a processor, since asking then would only move short tasks about.
    static let recallDelay: UInt64 = 5_000_000

    package let settings: Settings
    package internal(set) var phase = Phase.starting
    package internal(set) var peer = Peer.unknown
    package internal(set) var workers: [WorkerRecord]
    package internal(set) var pending: Deque<TaskTicket> = []
    package internal(set) var standing: [Int: TaskStanding] = [:]
    /// Tasks in workers that are to be stopped.
    package internal(set) var stops: [Int: TaskStop] = [:]
    package internal(set) var pace = TaskPace()
    /// What tasks here ask for, those that ask for more than a worker.
    package internal(set) var needs: [Int: TaskNeeds] = [:]
    /// What of the node running tasks have that asked for it.
    package internal(set) var grants: [Int: NodePool.Grant] = [:]
    /// The node.
    package internal(set) var pool: NodePool
    /// The first waiting task that does not fit.
    package internal(set) var blocked: BlockedTask?
    /// How it is known that the job is about to end; `nil` while it is not.
    package internal(set) var warning: String?
    /// Ready workers without a task; the last one is used next, since its caches are warm.
    package internal(set) var idle: [Int] = []
    /// How many workers are ready.
    package internal(set) var readyCount = 0
    /// The capacity the interchange was last told; `nil` before the registration.
    package internal(set) var announced: Int?

    var isReachable = false
    var firstReady: UInt64?
    var earlyEnds = 0
    /// The next worker to be written ahead to, so that all get their share.
    var cursor = 0
    var started: UInt64 = 0
    var lastHeard: UInt64 = 0
    var lastTick: UInt64 = 0
    var nextHeartbeat: UInt64 = 0
    var registered: UInt64 = 0
    var hasHeardSinceRegistration = false
    var hasAskedForDrain = false

    /// A manager that has not begun.
    package init(settings: Settings) {
        self.settings = settings
        pool = NodePool(
            settings.capacity, workers: settings.workerCount, memoryShare: settings.memoryShare,
            processors: settings.processors)
        workers = Array(repeating: WorkerRecord(), count: settings.workerCount)
    }

    /// Takes in one event at a moment (nanoseconds of a clock that stops during sleep), and appends what is to be done.
    package mutating func handle(_ event: ManagerEvent, at now: UInt64, into effects: inout [ManagerEffect]) {
        guard phase != .ended else { return }
        switch event {
        case .begin: begin(at: now, into: &effects)
        case .reachable:
            isReachable = true
            registerIfDue(at: now, into: &effects)
        case .reconnected: reconnected(at: now, into: &effects)
        case .tasks(let tickets): accept(tickets, at: now, into: &effects)
        case .heartbeat: heartbeat(at: now)
        case .welcome: welcome(at: now, into: &effects)
        case .refused(let text): finish(.refused(text), into: &effects)
        case .acknowledged(let ids): acknowledged(ids, at: now, into: &effects)
        case .cancel(let ids): cancel(ids, at: now, into: &effects)
        case .shutdown: finish(.shutdown, into: &effects)
        case .workerReady(let index): workerReady(index, at: now, into: &effects)
        case .workerUnusable(_, let text): finish(.workersUnusable(text), into: &effects)
        case .workerResult(let index, let task): workerResult(index, task, at: now, into: &effects)
        case .workerReturned(let index, let tasks): workerReturned(index, tasks, at: now, into: &effects)
        case .workerOverdue(let index, let task, let limit, let elapsed):
            workerOverdue(index, task, limit: limit, elapsed: elapsed, at: now, into: &effects)
        case .memoryExceeded(let index, let task, let reached):
            memoryExceeded(index, task, reached: reached, at: now, into: &effects)
        case .workerEnded(let index, let ending): workerEnded(index, ending, at: now, into: &effects)
        case .workerGaveUp(let index, let task): workerGaveUp(index, task, at: now, into: &effects)
        case .warned(let text): warned(text, at: now, into: &effects)
        case .terminate:
            reportUnfinished("the manager was told to end by a signal", into: &effects)
            finish(.terminated, into: &effects)
        case .parentEnded: finish(.parentEnded, into: &effects)
        case .tick: tick(at: now, into: &effects)
        }
    }

    private mutating func begin(at now: UInt64, into effects: inout [ManagerEffect]) {
        started = now
        lastTick = now
        lastHeard = now
        for index in workers.indices where workers[index].standing == .absent { start(index, into: &effects) }
    }

    mutating func finish(_ ending: ManagerEnding, into effects: inout [ManagerEffect]) {
        phase = .ended
        effects.append(.finish(ending))
    }
}
