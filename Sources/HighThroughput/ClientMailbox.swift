import SystemSupport
import WorkflowCore

/// Where callers on any thread leave work for the client's own thread.
final class ClientMailbox: Sendable {
    /// A call on its way out.
    struct Submission: Sendable {
        var invocation: any TaskInvocation
        var receiver: any OutcomeReceiver
    }

    /// What waits for the client's thread.
    struct Content: Sendable {
        var submissions: [Submission] = []
        /// Calls to be stopped; each was left as a submission before.
        var cancellations: [any TaskInvocation] = []
        var stop = false
        var kill = false
        /// Set when nobody will take submissions any more: the error each one gets.
        var closed: ExecutionError?
        var asleep = false
        var snapshot = ExecutorSnapshot()
        var blocks: BlocksSnapshot?
    }

    private let content = Locked(Content())
    /// Questions of operators; apart from the rest, which calls pass through.
    private let inspections = Locked<[InspectionRequest]>([])
    let wakeUp: WakeUp

    init() throws(SystemError) { wakeUp = try WakeUp() }

    /// Leaves a call; the error when the client has closed.
    func put(_ submission: Submission) -> ExecutionError? {
        let (refusal, mustRing) = content.withLock { content -> (ExecutionError?, Bool) in
            if let closed = content.closed { return (closed, false) }
            content.submissions.append(submission)
            content.snapshot.outstanding += 1
            defer { content.asleep = false }
            return (nil, content.asleep)
        }
        if mustRing { wakeUp.ring() }
        return refusal
    }

    /// Asks that a call left before be stopped.
    func cancel(_ invocation: any TaskInvocation) {
        let mustRing = content.withLock { content in
            guard content.closed == nil else { return false }
            content.cancellations.append(invocation)
            defer { content.asleep = false }
            return content.asleep
        }
        if mustRing { wakeUp.ring() }
    }

    /// Asks the client to end; `kill` does not wait for children to end by themselves.
    func stop(kill: Bool) {
        content.withLock { content in
            content.stop = true
            content.kill = content.kill || kill
        }
        wakeUp.ring()
    }

    /// Takes everything that waits.
    func take(
        _ submissions: inout [Submission], _ cancellations: inout [any TaskInvocation]
    ) -> (stop: Bool, kill: Bool) {
        content.withLock { content in
            swap(&content.submissions, &submissions)
            if !content.cancellations.isEmpty { swap(&content.cancellations, &cancellations) }
            return (content.stop, content.kill)
        }
    }

    /// Whether the client's thread may sleep: nothing came in since it last looked.
    func fallAsleep() -> Bool {
        content.withLock { content in
            content.asleep = content.submissions.isEmpty && content.cancellations.isEmpty && !content.stop
            return content.asleep
        }
    }

    /// The client's thread is awake.
    func awake() {
        content.withLock { $0.asleep = false }
        wakeUp.drain()
    }

    /// Refuses all further calls with this error, and returns those that had not been taken.
    func close(_ error: ExecutionError) -> [Submission] {
        content.withLock { content in
            content.closed = content.closed ?? error
            content.cancellations = []
            defer { content.submissions = [] }
            return content.submissions
        }
    }

    /// Notes what there is now.
    func update(_ change: @Sendable (inout ExecutorSnapshot) -> Void) { content.withLock { change(&$0.snapshot) } }

    var snapshot: ExecutorSnapshot { content.withLock { $0.snapshot } }

    /// Notes what blocks there are.
    func note(_ blocks: BlocksSnapshot) { content.withLock { $0.blocks = blocks } }

    /// The blocks at the last decision; nil without a provider.
    var blocks: BlocksSnapshot? { content.withLock { $0.blocks } }

    /// Leaves an operator's question; false when nobody takes it any more.
    func put(_ request: InspectionRequest) -> Bool {
        guard content.withLock({ $0.closed == nil }) else { return false }
        inspections.withLock { $0.append(request) }
        wakeUp.ring()
        return true
    }

    /// Takes the questions that wait.
    func takeInspections() -> [InspectionRequest] {
        inspections.withLock { inspections in
            guard !inspections.isEmpty else { return [] }
            defer { inspections = [] }
            return inspections
        }
    }
}
