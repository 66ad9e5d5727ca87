import Glibc
import SystemSupport
import TestSupport
import Testing

/// What operators ask of a workflow that runs, with real processes.
@Suite("Questions to a running workflow", .tags(.realProcess), .blocking)
struct QuestionTests {
    @Test("explain follows a chain of arguments to its deepest cause, and says where that runs")
    func chain() throws {
        let run = try AskedRun("graph")
        let (isSo, last) = try run.says("Task 1 (held) is what it waits for in the end:", "explain", "4")
        #expect(isSo, "\(last)")
        let text = run.flat(last)
        #expect(
            text.contains("Task 4 (total) waits for its arguments: task 3 (add), the first of 3 futures"), "\(text)")
        #expect(text.contains("That one waits in turn: task 3 (add) for task 2 (add) for task 1 (held)."), "\(text)")
        #expect(text.contains("It runs at manager"), "\(text)")
        for line in last.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        #expect(try run.finish().code == 0)
    }

    @Test("explain says that all workers are busy, and how many tasks are ahead")
    func busy() throws {
        let run = try AskedRun("graph")
        let (isSo, last) = try run.says("The only worker is busy: its manager has 1 task.", "explain", "5")
        #expect(isSo, "\(last)")
        #expect(run.flat(last).contains("It waits in the interchange of executor 'htex'; it is the next one."))
        let (isNext, next) = try run.says("1 task is ahead of it", "explain", "8")
        #expect(isNext, "\(next)")
        let json = try run.apus("explain", "5", "--json")
        #expect(json.code == 0 && json.output.contains(#""state":"launched""#), "\(json.output)\(json.errors)")
        #expect(try run.finish().code == 0)
    }

    @Test("explain says what a join app waits for, and what no call of the workflow makes")
    func joinsAndClosures() throws {
        let run = try AskedRun("graph")
        let (isSo, last) = try run.says("Task 7 (tree) waits for what its body has called:", "explain", "7")
        #expect(isSo, "\(last)")
        let outside = try run.apus("explain", "6")
        #expect(
            run.flat(outside.output).contains("It waits for 1 future that no call of this workflow makes"),
            "\(outside.output)\(outside.errors)")
        #expect(try run.finish().code == 0)
    }

    @Test("tasks shows counts, executors and what each task waits for")
    func tasks() throws {
        let run = try AskedRun("graph")
        let (isSo, last) = try run.says("htex 1 ", "tasks")
        #expect(isSo, "the worker comes later than the calls: \(last)")
        #expect(last.contains("9 tasks: "), "\(last)")
        #expect(last.contains(#/(?m)^ +4 +total +waiting +htex +0 +3, 2, 1$/#), "\(last)")
        #expect(last.contains(#/(?m)^ +7 +tree +joining +- +0 +9$/#), "\(last)")
        #expect(last.contains(#/(?m)^htex +1 +\d+ +-$/#), "\(last)")
        let waiting = try run.apus("tasks", "--state", "joining", "--limit", "1")
        #expect(waiting.output.contains("tree") && !waiting.output.contains("total"), "\(waiting.output)")
        let none = try run.apus("tasks", "--limit", "0")
        #expect(none.output.contains("more task"), "\(none.output)")
        #expect(try run.apus("tasks", "--state", "done").code == 2)
        #expect(try run.apus("tasks", "--limit", "1001").code == 2)
        let json = try run.apus("tasks", "--json")
        #expect(json.output.contains(#""waitsFor":[3,2,1]"#), "\(json.output)")
        #expect(try run.finish().code == 0)
    }

    @Test("managers shows each manager with its host, and blocks the processes of this machine")
    func managers() throws {
        let run = try AskedRun("graph")
        let (isSo, last) = try run.says("busy", "managers")
        #expect(isSo, "\(last)")
        let line = try #require(last.split(separator: "\n").first { $0.hasPrefix("local.") }, "\(last)")
        #expect(line.contains(CurrentProcess.hostName))
        #expect(last.contains("executor 'htex': 1 worker, "), "\(last)")
        let blocks = try run.apus("blocks")
        #expect(blocks.output.contains(#/(?m)^0 +process \d+ +running +1 +1/#), "\(blocks.output)")
        let json = try run.apus("managers", "--json")
        #expect(
            json.output.contains(#""isDraining":false"#)
                && json.output.contains(#""host":"\#(CurrentProcess.hostName)""#))
        #expect(try run.finish().code == 0)
    }

    @Test("with monitoring explain says since when a task runs, and in which process")
    func since() throws {
        let run = try AskedRun("graph", "monitoring")
        let (isSo, last) = try run.says("It runs since ", "explain", "1")
        #expect(isSo, "\(last)")
        #expect(run.flat(last).contains("in the worker process "), "\(last)")
        #expect(try run.finish().code == 0)
    }

    @Test("explain says how calls have ended, with the route of a failure, and which numbers there are")
    func ended() throws {
        let run = try AskedRun("ended")
        let failed = try run.apus("explain", "3")
        #expect(
            run.flat(failed.output).contains(
                "Task 3 (add) has failed: not run, because an argument failed: add (task 3)"),
            "\(failed.output)\(failed.errors)")
        #expect(failed.output.contains("7 rows are bad"))
        #expect(run.flat(try run.apus("explain", "2").output).hasPrefix("Task 2 (refuse) has failed: "))
        #expect(try run.apus("explain", "1").output == "Task 1 has ended well.\n")
        let unknown = try run.apus("explain", "1000")
        #expect(
            unknown.code == 0
                && unknown.output.hasPrefix("There is no task 1000: the tasks so far have the numbers 1 to"))
        for words in [["explain"], ["explain", "x"], ["explain", "0"], ["explain", "-1"], ["explain", "1", "2"]] {
            let refused = try run.folder.execute(Built.apus, words)
            #expect(refused.code == 2, "\(words) gave \(refused.code): \(refused.errors)")
        }
        #expect(try run.finish().code == 0)
    }

    @Test("explain says that no manager is connected, and what the scheduler says of the block")
    func nobody() throws {
        let run = try AskedRun("nobody")
        let (isSo, last) = try run.says("Priority", "explain", "1")
        #expect(isSo, "\(last)")
        #expect(run.flat(last).contains("No manager is connected. Block 0 (job 17 of stuck) is pending for"), "\(last)")
        #expect(run.flat(last).contains("Priority"), "\(last)")
        let blocks = try run.apus("blocks")
        #expect(blocks.output.contains(#/(?m)^0 +17 +pending +0 +0 +\d+ s +Priority/#), "\(blocks.output)")
        #expect(try run.apus("managers").output.contains("no manager is connected"))
    }

    @Test("explain says that the only manager drains")
    func draining() throws {
        let run = try AskedRun("draining")
        let (isSo, last) = try run.says("The only manager takes no more tasks: 1 is draining.", "explain", "2")
        #expect(isSo, "\(last)")
        #expect(try run.apus("managers").output.contains("draining"))
    }

    @Test("calls with labels run on the nodes that have them, which managers and explain tell")
    func labels() throws {
        let run = try AskedRun("labels")
        #expect(run.running.text.contains("big [\"size=big\"]"), "\(run.running.text)")
        #expect(run.running.text.contains("small [\"size=small\"]"), "\(run.running.text)")
        let failed = try run.apus("explain", "11")
        #expect(
            run.flat(failed.output).contains(
                "a node labelled size=huge, and none of the 2 managers that are connected could ever run it: no node has the "
                    + "label size=huge; they have the labels size=big, size=small, test and host="),
            "\(failed.output)\(failed.errors)")
        let managers = try run.apus("managers").output
        #expect(managers.contains(#/(?m)state +labels$/#), "\(managers)")
        #expect(managers.contains("size=big, test\n") && managers.contains("size=small, test\n"), "\(managers)")
        let json = try run.apus("managers", "--json").output
        #expect(
            json.contains(#""labels":["host=\#(CurrentProcess.hostName)","size=big","test"]"#), "\(json)")
        #expect(try run.finish().code == 0)
    }

    @Test("threads and bounds are explained as well")
    func threads() throws {
        let run = try AskedRun("threads")
        let running = try run.apus("explain", "1")
        #expect(running.output == "It runs on a thread of executor 'small'.\n", "\(running.output)\(running.errors)")
        let waiting = try run.apus("explain", "2")
        #expect(
            run.flat(waiting.output) == "The only thread of executor 'small' is busy; it is the next one.",
            "\(waiting.output)")
        let (isSo, last) = try run.says("2 of 2; 1 call waits for room", "tasks")
        #expect(isSo, "\(last)")
        #expect(try run.finish().code == 0)
    }

    @Test("a second attempt says that the first one failed")
    func retried() throws {
        let run = try AskedRun("retried")
        let (isSo, last) = try run.says("1 attempt failed; this is attempt 2.", "explain", "1")
        #expect(isSo, "\(last)")
        #expect(try run.finish().code == 0)
    }

    @Test("a run directory with a long path is asked like any other, and so is one that is named")
    func longPath() throws {
        let deep = (0..<8).map { "/a-directory-with-a-long-name-\($0)" }.joined()
        let run = try AskedRun("ended", place: deep)
        #expect(try run.apus("explain", "1").output == "Task 1 has ended well.\n")
        let named = try run.folder.execute(
            Built.apus, ["explain", "1", "--run", run.place + "/runinfo/000"])
        #expect(named.output == "Task 1 has ended well.\n", "\(named.errors)")
        let above = try run.folder.execute(Built.apus, ["explain", "1", "--run", run.place + "/runinfo"])
        #expect(above.output == named.output, "\(above.errors)")
        #expect(try run.finish().code == 0)
    }
}
