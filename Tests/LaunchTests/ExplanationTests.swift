import TestSupport
import Testing
import WorkflowCore

@testable import DataFlow
@testable import Launch

/// Why a task is where it is, in sentences.
@Suite("Explanations", .paced)
struct ExplanationTests {
    private static func call(
        _ task: Int, _ app: String = "add", state: String = "launched", waitsFor: [Int] = [], count: Int? = nil,
        failed: Int = 0, executor: String? = "htex", isStopping: Bool = false
    ) -> CallReport {
        CallReport(
            task: task, app: app, state: state, failedTries: failed, executor: executor, waitsFor: waitsFor,
            waitsForCount: count ?? waitsFor.count, isStopping: isStopping)
    }

    private static func manager(
        _ name: String, workers: Int = 2, tasks: Int = 2, held: Bool = false, draining: Bool = false,
        inDoubt: Bool = false, labels: [String] = []
    ) -> ExecutorInspection.Manager {
        .init(
            name: name, host: "n1", block: "0", workers: workers, capacity: workers, tasks: tasks, idleSeconds: 0,
            silentSeconds: 0.5, isHeld: held, isDraining: draining, isInDoubt: inDoubt, labels: labels)
    }

    private static func executor(
        _ place: ExecutorInspection.Place?, _ managers: [ExecutorInspection.Manager]? = [],
        blocks: [ExecutorInspection.Block] = [], standing: String? = nil, trouble: String? = nil
    ) -> ExecutorInspection {
        var report = ExecutorInspection(label: "htex", kind: "processes", workers: 2, calls: 3)
        report.place = place
        report.managers = managers
        report.blocks = blocks
        report.standing = standing
        report.trouble = trouble
        report.provider = blocks.isEmpty ? nil : "slurm"
        return report
    }

    private static func block(
        _ state: String, reason: String? = nil, isOver: Bool = false, seconds: Double? = 95
    ) -> ExecutorInspection.Block {
        .init(
            block: "3", job: "17", state: state, reason: reason, managers: 0, workers: 0, isOver: isOver,
            seconds: seconds)
    }

    /// What is known, and what is said.
    static let cases: [(Explanation.Facts, String)] = [
        (
            .init(
                chain: [call(1)], executor: executor(.demanding("8 processors", able: 0), [manager("a"), manager("b")])),
            "It waits in the interchange of executor 'htex', and asks for 8 processors. None of the 2 managers has that "
                + "much. If none comes that has, the call fails in a few seconds."
        ),
        (
            .init(
                chain: [call(1)], executor: executor(.demanding("8 processors", able: 1), [manager("a"), manager("b")])),
            "It waits in the interchange of executor 'htex', and asks for 8 processors. 1 manager has all that, and gives "
                + "it to tasks that came before."
        ),
        (
            .init(chain: [call(1)], executor: executor(.demanding("8 processors", able: 0), [])),
            "It waits in the interchange of executor 'htex', and asks for 8 processors. No manager is connected."
        ),
        (
            .init(
                chain: [call(1)],
                executor: executor(
                    .demanding("a worker on a node labelled gpu=h100", able: 0, lacking: ["gpu=h100"]),
                    [manager("a", labels: ["gpu=a100", "host=n1"]), manager("b", labels: ["fast", "gpu=a100"])])),
            "It waits in the interchange of executor 'htex', and asks for a worker on a node labelled gpu=h100. None of the "
                + "2 managers has the label gpu=h100; there are fast and gpu=a100. If none comes that has, the call fails in "
                + "a few seconds."
        ),
        (
            .init(
                chain: [call(1)],
                executor: executor(
                    .demanding("a worker on a node labelled a and b", able: 0, lacking: ["a", "b"]),
                    [manager("a", labels: ["host=n1"])])),
            "It waits in the interchange of executor 'htex', and asks for a worker on a node labelled a and b. The only "
                + "manager has not all of the labels a and b; there are no labels but those of hosts. If none comes that "
                + "has, the call fails in a few seconds."
        ),
        (
            .init(chain: [call(1)], executor: executor(.atManager("m"), [manager("m", tasks: 1)])),
            "It runs at manager m on n1 (block 0). Since when, and in which process, monitoring would tell."
        ),
        (
            .init(chain: [call(1)], executor: executor(.atManager("m"), [manager("m", tasks: 5)])),
            "It is at manager m on n1 (block 0), which has 5 tasks for 2 workers: it runs, or is among the 3 "
                + "that wait there for a worker."
        ),
        (
            .init(chain: [call(1)], executor: executor(.atManager("m"), [manager("m", inDoubt: true)])),
            "It runs at manager m on n1 (block 0). Since when, and in which process, monitoring would tell. "
                + "The connection to this manager is gone; if it is not back in a moment, the task is lost."
        ),
        (
            .init(chain: [call(1)], executor: executor(.between)),
            "It is on its way between the submitting process and the interchange of executor 'htex'."
        ),
        (
            .init(chain: [call(1)], executor: executor(.notHere)),
            "It is ready, and executor 'htex' does not have it yet: its files are being staged, or it waits "
                + "for an equal call whose result it takes over."
        ),
        (
            .init(chain: [call(1)], executor: executor(nil, nil, trouble: "its interchange does not answer")),
            "Executor 'htex' has it; where is not known: its interchange does not answer."
        ),
        (
            .init(chain: [call(1)], executor: executor(.queued(ahead: 2), [manager("a"), manager("b")])),
            "It waits in the interchange of executor 'htex'; 2 tasks are ahead of it. All 4 workers are "
                + "busy: 2 managers have 4 tasks."
        ),
        (
            .init(chain: [call(1)], executor: executor(.queued(ahead: 1), [manager("a"), manager("b", held: true)])),
            "It waits in the interchange of executor 'htex'; 1 task is ahead of it. All 2 workers are busy: "
                + "1 manager has 2 tasks. 1 more manager takes no tasks (held or draining)."
        ),
        (
            .init(chain: [call(1)], executor: executor(.queued(ahead: 0), [manager("a", tasks: 0)])),
            "It waits in the interchange of executor 'htex'; it is the next one. Manager a on n1 has room, "
                + "so that it is handed out in a moment."
        ),
        (
            .init(
                chain: [call(1)],
                executor: executor(
                    .queued(ahead: 0),
                    [manager("a", held: true), manager("b", draining: true), manager("c", inDoubt: true)])),
            "It waits in the interchange of executor 'htex'; it is the next one. All 3 managers take no more "
                + "tasks: 1 is held, 1 is draining, 1 is without a connection."
        ),
        (
            .init(
                chain: [call(1)],
                executor: executor(
                    .queued(ahead: 0), blocks: [block("pending", reason: "Priority")], standing: "1 task, 0 slots")),
            "It waits in the interchange of executor 'htex'; it is the next one. No manager is connected. "
                + "Block 3 (job 17 of slurm) is pending for 1 min 35 s: Priority. Blocks: 1 task, 0 slots."
        ),
        (
            .init(
                chain: [call(1)],
                executor: executor(.queued(ahead: 0), blocks: [block("failed", reason: "NODE_FAIL", isOver: true)])),
            "It waits in the interchange of executor 'htex'; it is the next one. No manager is connected. No "
                + "block is there; the last one, block 3, is over: failed (NODE_FAIL)."
        ),
        (
            .init(chain: [call(1)], executor: executor(.unsent(ahead: 4), [manager("a")])),
            "It has not left the submitting process, where 4 calls are ahead of it: the tasks of executor "
                + "'htex' that were sent have as many bytes as may be out at a time (maximumUnfinishedBytes). All "
                + "2 workers are busy: 1 manager has 2 tasks."
        ),
        (
            .init(chain: [call(1, failed: 2, isStopping: true)], executor: executor(.between)),
            "2 attempts failed; this is attempt 3. It was cancelled, and is being stopped. It is on its way "
                + "between the submitting process and the interchange of executor 'htex'."
        ),
        (.init(chain: [call(1, executor: nil)]), "Its body runs in the submitting process."),
        (.init(chain: [call(1)]), "Its outcome is being stored."),
        (
            .init(chain: [call(1, state: "waiting", count: 2)]),
            "It waits for 2 futures that no call of this workflow makes: a closure or a Swift task of the "
                + "program, or a call of another workflow."
        ),
        (
            .init(chain: [call(9, "total", state: "waiting", waitsFor: [5]), call(5)], executor: executor(.between)),
            "Task 9 (total) waits for its arguments: task 5 (add). Task 5 (add) is what it waits for in the "
                + "end: It is on its way between the submitting process and the interchange of executor 'htex'."
        ),
        (
            .init(
                chain: [call(9, state: "joining", waitsFor: [8], count: 3)]
                    + (2...8).reversed().map { call($0, state: "waiting", waitsFor: [$0 - 1]) } + [call(1)],
                executor: executor(.between)),
            "Task 9 (add) waits for what its body has called: task 8 (add), the first of 3 futures that are "
                + "not done. That one waits in turn: task 8 (add) for task 7 (add) for task 6 (add) for 4 more "
                + "tasks for task 1 (add). Task 1 (add) is what it waits for in the end: It is on its way between "
                + "the submitting process and the interchange of executor 'htex'."
        ),
    ]

    @Test("what is known is said", arguments: cases.indices)
    func sentences(index: Int) {
        let (facts, expected) = Self.cases[index]
        #expect(Explanation.sentences(facts).joined(separator: " ") == expected)
    }

    @Test("a task that runs is said to run since a time, on a host and in a process")
    func since() {
        let facts = Explanation.Facts(
            chain: [Self.call(1)], executor: Self.executor(.atManager("m"), [Self.manager("m")]),
            begun: .init(host: "n7", process: 42, time: 0))
        let text = Explanation.sentences(facts).joined()
        #expect(
            text.contains(#/^It runs since \d\d:\d\d:\d\d, for \d+ h.*, on n7, in the worker process 42 of manager m/#))
    }

    @Test(
        "how a call has ended is said as far as it is known",
        arguments: [
            (CallEnd.unknown(last: 0), "There is no task 7: no call has been made yet."),
            (.unknown(last: 1), "There is no task 7: the tasks so far have the numbers 1."),
            (.unknown(last: 5), "There is no task 7: the tasks so far have the numbers 1 to 5."),
            (.failed(app: "add", text: "why"), "Task 7 (add) has failed: why"), (.succeeded, "Task 7 has ended well."),
        ])
    func ended(end: CallEnd, text: String) {
        #expect(Explanation.sentences(of: 7, end) == [text])
    }

    @Test("a table is aligned, fits a terminal, and wraps its last column")
    func table() {
        let table = TextTable(
            [.init("job"), .init("age", isNumber: true), .init("reason")],
            [["17", "5 s", String(repeating: "many words ", count: 20)], ["1234", "12 min", "-"]])
        let lines = table.text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "job      age  reason")
        #expect(lines[1].hasPrefix("17       5 s  many words many"))
        #expect(lines.last == "1234  12 min  -")
        #expect(lines.count > 4 && lines.allSatisfy { $0.count <= 80 && !$0.hasSuffix(" ") })
        #expect(lines[2].hasPrefix("              "))
        #expect(TextTable.wrap("", to: 5) == [""] && TextTable.wrap("abcdefgh ij", to: 4) == ["abcd", "efgh", "ij"])
    }

    @Test(
        "questions are read as they were written",
        arguments: [OperatorQuestion.blocks, .managers, .tasks(limit: 5, state: "waiting"), .explain(12)])
    func questions(question: OperatorQuestion) throws {
        #expect(try OperatorQuestion(line: question.line) == question)
    }

    @Test("a bound and those who wait for room are shown, with the right number of words")
    func tasks() {
        let run = RunReport(
            directory: "runinfo/000", runID: "x", program: "/a/b/Prog", process: 5, host: "h", seconds: 61)
        var report = TasksReport(
            run: run,
            counts: CountsReport(
                waiting: 1, launched: 0, joining: 0, succeeded: 0, failed: 0, cancelled: 0, retried: 0, unfinished: 1),
            executors: [
                LoadReport(executor: "a", workers: 1, calls: 2, unfinished: 3, limit: 3, waitingForRoom: 1)
            ],
            tasks: [Self.call(1, state: "waiting", waitsFor: [], count: 1)])
        let text = OperatorText.tasks(report)
        #expect(text.hasPrefix("runinfo/000\nProg, process 5 on h, for 1 min 1 s\n1 task: 1 waiting\n"), "\(text)")
        #expect(text.contains("3 of 3; 1 call waits for room") && text.contains("1 future"), "\(text)")
        report.counts.unfinished = 3
        report.executors[0].waitingForRoom = 2
        #expect(OperatorText.tasks(report).contains("2 calls wait for room"))
        #expect(OperatorText.tasks(report).contains("… and 2 more tasks"))
    }
}
