import Glibc
import SystemSupport
import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@testable import ManagerRuntime

@Suite("Labels of a manager's node", .tags(.realProcess), .blocking, .serialized)
struct LabelTests {
    @Test(
        "they are those given, those of the environment, the host's and Slurm's partition, each once",
        arguments: [
            ([], [:], ["host=n1"]),
            (["a"], ["APUS_NODE_LABELS": "a,gpu=a100, "], ["a", "gpu=a100", "host=n1"]),
            ([], ["SLURM_JOB_PARTITION": "long"], ["host=n1", "partition=long"]),
            (["partition=long"], ["SLURM_JOB_PARTITION": "long"], ["host=n1", "partition=long"]),
            ([], ["SLURM_JOB_PARTITION": "a b"], ["host=n1"]),
        ] as [([String], [String: String], Set<String>)])
    func sources(given: [String], environment: [String: String], expected: Set<String>) throws {
        #expect(try OwnLabels.all(given, host: "n1") { environment[$0] } == expected)
    }

    @Test(
        "what is no label ends the manager with where it came from, and it is not started again",
        arguments: [
            ("a b", "APUS_NODE_LABELS on n1: 'a b' is no label"), ("gpu=", "'gpu=' is no label"),
            ("host=n2", "each manager adds that itself"),
            ((1...65).map { "l\($0)" }.joined(separator: ","), "65 labels are too many"),
            ((1...64).map { "l\($0)" }.joined(separator: ","), "the labels of n1: 65 labels are too many"),
        ])
    func refused(text: String, words: String) {
        let error = #expect(throws: ManagerError.self) {
            try OwnLabels.all(["given"], host: "n1") { $0 == "APUS_NODE_LABELS" ? text : nil }
        }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.exitCode == ManagerExitCode.gaveUp)
    }

    @Test("a host whose name fits into no label has none")
    func oddHost() throws {
        #expect(try OwnLabels.all([], host: "n 1") { _ in nil } == [])
    }

    @Test("a manager announces them, and answers a task that asks for another")
    func service() throws {
        let interchange = try FakeInterchange()
        var configuration = interchange.configuration()
        configuration.labels = ["gpu=a100"]
        let manager = try interchange.startManager(configuration)
        let labels = try #require(try interchange.awaitRegistration().apus?.capacity).labels
        #expect(labels.isSuperset(of: ["gpu=a100", "host=\(CurrentProcess.hostName)"]), "\(labels)")
        try interchange.send([1], "sum", [1, 2], needs: TaskNeeds(labels: ["gpu=a100"]))
        #expect(try interchange.awaitAnswer(1).value(Int.self) == 3)
        try interchange.send([2], "sum", [1, 2], needs: TaskNeeds(labels: ["gpu=h100"]))
        let error = try #require(try interchange.awaitAnswer(2).error as? ExecutionError)
        #expect(error.code == .resourcesUnavailable)
        #expect(error.message.contains("a node labelled gpu=h100, and the node "), "\(error.message)")
        #expect(error.message.contains("has the labels gpu=a100 and host="), "\(error.message)")
        manager.signal(SIGTERM)
        #expect(try interchange.awaitEnd(manager) == .exited(0))
    }

    @Test("a task that asks for labels alone is one like any other here: others are sent ahead, also behind it")
    func plain() {
        var bench = StateBench.serving(
            workers: 1, prefetch: .automatic, capacity: NodeCapacity(cores: 1, labels: ["fast"]))
        bench.warmUp(nanoseconds: 1000)
        let tickets = (1...5).map { TaskTicket(id: $0, needs: $0 == 1 ? TaskNeeds(labels: ["fast"]) : nil) }
        #expect(bench.send(.tasks(tickets)).writes.map { $0[0] } == [1, 2, 3, 4, 5])
        #expect(bench.state.needs.isEmpty)
    }
}
