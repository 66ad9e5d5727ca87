public import WorkflowCore

/// A call was taken back before it had a value.
///
/// Calls that depend on it fail with ``DependencyError``, whose route ends here.
public struct CallCancelled: Error, Sendable, Hashable, CustomStringConvertible {
    /// Who took a call back.
    public enum Origin: Sendable, Hashable {
        /// The program, with ``AppFuture/cancel()``.
        case program
        /// The cancellation of the Swift task that awaited the value, when nobody else wanted it.
        case awaitingTask
        /// The end of the workflow: its body threw, or `exitMode` says so.
        case workflowEnd
        /// A signal: Ctrl-C or SIGTERM.
        case interrupt
    }

    /// The app.
    public var app: String
    /// The task; `nil` for a future that no call makes, such as one of a closure.
    public var task: TaskID?
    /// Who took the call back.
    public var origin: Origin

    /// Describes a call that was taken back.
    public init(app: String, task: TaskID?, origin: Origin) {
        self.app = app
        self.task = task
        self.origin = origin
    }

    /// App, task, and who took it back.
    public var description: String {
        let name = task.map { "'\(app)' (task \($0))" } ?? "'\(app)'"
        switch origin {
        case .program: return "\(name) was cancelled by the program (`cancel()`)"
        case .awaitingTask:
            return "\(name) was cancelled: the Swift task that awaited it was, and nobody else wanted the value"
        case .workflowEnd: return "\(name) was cancelled: its workflow ended first"
        case .interrupt: return "\(name) was cancelled: the program was interrupted by a signal"
        }
    }

    /// Whether an error says that a call was taken back, in the words of a kernel, an executor or a body.
    static func means(_ error: any Error) -> Bool {
        switch error {
        case is CallCancelled, is CancellationError: true
        case let error as ExecutionError: error.code == .cancelled
        case let error as RemoteError: error.typeName.hasSuffix(".CancellationError")
        default: false
        }
    }

    /// Whether a call failed because it, or one it depends on, was taken back.
    static func isCause(of error: any Error) -> Bool {
        if let routed = error as? any RoutedError { return means(routed.rootCause) }
        return error is CallCancelled || (error as? ExecutionError)?.code == .cancelled
    }
}
