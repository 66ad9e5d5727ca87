import DataFlow
import WorkflowCore

/// The answers as people read them.
package enum OperatorText {
    /// The answer to `tasks`.
    package static func tasks(_ report: TasksReport) -> String {
        let counts = report.counts
        let ended = counts.succeeded + counts.failed + counts.cancelled
        var text = head(report.run)
        text += "\(Explanation.count(counts.unfinished + ended, "task")): "
        text += [
            (counts.waiting, "waiting"), (counts.launched, "with executors"), (counts.joining, "joining"),
            (counts.succeeded, "succeeded"), (counts.failed, "failed"), (counts.cancelled, "cancelled"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        text = counts.unfinished + ended == 0 ? head(report.run) + "no task was submitted yet" : text
        text += "\n\n"
        text +=
            TextTable(
                [.init("executor"), .init("workers", isNumber: true), .init("calls", isNumber: true), .init("bound")],
                report.executors.map { [$0.executor, "\($0.workers)", "\($0.calls)", bound($0)] }
            ).text
        let more = counts.unfinished - report.tasks.count
        let rest = more > 0 ? "… and \(Explanation.count(more, "more task")) (--limit, --state)\n" : ""
        guard !report.tasks.isEmpty else { return text + rest }
        text += "\n"
        text +=
            TextTable(
                [
                    .init("task", isNumber: true), .init("app"), .init("state"), .init("executor"),
                    .init("failed", isNumber: true), .init("waits for"),
                ],
                report.tasks.map { task in
                    [
                        "\(task.task)", task.app, task.isStopping ? "stopping" : task.state, task.executor ?? "-",
                        "\(task.failedTries)", waits(task),
                    ]
                }
            ).text
        return text + rest
    }

    private static func bound(_ load: LoadReport) -> String {
        guard let limit = load.limit else { return "-" }
        let waiting = load.waitingForRoom
        return "\(load.unfinished ?? 0) of \(limit)"
            + (waiting == 0
                ? "" : "; \(Explanation.count(waiting, "call")) \(waiting == 1 ? "waits" : "wait") for room")
    }

    private static func waits(_ task: CallReport) -> String {
        guard task.waitsForCount > 0 else { return "-" }
        guard !task.waitsFor.isEmpty else { return Explanation.count(task.waitsForCount, "future") }
        let named = task.waitsFor.prefix(3)
        let more = task.waitsForCount - named.count
        return named.map(String.init).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }

    /// The answer to `managers`.
    package static func managers(_ report: ExecutorsReport) -> String {
        head(report.run)
            + report.executors.map { executor in
                var text = "\nexecutor '\(executor.label)': \(summary(executor))\n"
                if let trouble = executor.trouble { text += "\(trouble)\n" }
                guard let managers = executor.managers else { return text }
                guard !managers.isEmpty else { return text + "no manager is connected\n" }
                text +=
                    TextTable(
                        [
                            .init("manager"), .init("host"), .init("block"), .init("workers", isNumber: true),
                            .init("tasks", isNumber: true), .init("heard", isNumber: true), .init("state"),
                            .init("labels"),
                        ],
                        managers.map { manager in
                            [
                                manager.name, manager.host, manager.block, "\(manager.workers)", "\(manager.tasks)",
                                Explanation.duration(manager.silentSeconds), state(manager), labels(manager),
                            ]
                        }
                    ).text
                return text
            }.joined()
    }

    private static func summary(_ executor: ExecutorInspection) -> String {
        let unit = executor.kind == "threads" ? "thread" : "worker"
        var parts = [Explanation.count(executor.workers, unit), Explanation.count(executor.calls, "call")]
        if let queued = executor.queued, queued > 0 { parts.append("\(queued) of them queued in the interchange") }
        if executor.unsent > 0 { parts.append("\(executor.unsent) not sent yet") }
        return parts.joined(separator: ", ")
    }

    /// The labels but that of the host, which has a column of its own.
    private static func labels(_ manager: ExecutorInspection.Manager) -> String {
        let labels = manager.labels.filter { $0 != NodeLabels.hostPrefix + manager.host }
        return labels.isEmpty ? "-" : labels.joined(separator: ", ")
    }

    private static func state(_ manager: ExecutorInspection.Manager) -> String {
        var words: [String] = []
        if manager.isInDoubt { words.append("without connection") }
        if manager.isDraining { words.append("draining") } else if manager.isHeld { words.append("held") }
        if manager.tasks == 0 {
            words.append("idle for \(Explanation.duration(manager.idleSeconds))")
        } else if words.isEmpty {
            words.append(manager.tasks >= manager.workers ? "busy" : "has room")
        }
        return words.joined(separator: ", ")
    }

    /// The answer to `blocks`.
    package static func blocks(_ report: ExecutorsReport) -> String {
        head(report.run)
            + report.executors.map { executor in
                let provider = executor.provider.map { " (\($0))" } ?? ""
                let standing = executor.standing.map { ": \($0)" } ?? ""
                var text = "\nexecutor '\(executor.label)'\(provider)\(standing)\n"
                if executor.kind == "threads" { return text + "threads of the submitting process; no blocks\n" }
                if let trouble = executor.trouble { text += "\(trouble)\n" }
                guard !executor.blocks.isEmpty else { return text + "no block was asked for yet\n" }
                text +=
                    TextTable(
                        [
                            .init("block"), .init("job"), .init("state"), .init("managers", isNumber: true),
                            .init("workers", isNumber: true), .init("age", isNumber: true), .init("reason"),
                        ],
                        executor.blocks.map { block in
                            [
                                block.block, block.job ?? "-", block.state, "\(block.managers)", "\(block.workers)",
                                block.seconds.map(Explanation.duration) ?? "-", block.reason ?? "-",
                            ]
                        }
                    ).text
                return text
            }.joined()
    }

    /// The answer to `explain`.
    package static func explain(_ report: ExplainReport) -> String {
        report.sentences.map { sentence in
            // A failure's text may have lines of its own.
            sentence.split(separator: "\n", omittingEmptySubsequences: false)
                .flatMap { TextTable.wrap(String($0), to: 80) }.map { $0 + "\n" }.joined()
        }.joined()
    }

    private static func head(_ run: RunReport) -> String {
        let program = run.program.split(separator: "/").last.map(String.init) ?? run.program
        return "\(run.directory)\n\(program), process \(run.process) on \(run.host), for "
            + "\(Explanation.duration(run.seconds))\n"
    }
}
