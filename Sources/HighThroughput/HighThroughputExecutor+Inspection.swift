import SystemSupport
package import WorkflowCore

extension HighThroughputExecutor: InspectableExecutor {
    /// Asks the executor's thread, which asks the interchange.
    package func inspect(_ invocation: (any TaskInvocation)?, deadline: UInt64) -> ExecutorInspection {
        let now = snapshot
        var bare = ExecutorInspection(label: label, kind: "processes", workers: now.workers, calls: now.outstanding)
        let request = InspectionRequest(invocation)
        guard ask(request) else {
            bare.trouble = "the executor has not started, or has ended"
            return bare
        }
        if let report = request.wait(until: deadline) { return report }
        bare.trouble = "its interchange does not answer; see interchange.log"
        return bare
    }
}

/// One question of an operator, on its way through the executor's thread.
final class InspectionRequest: Sendable {
    /// The call whose place is asked for.
    let invocation: (any TaskInvocation)?
    private let report = Locked<(value: ExecutorInspection?, isComplete: Bool)>((nil, false))
    private let done = CountingSemaphore()

    init(_ invocation: (any TaskInvocation)?) { self.invocation = invocation }

    /// Notes what is known before the interchange has answered.
    func begin(_ value: ExecutorInspection) { report.withLock { $0.value = value } }

    /// Adds what was found out, and ends the wait.
    func finish(_ change: @Sendable (inout ExecutorInspection) -> Void) {
        report.withLock { report in
            if var value = report.value {
                change(&value)
                report.value = value
            }
            report.isComplete = true
        }
        done.signal()
    }

    /// The report; what is known of it when the rest does not come in time, and nil when nothing is.
    func wait(until deadline: UInt64) -> ExecutorInspection? {
        done.wait(until: deadline)
        let (value, isComplete) = report.withLock { ($0.value, $0.isComplete) }
        guard var value, !isComplete else { return value }
        value.trouble = "the interchange did not answer in time; see interchange.log"
        return value
    }
}
