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
    var owner: KernelID? { get }
    /// The error, when the future has failed.
    var failure: (any Error)? { get }
    /// Whether the future is done.
    var isDone: Bool { get }
    /// Whether somebody has asked for the value, or will see the failure in another way.
    var wasObserved: Bool { get }
    /// The futures in whose failures this one's failure began; the future itself when it failed by itself.
    var failureRoots: [any DependencySource] { get }
    /// Calls back when the future is done, at once if it is.
    ///
    /// - Parameters:
    ///   - waiter: who waits, to be named when it does no longer; `nil` waits for ever.
    ///   - body: called on the thread that completes the future: it must not run code of the program.
    func whenDone(for waiter: (any AnyObject & Sendable)?, _ body: @escaping @Sendable () -> Void)
    /// Forgets one who waits.
    func withdraw(_ waiter: any AnyObject & Sendable)
    /// Takes the future's call back, unless somebody waits for it.
    func cancelIfUnwanted(by origin: CallCancelled.Origin)
    /// Whether nobody waits for the future that is not a call of its kernel.
    var hasNoWaiters: Bool { get }
    /// Notes that somebody will see the failure, if there is one; returns futures for which the same is true now.
    func observe() -> [any DependencySource]
}

extension DependencySource {
    /// Calls back when the future is done, at once if it is.
    package func whenDone(_ body: @escaping @Sendable () -> Void) { whenDone(for: nil, body) }

    /// Notes that somebody will see the failure, if there is one: here, and in all futures that this one is made of.
    package func markObserved() {
        var work = observe()
        while let source = work.popLast() { work += source.observe() }
    }
}
