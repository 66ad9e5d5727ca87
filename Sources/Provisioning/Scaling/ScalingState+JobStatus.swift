extension ScalingState.JobPhase {
    /// What a provider reported, with the ends of the job's output where it is over.
    package init(_ status: JobStatus, outputTail: String = "", errorTail: String = "") {
        let reason: BlockEnd.Reason
        switch status.state {
        case .unknown:
            self = .unknown
            return
        // A held job may be released, and then runs: it counts until somebody cancels it.
        case .pending, .held:
            self = .waiting
            return
        case .running:
            self = .running
            return
        case .cancelled: reason = .cancelled
        case .completed: reason = .completed
        case .failed: reason = .failed
        case .timeout: reason = .timeout
        case .missing: reason = .missing
        case .scaledIn: reason = .scaledIn
        }
        self = .over(
            BlockEnd(
                reason, message: status.reason ?? "", exitCode: status.exitCode, outputTail: outputTail,
                errorTail: errorTail))
    }
}
