import Apus
import ArgumentParser
import DataFlow
import FoundationEssentials
import HighThroughput
import Launch
import SystemSupport

/// `apus perf`: how fast tasks go through the whole path on this machine.
struct PerfCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "perf",
        abstract: "Measures throughput, latency, processor time and memory with tasks that do nothing.",
        discussion: """
            Starts an interchange, a manager and workers on this machine and sends tasks through them: first all at \
            once, then one at a time. A figure is worth most as the median of several runs on a quiet machine.

              apus perf --tasks 100000 --workers 2
              apus perf --tasks 20 --payload 50000000 --returns 50000000 --sequential 0
            """)

    @Option(help: ArgumentHelp("Tasks sent at once.", valueName: "count"))
    var tasks = 10_000

    @Option(help: ArgumentHelp("Tasks sent one at a time, after the others.", valueName: "count"))
    var sequential = 1_000

    @Option(help: ArgumentHelp("Worker processes.", valueName: "count"))
    var workers = 2

    @Option(help: ArgumentHelp("Bytes of each task's argument.", valueName: "bytes"))
    var payload = 0

    @Option(help: ArgumentHelp("Bytes of each task's result.", valueName: "bytes"))
    var returns = 0

    @Flag(inversion: .prefixedNo, help: "Encrypt and authenticate every connection (CURVE).")
    var curve = true

    @Flag(help: "Write start and end of every task into perf-monitoring.jsonl.")
    var monitoring = false

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @Option(help: ArgumentHelp("Where the run's logs go; removed at the end if not named.", valueName: "directory"))
    var runDirectory: String?

    func validate() throws {
        for (name, value, least) in [
            ("--tasks", tasks, 1), ("--sequential", sequential, 0), ("--workers", workers, 1),
            ("--payload", payload, 0), ("--returns", returns, 0),
        ] where value < least {
            throw ValidationError("\(name) is \(value); \(least) or more is accepted")
        }
        if workers > 4096 { throw ValidationError("--workers is \(workers); at most 4096 are accepted") }
        for (name, value) in [("--payload", payload), ("--returns", returns)] where value > 256 << 20 {
            throw ValidationError("\(name) is \(value); one encoded value is at most 256 MiB")
        }
    }

    func run() async throws {
        var processes = HighThroughputConfiguration(workers: workers, encrypted: curve)
        processes.echo = false
        var configuration = WorkflowConfiguration.processes(processes)
        configuration.progress = false
        configuration.summary = .never
        let directory = runDirectory ?? "/tmp/apus-perf-\(CurrentProcess.pid)"
        configuration.runDirectory = directory
        if monitoring { configuration.monitoring = .file("perf-monitoring.jsonl") }
        let measurement = PerfMeasurement(
            tasks: tasks, sequential: sequential, workers: workers, payload: payload, returns: returns)
        let report = try await Workflow.execute(configuration: configuration) {
            try await measurement.run(encryption: curve ? "curve" : "plain")
        }
        if runDirectory == nil { try? FileManager.default.removeItem(atPath: directory) }
        StandardStreams.output(json ? report.json + "\n" : report.text)
    }
}
