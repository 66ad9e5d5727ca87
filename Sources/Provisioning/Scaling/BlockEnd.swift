/// How a block ended, and what its scheduler and its output say about it.
public struct BlockEnd: Sendable, Equatable {
    /// The kinds of ends.
    public enum Reason: String, Sendable, Hashable {
        /// Scaling ended it, or the end of the executor did.
        case scaledIn
        /// The job returned 0.
        case completed
        /// The job failed, or its node did.
        case failed
        /// Somebody else cancelled the job.
        case cancelled
        /// The job reached its walltime.
        case timeout
        /// The job is over, and no manager of it ever registered.
        case missing
        /// The scheduler did not take the job.
        case notStarted
    }

    /// What kind of end it was.
    public var reason: Reason
    /// What the scheduler, or its command, said; empty when it said nothing.
    public var message: String
    /// The status the job returned, if the scheduler told.
    public var exitCode: Int32?
    /// The last lines of the job's standard output.
    public var outputTail: String
    /// The last lines of the job's standard error.
    public var errorTail: String

    /// Describes an end.
    public init(
        _ reason: Reason, message: String = "", exitCode: Int32? = nil, outputTail: String = "", errorTail: String = ""
    ) {
        self.reason = reason
        self.message = message
        self.exitCode = exitCode
        self.outputTail = outputTail
        self.errorTail = errorTail
    }

    /// Whether the block counts as failed for error handlers.
    public var isFailure: Bool { reason == .failed || reason == .missing || reason == .notStarted }

    /// The end in a few lines, for an error.
    public func text(of block: BlockNumber) -> String {
        var lines = ["block \(block): \(headline)" + (message.isEmpty ? "" : ": \(message)")]
        if let exitCode { lines.append("  exit code: \(exitCode)") }
        for (name, tail) in [("standard output", outputTail), ("standard error", errorTail)] where !tail.isEmpty {
            lines.append("  \(name) ends with:")
            lines += tail.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
        }
        return lines.joined(separator: "\n")
    }

    private var headline: String {
        switch reason {
        case .scaledIn: "ended by scaling"
        case .completed: "its job ended"
        case .failed: "its job failed"
        case .cancelled: "its job was cancelled from outside"
        case .timeout: "its job reached its walltime"
        case .missing: "its job is over, and no manager of it ever registered"
        case .notStarted: "its job could not be submitted"
        }
    }
}
