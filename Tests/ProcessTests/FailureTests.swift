import Glibc
import SystemSupport
import TestSupport
import Testing

/// What a user sees when something dies (the table of docs/architecture.md), with real processes.
@Suite("When something dies", .tags(.realProcess), .blocking, .serialized)
struct FailureTests {
    @Test("a worker killed by a signal is reported at once, and replaced")
    func workerKilled() throws {
        let run = try ProbeRun(["worker-killed", "one"])
        #expect(run.finish() == .exited(0))
        let error = try #require(run.line("victim: "))
        #expect(error.contains("workerLost") && error.contains("SIGKILL") && error.contains("nap"))
        // Far less than the task would have taken, however busy the machine.
        #expect(try #require(run.number("noticed after ")) < 30_000)
        #expect(run.line("next: ") == "value 3")
        #expect(run.survivors().isEmpty)
    }

    @Test("a fatal error in a task names its text, and the worker is replaced")
    func crash() throws {
        let run = try ProbeRun(["crash", "one"])
        #expect(run.finish() == .exited(0))
        let error = try #require(run.line("crash: "))
        #expect(error.contains("workerLost") && error.contains("Fatal error: the data is bad"))
        #expect(run.line("next: ") == "value 3")
        #expect(run.survivors().isEmpty)
    }

    @Test("exit(3) in a task names the status")
    func exitInTask() throws {
        let run = try ProbeRun(["exit", "one"])
        #expect(run.finish() == .exited(0))
        #expect(try #require(run.line("leave: ")).contains("exit status 3"))
        #expect(run.line("next: ") == "value 3")
    }

    @Test("a worker that dies with frames in its hands loses one task, not all")
    func framesAhead() throws {
        let run = try ProbeRun(["ahead", "one"])
        #expect(run.finish() == .exited(0))
        #expect(try #require(run.line("first: ")).contains("workerLost"))
        #expect(run.line("good ") == "8 of 8")
    }

    @Test("a lost task is tried again on its own budget")
    func lostRetry() throws {
        let run = try ProbeRun(["worker-killed", "one", "retry"])
        #expect(run.finish() == .exited(0))
        #expect(run.line("victim: ") == "value 1000")
    }

    @Test("a killed manager is reported, and another one takes its place")
    func managerKilled() throws {
        let run = try ProbeRun(["manager-killed", "one"])
        #expect(run.finish() == .exited(0))
        #expect(try #require(run.line("victim: ")).contains("managerLost"))
        #expect(try #require(run.number("noticed after ")) < 30_000)
        #expect(run.line("next: ") == "value 3")
        #expect(run.survivors().isEmpty)
    }

    @Test("a manager killed while its workers spin leaves none of them")
    func managerKilledSpinning() throws {
        let run = try ProbeRun(["manager-killed-spinning"])
        #expect(run.waits(for: "victim: "))
        let workers = run.processes.filter { $0.name == "worker" }.map(\.pid)
        #expect(workers.count == 2)
        #expect(eventually { workers.allSatisfy { kill($0, 0) != 0 } })
        #expect(run.finish() == .exited(0))
        #expect(run.line("next: ") == "value 3")
        #expect(run.survivors().isEmpty)
    }

    @Test("a stopped manager is lost after the threshold")
    func managerStopped() throws {
        let run = try ProbeRun(["manager-stopped", "one", "impatient"])
        #expect(run.finish() == .exited(0))
        #expect(try #require(run.line("victim: ")).contains("managerLost"))
        #expect(run.line("next: ") == "value 3")
        #expect(run.survivors().isEmpty)
    }

    @Test("an interchange that was stopped past the threshold loses nobody")
    func interchangeStopped() throws {
        let run = try ProbeRun(["interchange-stopped", "impatient"])
        #expect(run.finish() == .exited(0))
        #expect(run.line("good ") == "16 of 16")
        #expect(run.line("same manager ") == "true")
        #expect(run.survivors().isEmpty)
    }

    @Test("a killed interchange fails all open calls at once")
    func interchangeKilled() throws {
        let run = try ProbeRun(["interchange-killed"])
        _ = run.finish()
        #expect(try #require(run.line("victim: ")).contains("interchangeLost"))
        #expect(try #require(run.number("noticed after ")) < 30_000)
        #expect(try #require(run.line("late: ")).contains("interchangeLost"))
        #expect(run.survivors().isEmpty)
    }

    @Test("a program that crashes when it starts as a worker is given up with its text")
    func crashAtStart() throws {
        let run = try ProbeRun(["crash-at-start", "one"])
        #expect(run.finish() == .exited(1))
        let text = run.output + run.errors
        #expect(text.contains("executorFailed"))
        #expect(text.contains("this program cannot start as a worker"))
        #expect(run.survivors().isEmpty)
    }

    @Test("a killed submitting program leaves no process and no listening socket")
    func submitKilled() throws {
        let run = try ProbeRun(["long", "plain"])
        #expect(run.waits(for: "running"))
        #expect(run.processes.count >= 4)
        run.child.signal(SIGKILL)
        _ = run.finish()
        #expect(run.survivors().isEmpty)
    }

    @Test("Ctrl-C cancels, cleans up and exits with 130", arguments: [SIGINT, SIGTERM])
    func interruptOnce(signal: Int32) throws {
        let run = try ProbeRun(["long"])
        #expect(run.waits(for: "running"))
        run.child.signal(signal)
        #expect(run.finish() == .exited(128 + signal))
        #expect(run.errors.contains("interrupted"))
        #expect(run.survivors().isEmpty)
    }

    @Test("a second Ctrl-C kills")
    func interruptTwice() throws {
        let run = try ProbeRun(["long"])
        #expect(run.waits(for: "running"))
        run.child.signal(SIGINT)
        #expect(eventually { run.errors.contains("interrupted") })
        run.child.signal(SIGINT)
        #expect(run.finish() == .exited(130))
        #expect(run.survivors().isEmpty)
    }

    @Test("Ctrl-C has calls that run cancelled: they may tidy up", arguments: [[], ["threads"]])
    func interruptTidies(options: [String]) throws {
        let run = try ProbeRun(["tidy"] + options)
        #expect(eventually { run.has("task.begun") })
        run.child.signal(SIGINT)
        #expect(run.finish() == .exited(130))
        #expect(run.has("task.tidied"))
        #expect(run.survivors().isEmpty)
    }

    @Test(
        "Ctrl-C lets calls that run end, when the configuration says so, and takes the others back",
        arguments: [[], ["threads"]])
    func interruptDrains(options: [String]) throws {
        let run = try ProbeRun(["finish", "drain"] + options)
        #expect(eventually { run.has("task.begun") })
        run.child.signal(SIGTERM)
        #expect(run.finish() == .exited(143))
        #expect(run.has("task.finished") && !run.has("after"))
        #expect(run.errors.contains("waiting for calls that run"))
        #expect(run.survivors().isEmpty)
    }

    @Test(
        "calls that are left behind are taken back, or given up, when the configuration says so",
        arguments: ["exit-cancel", "exit-skip"], [[], ["threads"]])
    func exitModes(mode: String, options: [String]) throws {
        let run = try ProbeRun(["leave-behind", mode] + options)
        #expect(run.finish() == .exited(0))
        #expect(run.has("task.begun") && !run.has("after"))
        if mode == "exit-cancel" { #expect(run.has("task.tidied")) }
        #expect(run.survivors().isEmpty)
    }
}
