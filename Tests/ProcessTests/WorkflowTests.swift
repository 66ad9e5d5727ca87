import SystemSupport
import TestSupport
import Testing

/// What a user sees when all goes well, or wrong in the program's own code.
@Suite("A workflow on real processes", .tags(.realProcess), .blocking, .serialized)
struct WorkflowTests {
    @Test(
        "the same program gives the same on threads and on processes",
        arguments: [["threads"], [], ["plain"], ["everywhere"], ["own-address"]])
    func placements(options: [String]) throws {
        let run = try ProbeRun(["add"] + options)
        #expect(run.finish() == .exited(0))
        #expect(run.line("add: ") == "value 6")
        #expect(run.line("total: ") == "value 5050")
        #expect(run.survivors().isEmpty)
    }

    @Test("errors arrive as what they are, and later tasks finish", arguments: [["threads"], []])
    func errors(options: [String]) throws {
        let run = try ProbeRun(["errors"] + options)
        #expect(run.finish() == .exited(0))
        #expect(run.output.contains("caught BadInput with 7 rows"))
        #expect(try #require(run.line("plain: ")).contains("PlainError"))
        let dependent = try #require(run.line("dependent: "))
        #expect(dependent.contains("DependencyError") && dependent.contains("refuse") && dependent.contains("BadInput"))
        #expect(try #require(run.line("nested: ")).contains("only the workflow body can submit"))
        #expect(try #require(run.line("late: ")).contains("list it in `apps:`"))
        #expect(run.line("next: ") == "value 3")
    }

    /// How many processors a list of the kernel's names: "0-2,5" are four.
    private func count(_ list: String?) -> Int {
        (list ?? "").split(separator: ",").reduce(0) { sum, part in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            return ends.isEmpty ? sum : sum + ends[ends.count - 1] - ends[0] + 1
        }
    }

    @Test("a call that asks for processors has so many, and its programs; the next has them when a worker died before")
    func bound() throws {
        try #require(CurrentProcess.availableCores.count >= 2, "this machine has one processor")
        let run = try ProbeRun(["bound", "bound"])
        #expect(run.finish() == .exited(0), "\(run.output)\(run.errors)")
        for line in ["body ", "after death ", "after cancellation "] {
            #expect(count(run.line(line)) == 2, "\(line): \(run.output)")
        }
        #expect(run.output.contains("workerLost"), "\(run.output)")
        #expect(run.line("cancelled: ")?.contains("value") == false, "\(run.output)")
        let two = run.file("two.txt").split(separator: "\n").map(String.init)
        let one = run.file("one.txt").split(separator: "\n").map(String.init)
        #expect(two.count == 2 && count(two[0]) == 2 && two[1] == "2 of 2", "\(two)")
        #expect(one.count == 2 && count(one[0]) == 1 && one[1] == "1 of 1", "\(one)")
        #expect(count(run.line("plain ")) == CurrentProcess.availableCores.count / 2, "\(run.output)")
        #expect(run.survivors().isEmpty)
    }

    @Test("an error that the submit side cannot decode still arrives with its text")
    func undecodableError() throws {
        let run = try ProbeRun(["errors"])
        #expect(run.finish() == .exited(0))
        let error = try #require(run.line("oneWay: "))
        #expect(error.contains("RemoteError") && error.contains("OneWayError"))
    }

    @Test("a result that cannot be encoded is that task's error")
    func unencodable() throws {
        let run = try ProbeRun(["unencodable"])
        #expect(run.finish() == .exited(0))
        #expect(try #require(run.line("unencodable: ")).contains("unencodable"))
        #expect(run.line("next: ") == "value 3")
    }

    @Test("a failure nobody awaited is listed, and the exit code is 1")
    func unawaited() throws {
        let run = try ProbeRun(["unawaited"])
        #expect(run.finish() == .exited(1))
        #expect(run.errors.contains("never awaited") && run.errors.contains("refusePlainly"))
    }

    @Test("a body that throws ends the program with its error")
    func bodyThrows() throws {
        let run = try ProbeRun(["throws"])
        #expect(run.finish() == .exited(1))
        #expect(run.errors.contains("PlainError"))
        #expect(run.survivors().isEmpty)
    }

    @Test("what a task prints goes to its worker's file, and with echo to the program's standard error")
    func printing() throws {
        let run = try ProbeRun(["print", "echo", "one"])
        #expect(run.finish() == .exited(0))
        #expect(!run.output.contains("task says hello"))
        #expect(run.errors.contains("[say] task says hello"))
    }

    @Test("the processes of a run end by their own doing, and say so")
    func endings() throws {
        let run = try ProbeRun(["print", "echo", "one"])
        #expect(run.finish() == .exited(0))
        let script = "cat \(run.directory)/runinfo/*/htex/block-0/*/manager.log"
        let manager = try Command.output("/bin/sh", ["-c", script])
        #expect(manager.contains("signal 15 (SIGTERM)") && manager.contains("ending: "), "\(manager)")
        let interchange = try Command.output("/bin/sh", ["-c", "cat \(run.directory)/runinfo/*/htex/interchange.log"])
        #expect(interchange.contains("ending: SIGTERM"), "\(interchange)")
    }

    @Test("a task runs in the directory and the environment of the program, and in no role")
    func place() throws {
        let run = try ProbeRun(["place"], environment: ["APUS_TEST_MARK": "here"])
        #expect(run.finish() == .exited(0))
        #expect(run.line("environment: ") == "value here")
        #expect(run.line("role: ") == "value ")
        #expect(run.line("depth: ") == "value 1")
        #expect(run.line("tunables: ") == "value ")
        #expect(run.line("directory: ") == "value \(run.directory)")
    }

    @Test("a long task never delays a short one while a worker is idle")
    func responsive() throws {
        let run = try ProbeRun(["responsive"])
        #expect(run.finish() == .exited(0))
        // Behind the long one they would take as long as that.
        #expect(try #require(run.number("short tasks took ")) < 30_000)
    }

    @Test("an async body that sleeps comes back")
    func asynchronous() throws {
        let run = try ProbeRun(["async"])
        #expect(run.finish() == .exited(0))
        #expect(run.line("napAsync: ") == "value 50")
    }

    @Test("monitoring writes start, end and use of every task, and the manager's record")
    func monitoring() throws {
        let run = try ProbeRun(["add", "monitoring"])
        #expect(run.finish() == .exited(0))
        let lines = run.file("monitoring.jsonl").split(separator: "\n")
        let starts = lines.count { $0.contains("\"task_start\"") }
        #expect(starts == lines.count { $0.contains("\"task_end\"") })
        #expect(starts == lines.count { $0.contains("\"task_resources\"") })
        // Two calls of `add`, a hundred of it, `total`, and the two with which the probe begins.
        #expect(starts == 105)
        #expect(lines.contains { $0.contains("\"node\"") })
    }

    @Test("a workflow nested too deep is refused")
    func depth() throws {
        let run = try ProbeRun(["add"], environment: ["APUS_DEPTH": "8"])
        #expect(run.finish() == .exited(1))
        #expect(run.errors.contains("the limit is 8"))
    }

    @Test("several workflows run in one process; code outside of all of them calls into the only one, or is refused")
    func severalWorkflows() throws {
        let run = try ProbeRun(["several", "threads"])
        #expect(run.finish() == .exited(0))
        #expect(run.line("detached: ") == "value 3" && run.line("detached again: ") == "value 4")
        #expect(run.line("sums ") == "[4950, 5050, 5150, 5250]")
        #expect(run.line("inside: ") == "value 2")
        #expect(run.line("ambiguous: ")?.contains("2 workflows that run") == true)
    }

    @Test("several executors: calls go where they are asked to, and other labels are refused")
    func severalExecutors() throws {
        let run = try ProbeRun(["executors"])
        #expect(run.finish() == .exited(0))
        #expect(run.line("small here ") == "true" && run.line("big here ") == "false")
        #expect(run.line("wrong: ")?.contains("there are: 'small', 'big'") == true)
        #expect(run.survivors().isEmpty)
    }

    @Test("an app that asks for an executor that there is not is refused before anything runs")
    func unknownExecutor() throws {
        let run = try ProbeRun(["unknown-executor"])
        #expect(run.finish() == .exited(1))
        #expect(run.errors.contains("app 'lost' is to run on executor 'nowhere'; there are: 'htex'"))
        #expect(run.output.isEmpty && !run.has("runinfo"))
    }
}
