package import WireProtocol

/// Something to do, as the state asks for it.
package enum InterchangeEffect: Sendable {
    /// Send these tasks (places in ``InterchangeEffects/tasks``). With `retained` their bytes are still needed.
    case dispatch(ManagerIdentity, tasks: Range<Int>, retained: Bool)
    /// Pass the result of this event on. With `retained` keep it too, under the handle; else the handle is free.
    case forwardResult(TaskHandle, retained: Bool)
    /// Forget the result of this event.
    case dropResult(ManagerIdentity, taskID: Int, DroppedResultReason)
    /// Forget a task that came twice; the handle is free.
    case dropTask(TaskHandle, id: Int)
    /// Report a task as lost, and keep the report when `retained`; else the handle is free.
    case failTask(TaskHandle, id: Int, LostManager, retained: Bool)
    /// Report that no manager can ever run a task, and keep the report when `retained`; else the handle is free.
    indirect case failUnplaceable(TaskHandle, id: Int, String, retained: Bool)
    /// Tell the executor that a task was cancelled; the answer is not kept.
    case answerCancelled(id: Int, CancelledWhere)
    /// Tell an Apus manager to stop tasks.
    case cancelTasks(ManagerIdentity, [Int])
    /// Forget a cancelled task; the handle is free.
    case releaseTask(TaskHandle)
    /// The executor has this result; the handle is free.
    case releaseResult(TaskHandle)
    /// Send a kept result again.
    case resendResult(TaskHandle)
    /// Answer a resume: these tasks are not here.
    case replyMissing([Int])
    /// Pass the monitoring record of this event on.
    case forwardMonitoring

    /// Tell a manager that the interchange lives.
    case heartbeat(ManagerIdentity)
    /// Tell an Apus manager that results were passed on.
    case acknowledge(ManagerIdentity, [Int])
    /// Tell a manager to end.
    case shutdown(ManagerIdentity)
    /// Tell an Apus manager that it is registered.
    case welcome(ManagerIdentity)
    /// Tell an Apus manager that it may not take part, and why.
    case refuse(ManagerIdentity, String)
    /// Try to send a manager something, and report whether it could be sent.
    case checkReachable(ManagerIdentity)

    /// Send a record of a manager to the hub.
    indirect case nodeInfo(NodeRecord)
    /// Tell an Apus executor about a manager.
    indirect case notice(ExecutorNotice)
    /// Tell the executor that a manager's versions do not match.
    indirect case versionMismatch(interchange: String, manager: String)
    /// End with exit code 0 once everything is sent.
    case finish
    /// Worth a line in the log.
    indirect case log(InterchangeLogLevel, String)
}

/// Why a result is not passed on.
package enum DroppedResultReason: Sendable, Equatable {
    /// Its manager is not registered.
    case unknownManager
    /// Its task has ended before: a manager that connected again sends what was not acknowledged.
    case endedBefore
    /// Its task is not in flight at this manager.
    case notInFlight
    /// Its task was cancelled, which the executor knows.
    case cancelled
}

/// Where a task was when it was cancelled and could be answered for.
package enum CancelledWhere: Sendable {
    /// In the queue.
    case queued
    /// On its way to a manager that connected again and does not have it.
    case underway(manager: ManagerIdentity)
    /// At a manager that cannot be asked to stop it.
    case unstoppable(manager: ManagerIdentity, host: String)
    /// At a manager that was lost.
    case lost(LostManager)

    /// What happened; the executor puts before it what it happened to: "'fib' (task 3) …".
    package var text: String {
        switch self {
        case .queued:
            "was cancelled while it waited in the interchange; it did not run"
        case .underway(let manager):
            "was cancelled on its way to manager \(manager)"
        case .unstoppable(let manager, let host):
            "was cancelled while manager \(manager) on \(host) had it, which cannot be asked to stop a task (Python's "
                + "pools cannot): it may run there to its end, and its result is dropped"
        case .lost(let manager):
            "was cancelled, and manager \(manager.identity) on \(manager.host), which had it, is lost: \(manager.reason)"
        }
    }
}

/// Python's log levels.
package enum InterchangeLogLevel: Int, Sendable, Comparable {
    /// For developers.
    case debug = 10
    /// What an operator may want to know.
    case info = 20
    /// What an operator should look at.
    case warning = 30
    /// What went wrong.
    case error = 40

    /// Less severe comes first.
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A manager that is gone, for the report of its tasks.
package final class LostManager: Sendable {
    /// Its identity.
    package let identity: ManagerIdentity
    /// Where it ran.
    package let host: String
    /// How it was found to be lost.
    package let reason: String

    init(identity: ManagerIdentity, host: String, reason: String) {
        self.identity = identity
        self.host = host
        self.reason = reason
    }
}

/// The interchange's record of a manager at one moment.
///
/// Times are on the clock of the events.
package struct NodeRecord: Sendable {
    /// What the manager said of itself.
    package var registration: Registration
    /// The tasks in flight there.
    package var tasks: [Int]
    /// Whether it is given tasks.
    package var active: Bool
    /// Whether it is being drained.
    package var draining: Bool
    /// When it was last heard.
    package var lastHeartbeat: UInt64
    /// Since when it has had nothing to do; nil while it has.
    package var idleSince: UInt64?
}

/// The buffer that effects are appended to; kept by the caller and used again.
package struct InterchangeEffects: Sendable {
    /// What to do, in this order.
    package var list: [InterchangeEffect] = []
    /// The tasks of all dispatches in the list.
    package var tasks: [TaskHandle] = []

    /// An empty buffer.
    package init() {}

    /// Empties the buffer and keeps its memory.
    package mutating func removeAll() {
        list.removeAll(keepingCapacity: true)
        tasks.removeAll(keepingCapacity: true)
    }
}
