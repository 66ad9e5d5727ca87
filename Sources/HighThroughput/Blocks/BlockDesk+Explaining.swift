import Provisioning
import WorkflowCore

// The errors of calls whose manager was lost are held back until the scheduler has said what became of its job.

/// A call whose manager was lost, before it is reported.
struct HeldCall {
    var error: ExecutionError
    var submission: ClientMailbox.Submission
}

extension BlockDesk {
    /// How long the reason of a loss is waited for.
    private static let explanationTime: UInt64 = 5_000_000_000

    /// Takes over the report of a call that failed with its manager, until the scheduler was asked why.
    ///
    /// False for any other error. The calls of a manager fail before the notice that it is gone, on the same channel, so
    /// its block is still known then.
    func holds(_ error: any Error, _ submission: ClientMailbox.Submission, at now: UInt64) -> Bool {
        guard let error = error as? ExecutionError, error.code == .managerLost,
            // The interchange's words are `manager NAME on HOST, which had task …`.
            let name = error.message.split(separator: " ", maxSplits: 2).dropFirst().first,
            let block = blockOfManager[String(name)]
        else { return false }
        if heldCalls[block] == nil {
            explanationLimits[block] = now &+ Self.explanationTime
            hastenPoll(now)
        }
        heldCalls[block, default: []].append(HeldCall(error: error, submission: submission))
        return true
    }

    /// Releases calls of which the scheduler has told why, or has not told in time.
    func releaseExplained(_ now: UInt64) {
        guard !explanationLimits.isEmpty else { return }
        for (block, limit) in explanationLimits {
            guard let note = notes[block], note.status.state.isTerminal || now >= limit else { continue }
            explanationLimits[block] = nil
            let text = "\(provider.label) says of \(note.text(of: block))\(note.tails)"
            for var held in heldCalls.removeValue(forKey: block) ?? [] {
                held.error.message += "; \(text)"
                outcome.explained.append(held)
            }
        }
    }

    /// Everything that is held back, to be reported without an explanation.
    func releaseAll() -> [HeldCall] {
        explanationLimits = [:]
        defer { heldCalls = [:] }
        return Array(heldCalls.values.joined())
    }
}
