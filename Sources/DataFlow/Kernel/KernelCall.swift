import WorkflowCore

/// A call as the kernel sees it, whatever its types.
protocol KernelCall: TaskInvocation {
    var taskID: TaskID { get }
    var options: AppOptions { get }
    var dependencies: [any DependencySource] { get }
    /// Counts attempts from 0; set by the kernel before each.
    var tryNumber: Int { get set }
    /// Whether somebody has asked for the value, or will see the failure in another way.
    var observed: Bool { get }
    /// Whether a file may be among the arguments, as far as the types tell.
    var mayHoldFiles: Bool { get }
    /// The files among the arguments; to be called when all dependencies are done.
    func searchedFiles() -> [FoundFile]
    /// The outputs that were known when the call was made.
    var declaredOutputs: [OutputFile] { get }
    /// Where files are staged; set by the kernel before each attempt.
    var stagingPlan: StagingPlan? { get set }
    /// Whether an equal call's result may stand for this one's.
    var isCached: Bool { get }
    /// By what the result is found; to be called when all dependencies are done.
    func memoKey(build: BuildIdentity?) throws -> MemoKey
    /// The value that an outcome gives; throws the failure of the call when there is none.
    func value(of outcome: TaskOutcome) throws -> any Sendable
    /// The pickle of the value that an outcome gives.
    func resultBytes(of outcome: TaskOutcome) throws -> [UInt8]
    /// Stores the outcome in the future; to be called once.
    func settle(_ outcome: TaskOutcome) -> Settlement
}

/// What became of a call.
struct Settlement {
    /// Why it failed; `nil` when it succeeded.
    var error: (any Error)?
    /// Those to wake, outside every lock.
    var waiters: FutureWaiters?
}
