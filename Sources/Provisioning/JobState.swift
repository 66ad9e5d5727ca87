/// What a scheduler says of a job: Parsl's states.
///
/// Ten states are what block strategies tell apart; what a scheduler calls its own is in ``JobStatus/reason``.
public enum JobState: String, Sendable, Hashable, CaseIterable, Codable {
    /// The scheduler gave an answer that says nothing, or none.
    case unknown
    /// Waits for resources.
    case pending
    /// Runs.
    case running
    /// Somebody cancelled it.
    case cancelled
    /// Ended by itself, with success.
    case completed
    /// Ended without success: its script, its node or its memory.
    case failed
    /// Ended by the scheduler at its walltime.
    case timeout
    /// Waits until a person releases it.
    case held
    /// Over, and none of its managers was ever heard of.
    case missing
    /// Cancelled by the executor, since it was not needed any more.
    case scaledIn

    /// Whether the job is over: it never leaves such a state.
    public var isTerminal: Bool {
        switch self {
        case .unknown, .pending, .running, .held: false
        case .cancelled, .completed, .failed, .timeout, .missing, .scaledIn: true
        }
    }
}
