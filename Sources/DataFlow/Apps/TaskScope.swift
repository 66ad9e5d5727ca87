/// Whether the running code is the body of a task.
package enum TaskScope {
    /// True in the body of a task that runs on threads, and in everything it calls.
    @TaskLocal package static var isInsideThreadTask = false
    /// True in a process that is a worker.
    ///
    /// Set once, before any task runs.
    package static let processRole = ProcessRole()

    package static var isInsideTask: Bool { isInsideThreadTask || processRole.isWorker }
}

/// What this process is.
package final class ProcessRole: Sendable {
    private let worker = LockedFlag()

    /// Whether the process runs tasks for another one.
    package var isWorker: Bool { worker.isSet }

    /// Declares the process a worker.
    package func becomeWorker() { worker.set() }
}
