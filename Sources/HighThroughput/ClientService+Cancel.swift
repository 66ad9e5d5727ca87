import SystemSupport
import WireProtocol
import WorkflowCore

// Stopping calls.

extension ClientService {
    /// Has a call stopped that has no outcome yet; one that has is left alone.
    func cancel(_ invocation: any TaskInvocation) {
        let number = index.number(
            of: invocation, lowest: calls.keys.min() ?? lastID, end: lastID + 1, count: calls.count
        ) { calls[$0]?.invocation }
        if let number { pass(.cancel(number)) }
    }

    /// Tells the interchange what to stop, in one message however many they are.
    func sendCancellations(_ sockets: ClientSockets) {
        sockets.cancel(toCancel)
        toCancel = []
    }

    /// Ends a call that nobody else will answer for.
    func endCancelled(_ id: Int, _ place: ClientState.CancelledTask) {
        guard let submission = calls.removeValue(forKey: id) else { return }
        let text =
            switch place {
            case .unsent: "was cancelled before it left this process; it did not run"
            case .missing:
                "was cancelled while the connection to the interchange was broken, which does not have it; "
                    + "it did not run"
            case .unstoppable:
                "was cancelled after it was sent to an interchange that cannot be asked to stop a task (Python's "
                    + "cannot): it may run to its end, and its result is dropped"
            }
        report(.failure(complete(ExecutionError(.cancelled, text), for: submission)), to: submission)
    }

    /// Puts before the text of a cancellation what was cancelled, which those who wrote it do not know.
    func complete(_ error: any Error, for submission: ClientMailbox.Submission) -> any Error {
        guard var error = error as? ExecutionError, error.code == .cancelled else { return error }
        let invocation = submission.invocation
        error.message = "'\(invocation.definition.name)' (\(invocation.identity)) \(error.message)"
        return error
    }
}
