import SystemSupport
import WorkflowCore

/// Where and when workers began the tasks that they run now, as monitoring tells; without monitoring nobody knows.
final class BegunTasks: Sendable {
    /// A beginning.
    struct Moment: Sendable, Equatable {
        /// The node.
        var host: String
        /// The worker's process.
        var process: Int
        /// Seconds since 1970.
        var time: Double
    }

    private let moments = Locked<[TryID: Moment]>([:])

    /// Takes note of an event.
    func take(_ event: MonitoringEvent) {
        guard case .workerTask(let event) = event else { return }
        let attempt = TryID(task: TaskID(event.taskID), number: event.tryNumber)
        moments.withLock { moments in
            moments[attempt] =
                event.isStart ? Moment(host: event.host, process: event.processID, time: event.time) : nil
        }
    }

    /// When and where an attempt began; nil when it is not known to run.
    func moment(of attempt: TryID) -> Moment? { moments.withLock { $0[attempt] } }
}
