/// What an operator may want to know of an executor at one moment.
package struct ExecutorInspection: Sendable, Equatable, Codable {
    /// A manager, as the interchange knows it.
    package struct Manager: Sendable, Equatable, Codable {
        /// Its name.
        package var name: String
        /// The node.
        package var host: String
        /// Its block.
        package var block: String
        /// Its worker processes.
        package var workers: Int
        /// Tasks that it takes in all.
        package var capacity: Int
        /// Tasks that it has.
        package var tasks: Int
        /// Seconds without any task; 0 while it has some.
        package var idleSeconds: Double
        /// Seconds since anything was heard of it.
        package var silentSeconds: Double
        /// Whether it is given no more tasks.
        package var isHeld: Bool
        /// Whether it ends as soon as its tasks have.
        package var isDraining: Bool
        /// Whether its connection is gone, and it may be back in a moment.
        package var isInDoubt: Bool
        /// The labels of its node, in order.
        package var labels: [String]

        /// Describes a manager.
        package init(
            name: String, host: String, block: String, workers: Int, capacity: Int, tasks: Int, idleSeconds: Double,
            silentSeconds: Double, isHeld: Bool, isDraining: Bool, isInDoubt: Bool, labels: [String] = []
        ) {
            self.name = name
            self.host = host
            self.block = block
            self.workers = workers
            self.capacity = capacity
            self.tasks = tasks
            self.idleSeconds = idleSeconds
            self.silentSeconds = silentSeconds
            self.isHeld = isHeld
            self.isDraining = isDraining
            self.isInDoubt = isInDoubt
            self.labels = labels
        }
    }

    /// A block, as the executor knows it.
    package struct Block: Sendable, Equatable, Codable {
        /// Its number.
        package var block: String
        /// The scheduler's name of its job; nil while it has none.
        package var job: String?
        /// Where it stands: `pending`, `running`, or how it ended.
        package var state: String
        /// Why, in the scheduler's words or the executor's; nil when nobody says.
        package var reason: String?
        /// Its managers that are connected.
        package var managers: Int
        /// Their workers.
        package var workers: Int
        /// Whether it has ended.
        package var isOver: Bool
        /// Seconds since it was asked for; nil when that is not known.
        package var seconds: Double?

        /// Describes a block.
        package init(
            block: String, job: String?, state: String, reason: String?, managers: Int, workers: Int, isOver: Bool,
            seconds: Double? = nil
        ) {
            self.block = block
            self.job = job
            self.state = state
            self.reason = reason
            self.managers = managers
            self.workers = workers
            self.isOver = isOver
            self.seconds = seconds
        }
    }

    /// Where the call is that was asked about.
    package enum Place: Sendable, Equatable, Codable {
        /// The executor does not have it.
        case notHere
        /// It waits in this process, behind so many others, until those that were sent leave room for its bytes.
        case unsent(ahead: Int)
        /// The interchange has it, behind so many others.
        case queued(ahead: Int)
        /// It waits in the interchange and asks for this; so many managers could run it if they had nothing else to do.
        ///
        /// `lacking` are labels that none of them has, or that none has together, when these are the reason.
        case demanding(String, able: Int, lacking: [String] = [])
        /// A manager has it.
        case atManager(String)
        /// It was sent, and the interchange does not have it: it is on its way, or its result is.
        case between
        /// It waits for a thread, behind so many others.
        case waitingForThread(ahead: Int)
        /// A thread of this process runs it.
        case onThread
    }

    /// The executor's label.
    package var label: String
    /// `threads` or `processes`.
    package var kind: String
    /// Workers, or threads.
    package var workers: Int
    /// Calls it has.
    package var calls: Int
    /// Of these, those that have not left this process.
    package var unsent: Int
    /// Those that wait in the interchange; nil when that is not known.
    package var queued: Int?
    /// The managers that are connected; nil when that is not known.
    package var managers: [Manager]?
    /// The name of the provider; nil for workers of this machine.
    package var provider: String?
    /// What the last decision about blocks was; nil when there was none.
    package var standing: String?
    /// The blocks, oldest first.
    package var blocks: [Block]
    /// Where the call is that was asked about; nil when that is not known, or nothing was asked.
    package var place: Place?
    /// What could not be found out, and why.
    package var trouble: String?

    /// Describes an executor of which nothing more is known.
    package init(label: String, kind: String, workers: Int, calls: Int) {
        self.label = label
        self.kind = kind
        self.workers = workers
        self.calls = calls
        unsent = 0
        blocks = []
    }
}

/// An executor that can be asked what it has and what it waits for.
package protocol InspectableExecutor: Executor {
    /// Looks around, without changing anything.
    ///
    /// It may block, and is called from a thread of its own.
    ///
    /// - Parameters:
    ///   - invocation: a call whose place is asked for.
    ///   - deadline: the moment of the monotonic clock by which it returns, in nanoseconds.
    func inspect(_ invocation: (any TaskInvocation)?, deadline: UInt64) -> ExecutorInspection
}
