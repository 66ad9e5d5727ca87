package import DequeModule

/// One worker, as the manager's state knows it.
package struct WorkerRecord: Sendable, Equatable {
    /// What a worker may be doing.
    package enum Standing: Sendable, Equatable {
        /// There is no process.
        case absent
        /// The process runs, but has not said that it can run tasks.
        case starting
        /// It runs tasks, or waits for one.
        case ready
        /// It broke the rules, or did not stop a task, and was killed; its end has not been seen yet.
        case killed
    }

    /// What it is doing.
    package var standing: Standing = .absent
    /// The tasks it was sent and has not answered, oldest first; it runs the first.
    package var queue: Deque<TaskTicket> = []
    /// Since when the first of the queue is the first.
    package var frontSince: UInt64 = 0
    /// Tasks this process has answered.
    package var answered = 0
    /// When it may be asked for its unbegun tasks (again); it was not asked since the first changed when 0.
    package var recallAfter: UInt64 = 0
}
