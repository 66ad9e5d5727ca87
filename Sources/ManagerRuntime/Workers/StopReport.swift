import SystemSupport
import WireProtocol
import WorkflowCore

/// What is reported of a task that was stopped, when its worker did not do so itself.
struct StopReport {
    /// Where it was.
    var host: String
    /// The app.
    var app: String
    /// How long it had to end by itself.
    var grace: Duration

    /// The payload of the task's result.
    func payload(_ how: StoppedTask) -> [UInt8] {
        switch how {
        case .timedOut(let limit, let elapsed):
            FailureBuffer.encode(AppTimeout(app: app, limit: limit, elapsed: elapsed))
        case .memoryExceeded(let limit, let reached):
            FailureBuffer.encode(MemoryLimitExceeded(app: app, limit: limit, reached: reached, host: host))
        case .tooLarge: FailureBuffer.encode(ExecutionError(.resourcesUnavailable, text(how)))
        case .unbegun, .cancelled:
            FailureBuffer.encode(ExecutionError(.cancelled, text(how)))
        }
    }

    /// What happened; the executor puts before it what it happened to: "'fib' (task 3) …".
    func text(_ how: StoppedTask) -> String {
        switch how {
        case .unbegun:
            return "was cancelled at the manager on \(host); it did not run"
        case .cancelled(let worker, let killed, let ending):
            let place = "was cancelled while it ran in worker \(worker) on \(host): it was asked to stop"
            guard killed else { return "\(place), and the worker ended: \(ending)" }
            return "\(place) and did not within \(grace), so the worker was killed and replaced; "
                + "let the body look at Task.isCancelled"
        case .timedOut(let limit, let elapsed):
            return "was stopped after \(elapsed) s, and the worker killed and replaced: its walltime is \(limit) s"
        case .memoryExceeded(let limit, let reached):
            return "was stopped, and the worker killed and replaced: it had taken \(reached) bytes of memory, and its "
                + "limit is \(limit)"
        case .tooLarge(let needs, let capacity):
            return "the task asks for \(needs.text), and the node \(host) has "
                + (capacity.carries(needs.labels) ? capacity.text : capacity.labelText)
        }
    }
}
