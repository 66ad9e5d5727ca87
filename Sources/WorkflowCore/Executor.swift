/// One attempt to run one call: what an executor is given.
public protocol TaskInvocation: AnyObject, Sendable {
    /// Which attempt of which task this is.
    var identity: TryID { get }
    /// The task's definition.
    var definition: TaskDefinition { get }
    /// What it asks of the place where it runs.
    var resources: ResourceSpecification { get }
    /// How long the body may run; then it is asked to stop, and stopped if it does not. `nil`: as long as it likes.
    var walltime: Duration? { get }
    /// The arguments as a pickled tuple, encoded once on first use.
    ///
    /// - Throws: an encoding error that names the argument.
    func argumentBytes() throws -> [UInt8]
    /// Runs the body on the argument values, in this process, without any encoding.
    func runOnValues() async throws -> any Sendable
}

/// How one attempt ended.
public enum TaskOutcome: Sendable {
    /// The body ran in this process and returned this value.
    case value(any Sendable)
    /// The body ran elsewhere and its result is the pickle in `range` of `message`.
    case encoded(message: [UInt8], range: Range<Int>)
    /// The attempt failed.
    case failure(any Error)
}

/// Whoever wants to know how attempts end: the kernel, which alone completes futures.
public protocol OutcomeReceiver: AnyObject, Sendable {
    /// Reports the end of one attempt; called exactly once for each, from any thread.
    func receive(_ outcome: TaskOutcome, of invocation: any TaskInvocation)
    /// Reports that an attempt has begun to run, where the executor can see it. May never be called.
    func started(_ invocation: any TaskInvocation)
}

/// Runs calls: on threads of this process, or on workers elsewhere.
public protocol Executor: AnyObject, Sendable {
    /// The name in configurations, logs and monitoring.
    var label: String { get }
    /// Starts whatever the executor needs; returns when calls can be submitted (they may still queue for workers).
    func start(_ context: ExecutorContext) async throws
    /// Takes one attempt; its end is reported to `receiver` exactly once, whatever happens.
    func submit(_ invocation: any TaskInvocation, to receiver: any OutcomeReceiver)
    /// Asks that an attempt be stopped that was submitted before.
    ///
    /// Its end is reported as always, once: `ExecutionError` with the code `cancelled`, or the outcome, where that was
    /// quicker. An attempt that runs is asked first (`Task.isCancelled`), then stopped by force after a grace period.
    func cancel(_ invocation: any TaskInvocation)
    /// Fails what is queued, stops what runs, ends every process and thread it started.
    func shutdown() async
    /// What is there now, for a progress line.
    var snapshot: ExecutorSnapshot { get }
}

/// What an executor must know of the run it serves.
public struct ExecutorContext: Sendable {
    /// The run.
    public var runID: RunID
    /// Where logs and keys of the run go; exists, mode 0700.
    public var runDirectory: String
    /// The sealed table of tasks.
    public var table: TaskTable
    /// Receives monitoring events, or `nil` when monitoring is off.
    public var monitoring: (@Sendable (MonitoringEvent) -> Void)?

    /// Describes a run to an executor.
    public init(
        runID: RunID, runDirectory: String, table: TaskTable,
        monitoring: (@Sendable (MonitoringEvent) -> Void)? = nil
    ) {
        self.runID = runID
        self.runDirectory = runDirectory
        self.table = table
        self.monitoring = monitoring
    }
}

/// What an executor has at one moment.
public struct ExecutorSnapshot: Sendable, Equatable {
    /// Workers that can run a task now or are running one.
    public var workers: Int
    /// Attempts handed in and not ended.
    public var outstanding: Int
    /// Blocks whose managers are connected; `nil` for an executor that has none.
    public var blocks: Int?

    /// Describes a moment.
    public init(workers: Int = 0, outstanding: Int = 0, blocks: Int? = nil) {
        self.workers = workers
        self.outstanding = outstanding
        self.blocks = blocks
    }
}

extension Executor {
    /// An executor that cannot stop what it was given goes on with it.
    public func cancel(_ invocation: any TaskInvocation) {}
}
