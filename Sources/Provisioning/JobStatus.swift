/// What is known of a job at one moment.
public struct JobStatus: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The state.
    public var state: JobState
    /// Why, in the scheduler's own words as far as it has any: `TIMEOUT`, `CANCELLED by 1000`, `Priority`.
    public var reason: String?
    /// The exit code of the job's script, or 128 plus a signal, where the scheduler tells.
    public var exitCode: Int32?

    /// Describes a moment.
    public init(_ state: JobState, reason: String? = nil, exitCode: Int32? = nil) {
        self.state = state
        self.reason = reason
        self.exitCode = exitCode
    }

    /// State, reason and exit code, where it is not 0: `failed (OUT_OF_MEMORY, exit code 137)`.
    public var description: String {
        let code = exitCode.flatMap { $0 == 0 ? nil : "exit code \($0)" }
        let details = [reason, code].compactMap { $0 }
        return details.isEmpty ? state.rawValue : "\(state.rawValue) (\(details.joined(separator: ", ")))"
    }
}

/// The name that a provider gave a job; a scheduler's number, mostly.
public struct JobID: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The text.
    public let rawValue: String

    /// Names the job.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The name itself.
    public var description: String { rawValue }
}
