import Glibc
import ManagerRuntime
import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore
import ZeroMQ

@Suite("Manager process: the connection", .tags(.realProcess), .blocking, .serialized)
struct ManagerServiceConnectionTests {
    @Test("after a cut connection the manager registers with what it holds, and sends unacknowledged results again")
    func reconnect() throws {
        let interchange = try FakeInterchange()
        interchange.acknowledges = false
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send([1, 2, 3], "block", [600])
        _ = try interchange.awaitAnswer(1)
        _ = try interchange.awaitAnswer(2)
        try interchange.cut()
        let second = try interchange.awaitRegistration(2)
        #expect(Set(second.apus?.held ?? []) == [1, 2, 3])
        try interchange.serve("the results again") {
            (1...3).allSatisfy { task in interchange.answers.contains { $0.task == task } }
                && interchange.answers.count { $0.task == 1 } == 2
        }
        #expect(try interchange.awaitAnswer(3).kind == .result)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("an interchange that says nothing for twelve times the threshold is given up")
    func silence() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.heartbeatPeriod = .milliseconds(100)
        configuration.heartbeatThreshold = .milliseconds(300)
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        interchange.answersHeartbeats = false
        #expect(try interchange.awaitEnd(manager) == .exited(ManagerExitCode.failed))
        #expect(interchange.heartbeats > 0)
    }

    @Test("a manager that was stopped past the threshold goes on")
    func stopped() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.heartbeatThreshold = .seconds(1)
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        manager.signal(SIGSTOP)
        try interchange.serve(seconds: 2.5)
        manager.signal(SIGCONT)
        try interchange.send([1], "sum", [1])
        _ = try interchange.awaitAnswer(1)
        try interchange.serve(seconds: 1.5)
        #expect(manager.poll() == nil)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("the first address that answers is used")
    func addresses() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.addresses = ["127.0.0.2", "127.0.0.1", "127.0.0.3"]
        let manager = try interchange.startManager(configuration)
        let registration = try interchange.awaitRegistration()
        #expect(registration.uid == configuration.uid)
        try interchange.send([1], "sum", [1])
        #expect(try interchange.awaitAnswer(1).value(Int.self) == 1)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("an interchange that is not there is named, and the manager ends", arguments: [1, 2])
    func unreachable(count: Int) throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.addresses = Array(["127.0.0.2", "127.0.0.3"].prefix(count))
        configuration.addressProbeTimeout = .milliseconds(500)
        let words = "\(interchange.directory)/words"
        let manager = try interchange.startManager(configuration, standardError: .file(words, append: false))
        #expect(try interchange.awaitEnd(manager) == .exited(1))
        #expect(try SmallFile.readText(words).contains("no interchange answered"))
    }

    @Test("a refused manager ends with the reason")
    func refused() throws {
        let interchange = try FakeInterchange(isApus: false)
        let words = "\(interchange.directory)/words"
        let manager = try interchange.startManager(
            interchange.configuration(), standardError: .file(words, append: false))
        _ = try interchange.awaitRegistration()
        try interchange.send(InterchangeMessage.encodeRefused("the tables differ in 'fit'"))
        #expect(try interchange.awaitEnd(manager) == .exited(ManagerExitCode.gaveUp))
        #expect(try SmallFile.readText(words).contains("the tables differ in 'fit'"))
    }

    @Test("with keys everything is encrypted; with wrong ones nobody is reached", arguments: [true, false])
    func encryption(hasRightKeys: Bool) throws {
        let keys = "/tmp/apus-manager-keys-\(getpid())-\(hasRightKeys)"
        let certificates = try CurveCertificates.create(in: keys)
        defer { _ = try? ChildProcess(spawning: .init(executable: "rm", arguments: ["rm", "-rf", keys])).wait() }
        let interchange = try FakeInterchange(certificates: hasRightKeys ? certificates : try .generate())
        var configuration = interchange.configuration()
        configuration.certificateDirectory = keys
        configuration.addressProbeTimeout = .seconds(hasRightKeys ? 60 : 1)
        let manager = try interchange.startManager(configuration)
        if hasRightKeys {
            _ = try interchange.awaitRegistration()
            try interchange.send([1], "sum", [1, 2])
            #expect(try interchange.awaitAnswer(1).value(Int.self) == 3)
            manager.signal(SIGTERM)
        }
        #expect(try interchange.awaitEnd(manager) == .exited(hasRightKeys ? 0 : 1))
    }

    @Test("a manager and its workers end with the process that started it")
    func parentEnds() throws {
        let interchange = try FakeInterchange()
        let file = try interchange.write(interchange.configuration())
        let script = "\"$0\" manager \"$1\" & wait"
        let parent = try ChildProcess(
            spawning: .init(
                executable: "/bin/sh", arguments: ["sh", "-c", script, Probe.path, file], standardOutput: .null,
                standardError: .null))
        _ = try interchange.awaitRegistration()
        let manager = try #require(Processes.children(of: parent.pid).first)
        try interchange.send([1], "spin")
        try interchange.serve(seconds: 0.1)
        let all = [manager] + Processes.children(of: manager)
        #expect(all.count == 3)
        parent.signal(SIGKILL)
        #expect(Processes.eventually { !all.contains(where: Processes.isAlive) })
    }

    @Test(
        "a scheduler's warning reaches bodies; what stops is reported for another try",
        arguments: [SIGUSR1, SIGUSR2])
    func warning(signal: Int32) throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.monitoring = true
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        try interchange.send([1], "suspend", [600_000], monitored: true)
        try interchange.send([2], "block", [3000], monitored: true)
        try interchange.serve("the beginning of both") { interchange.monitoring.count == 2 }
        // As Slurm does it: to all processes of the job.
        for pid in [manager.pid] + Processes.children(of: manager.pid) { kill(pid, signal) }
        let error = try #require(try interchange.awaitAnswer(1).error as? ExecutionError)
        #expect(error.code == .managerLost && error.isLoss)
        #expect(error.message.contains("its batch job is about to end: signal \(signal) (SIGUSR"), "\(error.message)")
        let beginning = "manager m\(interchange.port) on \(CurrentProcess.hostName), which had task 1, is lost: "
        #expect(error.message.hasPrefix(beginning))
        #expect(interchange.drains == 1)
        // One that does not listen is asked as well: what it returns then may be half of a result.
        #expect((try interchange.awaitAnswer(2).error as? ExecutionError)?.code == .managerLost)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a manager that is told to end gives its tasks back before it does")
    func termination() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send(1...3, "spin")
        try interchange.serve(seconds: 0.2)
        manager.signal(SIGTERM)
        for task in 1...3 {
            let error = try #require(try interchange.awaitAnswer(task).error as? ExecutionError)
            #expect(error.code == .managerLost && error.message.contains("told to end by a signal"))
        }
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("when all processes of a job are told to end, the job's end is the reason, and no worker")
    func terminationOfAll() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send(1...2, "spin")
        try interchange.serve(seconds: 0.2)
        let workers = Processes.children(of: manager.pid)
        // As a scheduler does it: one after the other, waiting for none.
        for pid in workers { kill(pid, SIGTERM) }
        manager.signal(SIGTERM)
        for task in 1...2 {
            let error = try #require(try interchange.awaitAnswer(task).error as? ExecutionError)
            #expect(error.code == .managerLost, "\(error)")
        }
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a worker that alone was told to end is lost and replaced")
    func terminatedWorker() throws {
        let interchange = try FakeInterchange()
        let manager = try interchange.startManager(interchange.configuration())
        _ = try interchange.awaitRegistration()
        try interchange.send(1...2, "spin")
        try interchange.serve(seconds: 0.2)
        kill(try #require(Processes.children(of: manager.pid).first), SIGTERM)
        try interchange.serve("the loss") { interchange.answers.count == 1 }
        #expect((interchange.answers[0].error as? ExecutionError)?.code == .workerLost)
        try interchange.send([3], "sum", [1])
        #expect(try interchange.awaitAnswer(3).value(Int.self) == 1)
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a manager asks to be drained when its time has come")
    func drain() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.drainPeriod = .milliseconds(700)
        let manager = try interchange.startManager(configuration)
        let registration = try interchange.awaitRegistration()
        #expect(abs(registration.drainTime - registration.startTime - 0.7) < 0.01)
        try interchange.serve("the request") { interchange.drains == 1 }
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }
}
