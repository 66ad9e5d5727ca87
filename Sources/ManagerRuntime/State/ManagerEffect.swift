import WireProtocol

/// What a manager does, as its state decided.
package enum ManagerEffect: Sendable, Equatable {
    /// Start the worker with this number.
    case startWorker(Int)
    /// Kill the worker with this number; its end is reported as an event.
    case killWorker(Int)
    /// Send a task to a worker.
    case write(task: Int, worker: Int)
    /// Send a task to a worker, with what of the node it has.
    case writePlaced(task: Int, worker: Int, NodePool.Grant)
    /// Ask a worker for the tasks it has not begun.
    case recall(Int)
    /// Ask a worker to stop the task that it runs.
    case cancelRunning(task: Int, worker: Int)
    /// Send on the result that was just received, and forget the task's bytes.
    case forwardResult(task: Int)
    /// Report that the task died with its worker, and forget its bytes.
    case reportLost(task: Int, worker: Int, ending: String)
    /// Report that the task has not ended and will not end here, and forget its bytes.
    case reportUnfinished(task: Int, reason: String)
    /// Report that the task was stopped, and forget its bytes.
    case reportStopped(task: Int, StoppedTask)

    /// Present the manager, with the tasks it holds and the number it takes.
    case register(held: [Int], capacity: Int)
    /// Send a result again that was not acknowledged.
    case resendResult(task: Int)
    /// Forget results that have been passed on.
    case releaseResults([Int])
    /// Announce how many tasks the manager takes from now on.
    case announce(capacity: Int)
    /// Say that the manager lives.
    case sendHeartbeat
    /// Ask to be drained.
    case sendDrain

    /// Write a line to the log.
    case log(String)
    /// Stop everything and end.
    case finish(ManagerEnding)
}

/// Why a manager ends.
package enum ManagerEnding: Sendable, Equatable, CustomStringConvertible {
    /// The interchange said so.
    case shutdown
    /// A signal said so.
    case terminated
    /// The process that started the manager is gone.
    case parentEnded
    /// The interchange was silent for longer than the threshold.
    case interchangeSilent
    /// The interchange refused the registration.
    case refused(String)
    /// Workers end before they can run anything.
    case workersUnusable(String)

    /// The status with which the process ends.
    package var exitCode: Int32 {
        switch self {
        case .shutdown, .terminated, .parentEnded: ManagerExitCode.ended
        case .interchangeSilent: ManagerExitCode.failed
        case .refused, .workersUnusable: ManagerExitCode.gaveUp
        }
    }

    /// One line for the log.
    package var description: String {
        switch self {
        case .shutdown: "the interchange asked for the end"
        case .terminated: "a signal asked for the end"
        case .parentEnded: "the process that started this manager has ended"
        case .interchangeSilent:
            "the interchange was silent for longer than the heartbeat threshold; it or the connection to it is gone"
        case .refused(let text): "the interchange refused this manager: \(text)"
        case .workersUnusable(let text): text
        }
    }
}
