import Glibc
import ManagerRuntime
import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@Suite("Manager process: deaths", .tags(.realProcess), .blocking, .serialized)
struct ManagerServiceDeathTests {
    @Test(
        "a worker that ends in a task is reported with how it ended, and replaced",
        arguments: [("exit", [3], "exit status 3"), ("fatal", [], "Fatal error: the probe gives up")])
    func workerEnds(app: String, arguments: [Int], words: String) throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send([1], app, arguments)
        let answer = try interchange.awaitAnswer(1)
        let error = try #require(answer.error as? ExecutionError)
        #expect(error.code == .workerLost)
        #expect(error.message.contains(words))
        #expect(error.message.contains("'\(app)'"))
        #expect(error.message.contains(CurrentProcess.hostName))
        try interchange.send([2, 3, 4], "sum", [2])
        for task in 2...4 { #expect(try interchange.awaitAnswer(task).value(Int.self) == 2) }
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("Parsl's interchange gets Parsl's WorkerLost")
    func workerEndsAtStock() throws {
        let interchange = try FakeInterchange(isApus: false)
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "exit", [3])
        let answer = try interchange.awaitAnswer(1)
        let text = String(decoding: answer.payload, as: UTF8.self)
        #expect(text.contains("parsl.executors.high_throughput.errors") && text.contains("WorkerLost"))
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a killed worker with eight frames reports one loss; the other seven run")
    func eightFrames() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.sizing = WorkerSizing(maximumWorkers: 1, coresPerWorker: 0)
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        try interchange.send(1...500, "nothing")
        try interchange.serve("the warm-up") { interchange.answers.count >= 500 }
        let worker = try #require(Processes.children(of: manager.pid).first)
        // Stopped, it takes all frames and answers none.
        kill(worker, SIGSTOP)
        #expect(Processes.eventually { Processes.isStopped(worker) })
        try interchange.send(1001...1008, "sum", [5])
        // The frames must be in its pipe by then.
        try interchange.serve(seconds: 2)
        kill(worker, SIGKILL)
        try interchange.serve("eight answers") { interchange.answers.count >= 508 }
        let answers = interchange.answers.filter { $0.task > 1000 }
        #expect(answers.count { $0.kind == .exception } == 1)
        #expect(answers.first { $0.kind == .exception }?.task == 1001)
        #expect(Set(answers.map(\.task)) == Set(1001...1008))
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a program that ends before it is ready ends the manager with its words")
    func crashLoop() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.workerCommand.arguments = ["WorkerProbe"]
        configuration.workerEnvironment = EnvironmentVariables.all.merging(["PROBE_CRASH": "1"]) { $1 }
        let words = "\(interchange.directory)/words"
        let manager = try interchange.startManager(configuration, standardError: .file(words, append: false))
        #expect(try interchange.awaitEnd(manager) == .exited(ManagerExitCode.gaveUp))
        let text = try SmallFile.readText(words)
        #expect(text.contains("3 workers in a row ended before they could run a task"))
        #expect(text.contains("exit status 9"))
        #expect(interchange.registrations.isEmpty)
    }

    @Test("a working directory that is missing on the node ends the manager by name, before it registers")
    func missingDirectory() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.workingDirectory = "/no/such/place"
        let words = "\(interchange.directory)/words"
        let manager = try interchange.startManager(configuration, standardError: .file(words, append: false))
        #expect(try interchange.awaitEnd(manager) == .exited(ManagerExitCode.gaveUp))
        #expect(try SmallFile.readText(words).contains("'/no/such/place'"))
        #expect(interchange.registrations.isEmpty)
    }

    @Test("a worker program that does not exist ends the manager by name")
    func missingProgram() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.workerCommand.executable = "/no/such/program"
        let words = "\(interchange.directory)/words"
        let manager = try interchange.startManager(configuration, standardError: .file(words, append: false))
        #expect(try interchange.awaitEnd(manager) == .exited(ManagerExitCode.gaveUp))
        #expect(try SmallFile.readText(words).contains("/no/such/program"))
    }

    @Test("nothing is left of a manager that was killed while its workers spin and have children")
    func managerKilled() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "child")
        let grandchild = Int32(try interchange.awaitAnswer(1).value(Int.self))
        try interchange.send([2], "spin")
        try interchange.send([3], "spin")
        try interchange.serve(seconds: 0.2)
        let workers = Processes.children(of: manager.pid)
        #expect(workers.count == 2)
        #expect(Processes.isAlive(grandchild))
        kill(manager.pid, SIGKILL)
        let areGone = Processes.eventually {
            !workers.contains(where: Processes.isAlive) && !Processes.isAlive(grandchild)
        }
        #expect(areGone)
        _ = manager.wait()
    }

    @Test("SIGTERM ends a manager whose workers spin")
    func terminateSpinning() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "spin")
        try interchange.serve(seconds: 0.2)
        let workers = Processes.children(of: manager.pid)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
        #expect(!workers.contains(where: Processes.isAlive))
    }
}
