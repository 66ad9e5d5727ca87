package import WorkflowCore

extension ThreadPoolExecutor: InspectableExecutor {
    /// Looks around; a thread pool answers at once.
    package func inspect(_ invocation: (any TaskInvocation)?, deadline: UInt64) -> ExecutorInspection {
        let now = snapshot
        var report = ExecutorInspection(label: label, kind: "threads", workers: now.workers, calls: now.outstanding)
        report.place = invocation.map { place(of: $0) }
        return report
    }
}
