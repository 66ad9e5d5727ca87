import DataFlow
import HighThroughput
import Launch
import TestSupport
import Testing
import WorkflowCore

/// Wrong values are refused before anything is started, with what is accepted.
@Suite("The workflow's configuration", .paced)
struct ConfigurationTests {
    private static func processes(_ change: (inout HighThroughputConfiguration) -> Void) -> WorkflowConfiguration {
        var processes = HighThroughputConfiguration(workers: 1)
        change(&processes)
        return .processes(processes)
    }

    private static func threads(_ change: (inout WorkflowConfiguration) -> Void) -> WorkflowConfiguration {
        var configuration = WorkflowConfiguration.threads(1)
        change(&configuration)
        return configuration
    }

    static let wrong: [(WorkflowConfiguration, String)] = [
        (.threads(0), "1 to 4096"),
        (threads { $0.retries = -1 }, "0 or more"),
        (threads { $0.lostRetries = -1 }, "0 or more"),
        (threads { $0.runDirectory = "" }, "runDirectory"),
        (threads { $0.maxUnfinishedTasks = 0 }, "maxUnfinishedTasks is 0; it is 1 or more"),
        (WorkflowConfiguration(executors: []), "executors is empty"),
        (WorkflowConfiguration(executors: [.threads("a"), .threads("a")]), "'a' more than once"),
        (WorkflowConfiguration(executors: [.threads("a b")]), "it takes letters, digits"),
        (WorkflowConfiguration(executors: [.threads("a"), .threads("b", 0)]), "1 to 4096"),
        (
            WorkflowConfiguration(executors: [
                ExecutorConfiguration("a", .threads(1, throughCodec: false), maxUnfinishedTasks: 0)
            ]), "maxUnfinishedTasks of 'a' is 0"
        ),
        (processes { $0.workers = 0 }, "at least 1"),
        (processes { $0.workers = 5000 }, "4096"),
        (processes { $0.prefetch = .fixed(-1) }, "0 or more"),
        (processes { $0.workerPort = 70_000 }, "1 to 65535"),
        (processes { $0.gateways = ["login"] }, "without a workerPort"),
        (processes { $0.gateways = ["login:54321/x"] }, "a host name or an address"),
        (processes { $0.workerPortRange = 0..<10 }, "workerPortRange"),
        (processes { $0.interchangePortRange = 60_000..<60_002 }, "three ports"),
        (processes { $0.label = "a/b" }, "file name"),
        (processes { $0.maximumUnfinishedBytes = 0 }, "positive"),
        (processes { $0.heartbeatThreshold = 1 }, "shorter than the threshold"),
        (processes { $0.coresPerWorker = 0 }, "coresPerWorker is 0.0"),
        (processes { $0.memoryPerWorker = .nan }, "memoryPerWorker is nan"),
        (processes { $0.affinity = .list([]) }, "for each worker"),
        (processes { $0.affinity = .list([[0], [-1]]) }, "processors, by number"),
        (
            processes {
                $0.workers = 3
                $0.affinity = .list([[0], [1]])
            }, "2 parts for 3 workers"
        ),
        (processes { $0.accelerators = .perWorker(["a,b"]) }, "no commas"),
        (processes { $0.accelerators = .perTask(["0", "0"]) }, "one device twice"),
        (processes { $0.nodeLabels = ["fast", "a b"] }, "nodeLabels: 'a b' is no label"),
        (processes { $0.nodeLabels = ["host=n1"] }, "each manager adds that itself"),
        (processes { $0.nodeLabels = (1...65).map { "l\($0)" } }, "65 labels are too many"),
    ]

    @Test("a value that cannot work is refused by name", arguments: wrong)
    func refused(configuration: WorkflowConfiguration, text: String) async throws {
        let error = await #expect(throws: WorkflowError.self) {
            try await Workflow.execute(configuration: configuration) {}
        }
        #expect(error?.code == .badConfiguration)
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }

    @Test("a monitoring file that cannot be written is named")
    func monitoringFile() async throws {
        var configuration = WorkflowConfiguration.threads(1)
        configuration.monitoring = .file("/nonexistent/monitoring.jsonl")
        await #expect {
            try await Workflow.execute(configuration: configuration) {}
        } throws: { error in
            "\(error)".contains("/nonexistent/monitoring.jsonl")
        }
    }

    @Test("a program's own value and error come through")
    func value() async throws {
        struct Own: Error, Equatable {}
        let value = try await Workflow.execute(configuration: .threads(1)) { 42 }
        #expect(value == 42)
        await #expect(throws: Own()) { try await Workflow.execute(configuration: .threads(1)) { throw Own() } }
    }

    @Test("the first executor's place can be read and changed, and a configuration of several keeps its labels")
    func placement() {
        var configuration = WorkflowConfiguration.threads(3)
        #expect(configuration.executors == [.threads("threads", 3)])
        configuration.placement = .processes(HighThroughputConfiguration(label: "x", workers: 1))
        #expect(configuration.executors.map(\.label) == ["x"])
        var several = WorkflowConfiguration(executors: [.local("big", workers: 2), .threads("small")])
        several.placement = .threads(4, throughCodec: false)
        #expect(several.executors == [.threads("big", 4), .threads("small")])
    }
}
