// How many blocks an executor has, as a value: time and what was seen go in, what has to be done comes out.
//
//     requested ─▶ waiting ─▶ running ─▶ draining ─▶ cancelling ─▶ (ended)
//         │           └──────────────────▲                            ▲
//         └── not started ────────────────────────────────────────────┘   a job may be over at any time
//
// Three rules keep it calm where schedulers are slow and wrong:
// * A block counts from the moment it is asked for until its job is over, so a slow scheduler is never asked twice.
// * A job that is said to be over while its managers are connected is not over.
// * A block is cancelled only after the interchange has confirmed that it gets no more tasks, and a list of managers
//   made after that shows none there.

/// The blocks of one executor.
package struct ScalingState: Sendable {
    /// What happens.
    package enum Event: Sendable, Equatable {
        /// This many tasks have been submitted and not ended.
        case load(Int)
        /// All connected managers, by block.
        case managers([BlockManagers])
        /// One worker count of a node has become known.
        case workersPerNode(Int)
        /// The scheduler has taken the job of a block.
        case started(BlockNumber)
        /// The scheduler has not taken it, and why; without a text it was not asked, since it had just refused another.
        case notStarted(BlockNumber, String)
        /// What the scheduler says of a job.
        case job(BlockNumber, JobPhase)
        /// The interchange gives these blocks no more tasks.
        case held([BlockNumber])
        /// Time passes; also the moment of decisions.
        case tick
        /// The executor ends: blocks are cancelled at once, or after their tasks.
        case stop(afterTasks: Bool)
    }

    /// What has to be done.
    package enum Action: Sendable, Equatable {
        /// Submit a job for each of these.
        case start([BlockNumber])
        /// Give these no more tasks, not even to managers of them that register later, and report ``Event/held(_:)``.
        case hold([BlockNumber])
        /// Cancel the jobs of these.
        case cancel([BlockNumber])
        /// Fail all tasks, now and to come, with this text.
        case fail(String)
    }

    /// The managers of one block.
    package struct BlockManagers: Sendable, Equatable {
        /// The block.
        package var block: BlockNumber
        /// How many are connected.
        package var count: Int
        /// Tasks that they hold.
        package var tasks: Int
        /// Nanoseconds since the last of them became idle.
        package var idle: UInt64

        /// The managers of one block.
        package init(block: BlockNumber, count: Int, tasks: Int, idle: UInt64) {
            self.block = block
            self.count = count
            self.tasks = tasks
            self.idle = idle
        }
    }

    /// What a scheduler says of a job.
    package enum JobPhase: Sendable, Equatable {
        /// It waits.
        case waiting
        /// It runs.
        case running
        /// The scheduler could not tell; the block stays what it was.
        case unknown
        /// The scheduler answered, and does not know the job.
        case absent
        /// It is over.
        case over(BlockEnd)
    }

    /// The numbers.
    package private(set) var settings: ScalingSettings
    /// The blocks that have not ended.
    package internal(set) var living: [BlockNumber: BlockRecord] = [:]
    /// How the others ended, oldest first; `nil` stands for one that lives.
    package internal(set) var ends: [BlockEnd.Reason?] = []
    /// The latest failures, for the text of a bad state.
    var failures: [(block: BlockNumber, end: BlockEnd)] = []
    /// Tasks that have been submitted and not ended.
    package private(set) var tasks = 0
    /// Why the executor was given up; `nil` while it was not.
    package internal(set) var fault: String?
    /// Whether the executor ends.
    package private(set) var isStopping = false
    /// What the last decision was about, for people.
    package internal(set) var standing = "nothing decided yet"
    var isFirst = true
    var idleSince: UInt64?
    var excessSince: UInt64?
    var failedStarts = 0
    var lastFailure: UInt64 = 0
    var startsAllowedAt: UInt64 = 0

    /// An executor without blocks.
    package init(_ settings: ScalingSettings) { self.settings = settings }

    /// How many of the latest failures are kept with their output.
    static let keptFailures = 5

    /// Answers in a row without a job after which it counts as over.
    static let absenceLimit = 3

    /// Whether the executor ends and all its blocks have.
    package var isFinished: Bool { isStopping && living.isEmpty }

    /// Takes one event at the time `now` (nanoseconds) and appends what has to be done about it.
    package mutating func handle(_ event: Event, at now: UInt64, into actions: inout [Action]) {
        switch event {
        case .load(let count):
            tasks = count
            if count > 0 { idleSince = nil }
        case .managers(let list): managers(list, now, &actions)
        case .workersPerNode(let count): if count > 0 { settings.workersPerNode = count }
        case .started(let id): started(id, now, &actions)
        case .notStarted(let id, let message): end(id, BlockEnd(.notStarted, message: message), now)
        case .job(let id, let phase): job(id, phase, now)
        case .held(let ids): for id in ids { living[id]?.holdConfirmed = true }
        case .tick:
            judge(&actions, now)
            if fault == nil, !isStopping { decide(now, &actions) }
            repeatCommands(now, &actions)
        case .stop(let afterTasks):
            isStopping = true
            endAll(afterTasks: afterTasks, why: "the executor ends", now, &actions)
        }
    }

    /// The blocks that count as slots.
    package var activeCount: Int { living.values.count { $0.isActive } }

    /// Asks the error handler, and gives the executor up when it says so.
    private mutating func judge(_ actions: inout [Action], _ now: UInt64) {
        guard fault == nil, !isStopping else { return }
        let blocks = ends.enumerated().map { BlockErrorHandler.Block(id: BlockNumber($0.offset), end: $0.element) }
        let situation = BlockErrorHandler.Situation(
            blocks: blocks, initialBlocks: settings.initialBlocks, failedStarts: failedStarts)
        if let why = settings.errorHandler.verdict(on: situation) {
            giveUp("the executor is given up: \(why)", now, &actions)
        }
    }

    /// Fails the tasks and ends what is left of the blocks; Parsl leaves them running
    /// (https://github.com/Parsl/parsl/issues/2961).
    mutating func giveUp(_ why: String, _ now: UInt64, _ actions: inout [Action]) {
        let details = failures.map { $0.end.text(of: $0.block) }
        let text = ([why] + details).joined(separator: "\n")
        fault = text
        standing = why
        actions.append(.fail(text))
        endAll(afterTasks: false, why: "the executor is given up", now, &actions)
    }
}
