import Glibc
import ManagerRuntime
import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@Suite("Manager process: tasks that are stopped", .tags(.realProcess), .blocking, .serialized)
struct ManagerServiceCancelTests {
    private func start(
        workers: Int = 1, grace: Duration = .seconds(20), monitoring: Bool = false
    ) throws -> (interchange: FakeInterchange, manager: ChildProcess) {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.sizing = WorkerSizing(maximumWorkers: workers, coresPerWorker: 0)
        configuration.cancelGrace = grace
        configuration.monitoring = monitoring
        let manager = try interchange.startManager(configuration)
        _ = try interchange.awaitRegistration()
        return (interchange, manager)
    }

    private func end(_ interchange: FakeInterchange, _ manager: ChildProcess) throws {
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a manager says that it can be asked")
    func announcement() throws {
        let (interchange, manager) = try start()
        #expect(try #require(interchange.registrations.first?.apus).version >= WireExtensions.cancellation)
        try end(interchange, manager)
    }

    @Test("one that runs and listens is cancelled, one that waits is dropped, and the worker lives on")
    func cooperative() throws {
        let (interchange, manager) = try start()
        let worker = Processes.children(of: manager.pid)
        try interchange.send([1], "untilCancelled")
        try interchange.send([2, 3], "pid")
        try interchange.send(InterchangeMessage.encodeCancel([1, 2, 77]))
        let first = try #require(try interchange.awaitAnswer(1).error as? ExecutionError)
        #expect(first.code == .cancelled)
        let second = try #require(try interchange.awaitAnswer(2).error as? ExecutionError)
        #expect(second.code == .cancelled && second.message.contains("did not run"))
        #expect(try interchange.awaitAnswer(3).value(Int.self) == worker.first.map(Int.init))
        try end(interchange, manager)
    }

    @Test("one that does not listen costs its worker, with the children it started, and nobody else anything")
    func killed() throws {
        let (interchange, manager) = try start(workers: 2, grace: .milliseconds(300), monitoring: true)
        try interchange.send([1], "child")
        let grandchild = Int32(try interchange.awaitAnswer(1).value(Int.self))
        try interchange.send([2, 3], "spin", monitored: true)
        try interchange.serve("the beginning of both") { interchange.monitoring.count == 2 }
        try interchange.send([4], "pid")
        try interchange.send(InterchangeMessage.encodeCancel([2, 3]))
        for task in [2, 3] {
            let error = try #require(try interchange.awaitAnswer(task).error as? ExecutionError)
            #expect(error.code == .cancelled && error.message.contains("killed and replaced"))
        }
        #expect(try interchange.awaitAnswer(4).value(Int.self) > 0)
        #expect(Processes.eventually { !Processes.isAlive(grandchild) })
        try end(interchange, manager)
    }

    @Test("tasks sent ahead of one that is killed run elsewhere, without a report of a loss")
    func ahead() throws {
        let (interchange, manager) = try start(grace: .milliseconds(100), monitoring: true)
        try interchange.send(1...500, "nothing")
        try interchange.serve("the warm-up") { interchange.answers.count >= 500 }
        try interchange.send([1000], "spin", monitored: true)
        // Cancelled before it begins it would be passed over, and the others run at once.
        try interchange.serve("the beginning of the long one") { interchange.monitoring.count == 1 }
        try interchange.send(1001...1008, "sum", [5])
        try interchange.send(InterchangeMessage.encodeCancel([1000, 1004]))
        for task in 1000...1008 { _ = try interchange.awaitAnswer(task) }
        let failed = interchange.answers.filter { $0.kind == .exception }
        #expect(Set(failed.map(\.task)) == [1000, 1004])
        #expect(failed.allSatisfy { ($0.error as? ExecutionError)?.code == .cancelled })
        #expect(Set(interchange.answers.map(\.task)).count == interchange.answers.count)
        try end(interchange, manager)
    }

    @Test(
        "a walltime travels with the task: a deaf body is killed after limit and grace, and the report has both times")
    func walltime() throws {
        let (interchange, manager) = try start(grace: .milliseconds(200))
        try interchange.send([1], "spin", walltime: 0.1)
        try interchange.send([2], "suspend", [600_000], walltime: 0.1)
        let first = try #require(try interchange.awaitAnswer(1).error as? AppTimeout)
        #expect(first.app == "spin" && first.limit == 0.1 && first.elapsed >= 0.3)
        let second = try #require(try interchange.awaitAnswer(2).error as? AppTimeout)
        #expect(second.app == "suspend" && second.limit == 0.1)
        try end(interchange, manager)
    }
}
