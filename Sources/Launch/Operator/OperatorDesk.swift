import DataFlow
import SystemSupport
import WorkflowCore

/// Answers questions about a run from what its kernel and its executors say.
struct OperatorDesk: Sendable {
    let kernel: DataFlowKernel
    let executors: [any Executor]
    let card: RunCard
    let directory: String
    /// When and where workers began tasks, where monitoring tells.
    let begun: BegunTasks?

    /// How long an executor may take to look around.
    private static let patience: UInt64 = 2_000_000_000

    /// The answer to a line, as JSON.
    func answer(_ line: String) -> [UInt8] {
        do {
            switch try OperatorQuestion(line: line) {
            case .tasks(let limit, let state): return try JSONText.encode(try tasks(limit, state))
            case .blocks, .managers:
                return try JSONText.encode(ExecutorsReport(run: run, executors: executors.map { inspect($0, nil) }))
            case .explain(let task): return try JSONText.encode(explain(task))
            }
        } catch {
            return (try? JSONText.encode(ErrorReport(error: "\(error)"))) ?? []
        }
    }

    private var run: RunReport { card.report(directory) }

    private func inspect(_ executor: any Executor, _ invocation: (any TaskInvocation)?) -> ExecutorInspection {
        guard let executor = executor as? any InspectableExecutor else {
            let now = executor.snapshot
            var report = ExecutorInspection(
                label: executor.label, kind: "other", workers: now.workers, calls: now.outstanding)
            report.trouble = "this executor says no more of itself"
            return report
        }
        return executor.inspect(invocation, deadline: Monotonic.nanoseconds &+ Self.patience)
    }

    private func tasks(_ limit: Int, _ state: String?) throws(OperatorError) -> TasksReport {
        if let state, CallStatus(rawValue: state)?.isDone != false {
            let names = CallStatus.allCases.filter { !$0.isDone }.map(\.rawValue).joined(separator: ", ")
            throw OperatorError(
                "there is no state '\(SettingText.short(state))' of calls that have not ended; there are \(names)")
        }
        let progress = kernel.progress
        let rooms = kernel.rooms
        let loads = executors.map { executor in
            let now = executor.snapshot
            let room = rooms.first { $0.label == executor.label }
            return LoadReport(
                executor: executor.label, workers: now.workers, calls: now.outstanding, unfinished: room?.unfinished,
                limit: room?.limit, waitingForRoom: room?.waiting ?? 0)
        }
        return TasksReport(
            run: run,
            counts: CountsReport(
                waiting: progress.waiting, launched: progress.launched, joining: progress.joining,
                succeeded: progress.succeeded, failed: progress.failed, cancelled: progress.cancelled,
                retried: progress.retried, unfinished: progress.waiting + progress.launched + progress.joining),
            executors: loads, tasks: kernel.reports(limit: limit, state: state))
    }

    private func explain(_ number: Int) -> ExplainReport {
        let chain = chain(from: number)
        guard let first = chain.first else {
            let end = kernel.end(of: TaskID(number))
            return ExplainReport(
                run: run, task: number, app: Explanation.app(end), state: Explanation.state(end),
                sentences: Explanation.sentences(of: number, end))
        }
        var facts = Explanation.Facts(chain: chain)
        let last = chain[chain.count - 1]
        if let (executor, invocation) = kernel.attempt(of: TaskID(last.task)) {
            facts.executor = inspect(executor, invocation)
            facts.begun = begun?.moment(of: invocation.identity)
        }
        return ExplainReport(
            run: run, task: number, app: first.app, state: first.state, sentences: Explanation.sentences(facts),
            cause: chain.count > 1 ? last.task : nil)
    }

    /// The call, the one it waits for, and so on to the one that waits for none; each waits for the next.
    private func chain(from number: Int) -> [CallReport] {
        var chain: [CallReport] = []
        var next: Int? = number
        var seen: Set<Int> = []
        while let task = next, seen.insert(task).inserted, let report = kernel.report(of: TaskID(task)) {
            chain.append(report)
            next = report.waitsFor.first
            // Who asks about a chain of a million does not want to wait for its end.
            if chain.count >= Self.longestChain { break }
        }
        return chain
    }

    private static let longestChain = 100_000
}
