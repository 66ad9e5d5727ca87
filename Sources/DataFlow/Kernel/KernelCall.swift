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
