import DataFlow
import HighThroughput
import SystemSupport
import WorkflowCore

/// Cancels attempts wherever they may be, at an executor of its own.
struct CancelScenario {
    private let context: ExecutorContext
    private let executor: HighThroughputExecutor
    private let reports = Reports()

    init(_ context: ExecutorContext) throws {
        self.context = context
        var processes = HighThroughputConfiguration(label: "cancel", workers: 2, encrypted: false)
        processes.cancelGrace = 0.5
        executor = HighThroughputExecutor(processes)
    }

    private func submit(_ number: Int, _ app: String) -> Attempt {
        let attempt = Attempt(number, app, context.table)
        executor.submit(attempt, to: reports)
        return attempt
    }

    func run() async throws {
        try await executor.start(context)
        // Both workers are busy, so that what follows is queued.
        let sleeping = submit(1, "sleeper")
        let counting = submit(2, "counter")
        _ = awaitBegin("sleeper")
        _ = awaitBegin("counter")
        let waiting = submit(3, "nothing")
        executor.cancel(waiting)
        Tell.line("queued: \(reports.of(waiting))")
        let many = (1000..<2000).map { submit($0, "nothing") }
        for attempt in many { executor.cancel(attempt) }
        Tell.line("one of many: \(reports.of(many[999]))")
        _ = Wait.eventually { reports.count { $0.contains("cancelled") } == 1001 }
        Tell.line("many \(reports.count { $0.contains("did not run") })")

        executor.cancel(sleeping)
        Tell.line("sleeper: \(reports.of(sleeping))")
        executor.cancel(counting)
        Tell.line("counter: \(reports.of(counting))")

        let deaf = submit(4, "deaf")
        let worker = awaitBegin("deaf")
        let others = (3000..<3100).map { submit($0, "nothing") }
        executor.cancel(deaf)
        Tell.line("deaf: \(reports.of(deaf))")
        Tell.line("worker gone \(!Wait.isAlive(worker))")
        Tell.line("children alive \(Wait.survivors(["child-pid"]))")
        Tell.line("others \(others.count { reports.of($0) == "value" })")
        // What has ended is left alone, and the executor is whole.
        executor.cancel(deaf)
        for attempt in others { executor.cancel(attempt) }
        let last = (4000..<4100).map { submit($0, "nothing") }
        Tell.line("last \(last.count { reports.of($0) == "value" })")
        Tell.line("reports for one \(reports.most)")
        Tell.line("outstanding \(executor.snapshot.outstanding)")
        await executor.shutdown()
    }
}
