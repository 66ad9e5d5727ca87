import Glibc
import ManagerRuntime
import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@Suite("Manager process: its node", .tags(.realProcess), .blocking, .serialized)
struct NodeServiceTests {
    /// The answers of "binding" from each of two workers, worker 0 first.
    private func bindings(_ change: (inout ManagerConfiguration) -> Void) throws -> [[String]] {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        change(&configuration)
        let manager = try interchange.startManager(configuration)
        let registration = try interchange.awaitRegistration()
        // Worker 0 is the last idle one, and so the first to be used.
        var byWorker: [[String]] = []
        try interchange.send([1], "block", [300])
        try interchange.send([2], "binding")
        byWorker.append(try interchange.awaitAnswer(2).value([String].self))
        _ = try interchange.awaitAnswer(1)
        if registration.workerCount > 1 {
            try interchange.send([3], "block", [300])
            try interchange.send([4], "binding")
            byWorker.append(try interchange.awaitAnswer(4).value([String].self))
        }
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
        return byWorker
    }

    @Test("each worker is bound to its processors, which its tasks and OpenMP see")
    func bound() throws {
        let processors = CurrentProcess.availableCores
        try #require(processors.count >= 2, "this machine has one processor")
        let seen = try bindings {
            $0.affinity = .list([[processors[0]], [processors[1]]])
            $0.accelerators = .perWorker(["4", "7"])
        }
        for answer in seen {
            let processor = answer[0]
            #expect([processors[0], processors[1]].map(String.init).contains(processor))
            let device = processor == String(processors[0]) ? "4" : "7"
            #expect(
                answer == [
                    processor, "1", processor, "explicit,proclist=[\(processor)]", device, device, device, "1", device,
                ])
        }
        #expect(Set(seen.map { $0[0] }).count >= 1)
    }

    @Test("without a binding a task may run on all processors of the manager, and sees nothing of OpenMP")
    func free() throws {
        let seen = try bindings { _ in }
        #expect(seen.allSatisfy { $0.dropFirst().allSatisfy { $0 == "-" } })
    }

    @Test("there are no more workers than accelerators, and the log says so")
    func limited() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.sizing = WorkerSizing(maximumWorkers: 4, coresPerWorker: 0)
        configuration.accelerators = .perWorker(["3"])
        let manager = try interchange.startManager(configuration)
        #expect(try interchange.awaitRegistration().workerCount == 1)
        try interchange.send([1], "binding")
        #expect(try interchange.awaitAnswer(1).value([String].self)[4] == "3")
        #expect(interchange.managerLog.contains("1 worker: an accelerator for each"))
        #expect(interchange.managerLog.contains("this node: "))
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("an affinity that this node cannot give ends the manager with a reason, and it is not started again")
    func impossible() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.affinity = .list([[4000], [4001]])
        let errors = "\(interchange.directory)/errors"
        let manager = try interchange.startManager(configuration, standardError: .file(errors, append: false))
        #expect(try interchange.awaitEnd(manager) == .exited(ManagerExitCode.gaveUp))
        let text = try SmallFile.readText(errors)
        #expect(text.contains("invalidConfiguration") && text.contains("worker 0 the processors [4000]"), "\(text)")
    }
}
