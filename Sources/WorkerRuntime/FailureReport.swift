import PickleCoding
import WireProtocol
import WorkflowCore

/// A body ended after it was asked to stop; what it returned or threw does not count.
struct Stopped: Error {
    var cause: RunningTask.Cause
}

/// Turns the error a task threw into the payload of its result.
struct FailureReport {
    /// The longest text taken from an error: a description is for people, and an error may hold a whole data set.
    private static let longestText = 16_384

    /// The app that failed.
    var app: String
    /// The host it failed on.
    var host: String
    /// The worker's number.
    var worker: Int
    /// Seconds from the start of the body to the error.
    var elapsed: Double
    /// What the task wrote last to its standard error.
    var standardErrorTail: [String]

    /// The payload: a failure of the machinery as it is, anything else as a remote error.
    func payload(for error: any Error) -> [UInt8] {
        if let stopped = error as? Stopped { return payload(for: stopped.cause) }
        if let error = error as? ExecutionError { return FailureBuffer.encode(error) }
        return FailureBuffer.encode(remoteError(for: error))
    }

    /// The executor puts before the text what was stopped: "'fib' (task 3) …".
    private func payload(for cause: RunningTask.Cause) -> [UInt8] {
        switch cause {
        case .overdue(let limit): FailureBuffer.encode(AppTimeout(app: app, limit: limit, elapsed: elapsed))
        case .cancelled:
            FailureBuffer.encode(
                ExecutionError(
                    .cancelled,
                    "was cancelled while it ran in worker \(worker) on \(host): it was asked to stop, and has ended"))
        }
    }

    private func remoteError(for error: any Error) -> RemoteError {
        RemoteError(
            typeName: String(reflecting: type(of: error)), message: bounded(String(describing: error)),
            debugText: bounded(String(reflecting: error)), app: app, host: host, elapsed: elapsed,
            standardErrorTail: standardErrorTail, payload: encoded(error))
    }

    /// The pickled error.
    ///
    /// An error that cannot be encoded still arrives, as text.
    private func encoded(_ error: any Error) -> [UInt8]? {
        guard let value = error as? any Encodable else { return nil }
        do { return try PickleEncoder().encode(value) } catch { return nil }
    }

    private func bounded(_ text: String) -> String {
        guard text.utf8.count > Self.longestText else { return text }
        return String(text.prefix(Self.longestText)) + " … (\(text.utf8.count) bytes in all)"
    }
}
