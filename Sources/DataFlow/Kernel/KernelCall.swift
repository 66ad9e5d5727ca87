import WorkflowCore

/// A call as the kernel sees it, whatever its types.
protocol KernelCall: TaskInvocation {
    var taskID: TaskID { get }
    var options: AppOptions { get }
    /// How many apps were declared before the call's.
    var registration: Int { get }
    var dependencies: [any DependencySource] { get }
    /// The future that the call completes.
    var outcomeFuture: any DependencySource { get }
    /// The executor that runs the call, by its place in the kernel's list; `nil` for a join app, which none runs.
    var executorIndex: Int? { get }
    /// Counts attempts from 0; set by the kernel before each.
    var tryNumber: Int { get set }
    /// Whether a file may be among the arguments, as far as the types tell.
    var mayHoldFiles: Bool { get }
    /// The files among the arguments; to be called when all dependencies are done.
    func searchedFiles() -> [FoundFile]
    /// The outputs that were known when the call was made.
    var declaredOutputs: [OutputFile] { get }
    /// Where files are staged; set by the kernel before each attempt.
    var stagingPlan: StagingPlan? { get set }
    /// Whether an executor has said that the body runs.
    var isRunning: Bool { get }
    /// Notes whether the body runs.
    func note(running: Bool)
    /// Whether an equal call's result may stand for this one's.
    var isCached: Bool { get }
    /// By what the result is found; to be called when all dependencies are done.
    func memoKey(build: BuildIdentity?) throws -> MemoKey
    /// The value that an outcome gives; throws the failure of the call when there is none.
    func value(of outcome: TaskOutcome) throws -> any Sendable
    /// The pickle of the value that an outcome gives.
    func resultBytes(of outcome: TaskOutcome) throws -> [UInt8]
    /// Runs the body of a join app.
    func runJoin() async throws -> JoinedCalls
    /// Stores the outcome in the future; to be called once.
    func settle(_ outcome: TaskOutcome, fromCache: Bool) -> Settlement
}

extension KernelCall {
    /// The call as a step on the route of an error.
    var step: DependencyError.Step { DependencyError.Step(task: taskID, app: definition.name) }
}

/// What became of a call.
struct Settlement {
    /// Why it failed; `nil` when it succeeded.
    var error: (any Error)?
    /// Those to wake, outside every lock.
    var waiters: FutureWaiters?
}

/// What the body of a join app has returned: futures, and the way to the value when they are done.
struct JoinedCalls: Sendable {
    var dependencies: [any DependencySource]
    var value: @Sendable () throws -> any Sendable
}
