package import WorkflowCore

/// The futures a call waits for.
public struct DependencyList: Sendable {
    package private(set) var futures: [any DependencySource] = []
    /// The files that the call makes.
    private(set) var outputs: [OutputFile] = []

    package init() {}

    package mutating func append(_ future: any DependencySource) { futures.append(future) }

    mutating func append(output: OutputFile) {
        if !outputs.contains(output) { outputs.append(output) }
    }
}

/// The untyped face of a future: what a kernel needs to wait for it and to explain its failure.
package protocol DependencySource: AnyObject, Sendable {
    /// The task that makes the value; `nil` when no task was ever submitted for it.
    var taskID: TaskID? { get }
    /// The app's name.
    var appName: String { get }
    /// The kernel that completes the future; `nil` when none will.
    var owner: ObjectIdentifier? { get }
    /// The error, when the future has failed.
    var failure: (any Error)? { get }
    /// Whether the future is done.
    var isDone: Bool { get }
    /// Calls back when the future is done, at once if it is.
    func whenDone(_ body: @escaping @Sendable () -> Void)
    /// Notes that somebody will see the failure, if there is one.
    func markObserved()
}
