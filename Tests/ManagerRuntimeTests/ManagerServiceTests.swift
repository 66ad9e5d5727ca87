import Glibc
import ManagerRuntime
import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@Suite("Manager process: tasks", .tags(.realProcess), .blocking, .serialized)
struct ManagerServiceTaskTests {
    @Test("a manager registers with what the interchange must know, and runs tasks", arguments: [true, false])
    func tasks(isApus: Bool) throws {
        let interchange = try FakeInterchange(isApus: isApus)
        let manager = try interchange.startManager(interchange.configuration())
        let registration = try interchange.awaitRegistration()
        #expect(registration.workerCount == 2)
        #expect(registration.maxCapacity == 2)
        #expect(registration.uid == "m\(interchange.port)")
        #expect(registration.blockID == .text("0"))
        #expect(registration.hostname == CurrentProcess.hostName)
        #expect(registration.apus?.fingerprint.count == 16)
        #expect(registration.apus?.rows.contains { $0.hasPrefix("sum (version 1)") } == true)
        try interchange.send([1, 2, 3], "sum", [1, 2, 3])
        for task in 1...3 { #expect(try interchange.awaitAnswer(task).value(Int.self) == 6) }
        try interchange.send(InterchangeMessage.shutdownBytes)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a thousand short tasks are answered once each")
    func many() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send(1...1000, "sum", [4, 5])
        try interchange.serve("all results") { interchange.answers.count >= 1000 }
        #expect(Set(interchange.answers.map(\.task)) == Set(1...1000))
        #expect(interchange.answers.count == 1000)
        #expect((interchange.capacity ?? 0) > 2)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a long task delays no short one while a worker is idle")
    func longAndShort() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send(1...300, "nothing")
        try interchange.serve("the warm-up") { interchange.answers.count >= 300 }
        // Longer than the short ones may take: behind it they would not come.
        try interchange.send([1000], "block", [600_000])
        try interchange.send(1001...1100, "nothing")
        try interchange.serve("the short tasks") { interchange.answers.count >= 400 }
        #expect(!interchange.answers.contains { $0.task == 1000 })
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("large arguments and results pass unchanged")
    func large() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        let argument = [UInt8](repeating: 3, count: 20_000_000)
        let call = TaskCall.encode(name: "length", version: 1, arguments: argument)
        try interchange.send(TaskMessage.encode(taskID: 1, context: TaskContext(), buffer: call))
        #expect(try interchange.awaitAnswer(1).value(Int.self) == argument.count)
        try interchange.send([2, 3], "bytes", [10_000_000])
        for task in [2, 3] {
            let value = try interchange.awaitAnswer(task).value([UInt8].self)
            #expect(value.count == 10_000_000)
            #expect(value.allSatisfy { $0 == 7 })
        }
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a worker that does not read holds up nobody, however large its task")
    func stoppedWorker() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        let workers = Processes.children(of: manager.pid)
        try #require(workers.count == 2)
        kill(workers[0], SIGSTOP)
        let argument = [UInt8](repeating: 3, count: 8_000_000)
        let call = TaskCall.encode(name: "length", version: 1, arguments: argument)
        for task in [1, 2] {
            try interchange.send(TaskMessage.encode(taskID: task, context: TaskContext(), buffer: call))
        }
        try interchange.serve("the other worker's answer") { interchange.answers.count == 1 }
        try interchange.send(3...20, "sum", [1])
        try interchange.serve("the short tasks") { interchange.answers.count == 19 }
        kill(workers[0], SIGCONT)
        try interchange.serve("the stopped worker's answer") { interchange.answers.count == 20 }
        #expect(interchange.answers.allSatisfy { $0.kind == .result })
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("lines of a task are shown while it runs")
    func echoWhileRunning() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.echoDescriptor = 2
        let shown = "\(interchange.directory)/shown"
        let manager = try interchange.startManager(configuration, standardError: .file(shown, append: false))
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "chatter", [60_000])
        try interchange.serve("the line") {
            ((try? SmallFile.readText(shown)) ?? "").contains("[chatter] still here\n")
        }
        #expect(interchange.answers.isEmpty)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("bytes that make no sense are dropped, and the next task runs")
    func garbage() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let count = Int.random(in: 1...300, using: &generator)
            try interchange.send((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
        }
        try interchange.send([1], "sum", [1, 1])
        #expect(try interchange.awaitAnswer(1).value(Int.self) == 2)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("start and end of monitored tasks come before the result", arguments: [true, false])
    func monitoring(isOn: Bool) throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.monitoring = isOn
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        try interchange.send([1, 2], "nothing", monitored: true)
        _ = try interchange.awaitAnswer(1)
        _ = try interchange.awaitAnswer(2)
        #expect(interchange.monitoring.count == (isOn ? 6 : 0))
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("lines of tasks are shown with the app's name, and are in the worker's files")
    func echo() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.echoDescriptor = 2
        let shown = "\(interchange.directory)/shown"
        let manager = try interchange.startManager(configuration, standardError: .file(shown, append: false))
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "print", [17])
        _ = try interchange.awaitAnswer(1)
        try interchange.serve("the lines") {
            let text = (try? SmallFile.readText(shown)) ?? ""
            return text.contains("[print] printed 17\n") && text.contains("[print] complained\n")
        }
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
        let files = try (0..<2).map { try SmallFile.readText("\(interchange.managerDirectory)/worker_\($0).out") }
        #expect(files.joined() == "printed 17\n")
    }

    @Test("tasks start in the given directory and environment, with Parsl's variables and without the role's")
    func place() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.workingDirectory = "/usr"
        var environment = EnvironmentVariables.all
        environment["PROBE_VARIABLE"] = "set"
        configuration.workerEnvironment = environment
        configuration.sizing = WorkerSizing(maximumWorkers: 1, coresPerWorker: 0)
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "place")
        let value = try interchange.awaitAnswer(1).value([String].self)
        #expect(value == ["/usr", "0", "1", "m\(interchange.port)", "0", "-", "set"])
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }
}
