package import WireProtocol

/// A task as the manager's state knows it: its bytes stay with the service.
package struct TaskTicket: Sendable, Equatable {
    /// The number the executor gave the task.
    package var id: Int
    /// Tasks of different groups are never in one worker at once.
    ///
    /// With echo the app's number, else 0.
    package var group: Int
    /// What it asks for; `nil` for a worker.
    package var needs: TaskNeeds?

    /// Describes a task.
    package init(id: Int, group: Int = 0, needs: TaskNeeds? = nil) {
        self.id = id
        self.group = group
        self.needs = needs
    }
}

/// What happens to a manager.
package enum ManagerEvent: Sendable, Equatable {
    /// The process has begun.
    case begin
    /// The interchange answered the probe on the connection that will be used.
    case reachable
    /// The connection was lost and is there again.
    case reconnected

    /// Tasks came from the interchange.
    case tasks([TaskTicket])
    /// The interchange answered a heartbeat.
    case heartbeat
    /// The interchange is Apus and took the registration.
    case welcome
    /// The interchange is Apus and did not take the registration.
    case refused(String)
    /// The interchange passed on the results of these tasks, and lives.
    case acknowledged([Int])
    /// These tasks shall be stopped.
    case cancel([Int])
    /// The interchange wants the manager to end.
    case shutdown

    /// A worker can run tasks.
    case workerReady(Int)
    /// A worker said why it cannot run tasks.
    case workerUnusable(Int, String)
    /// A worker finished a task.
    case workerResult(Int, task: Int)
    /// A worker gave back tasks it had not begun, because it was asked to.
    case workerReturned(Int, tasks: [Int])
    /// A worker asked a task to stop that has run for so many seconds, which is longer than its limit.
    case workerOverdue(Int, task: Int, limit: Double, elapsed: Double)
    /// A task of a worker has taken so many bytes of memory, more than it asked for.
    case memoryExceeded(Int, task: Int, reached: Int)
    /// A worker's process has ended, and everything it had sent was read.
    case workerEnded(Int, String)

    /// A task that was asked to stop, since the job is about to end, has stopped.
    case workerGaveUp(Int, task: Int)
    /// The job is about to end: how that is known.
    case warned(String)
    /// The manager was told to end, by a signal.
    case terminate
    /// The process that started the manager has ended.
    case parentEnded
    /// Time has passed; everything that waited has been read.
    case tick
}
