import DataFlow
import HighThroughput
import Monitoring
import SystemSupport
import WorkflowCore

/// What one run consists of: a directory, executors, a kernel, a monitoring sink.
final class WorkflowRun: Sendable {
    let kernel: DataFlowKernel
    let executors: [any Executor]
    private let context: ExecutorContext
    private let sink: MonitoringFile?

    init(_ configuration: WorkflowConfiguration) throws {
        let runID = RunID(RandomUUID.make())
        let table = try AppRegistry.sealedTable()
        let sink: MonitoringFile? =
            if case .file(let path) = configuration.monitoring { try MonitoringFile(path: path) } else { nil }
        self.sink = sink
        let directory: String
        switch configuration.placement {
        case .threads(let count, let throughCodec):
            // Threads need no directory but for a checkpoint.
            directory =
                configuration.checkpoint == .never
                ? configuration.runDirectory : try RunDirectory.make(in: configuration.runDirectory)
            executors = [ThreadPoolExecutor(threads: count, throughCodec: throughCodec)]
        case .processes(let processes):
            directory = try RunDirectory.make(in: configuration.runDirectory)
            executors = [HighThroughputExecutor(processes)]
        }
        var record: (@Sendable (MonitoringEvent) -> Void)?
        if let sink { record = { event in sink.record(event) } }
        context = ExecutorContext(runID: runID, runDirectory: directory, table: table, monitoring: record)
        kernel = DataFlowKernel(
            context: context, executors: executors, retries: configuration.retries,
            lostRetries: configuration.lostRetries,
            memoizer: try CheckpointSetup.memoizer(configuration, run: directory, table: table),
            files: configuration.files)
    }

    func start() async throws {
        for executor in executors { try await executor.start(context) }
    }

    /// Fails what no executor has yet.
    func cancel() { kernel.cancelWaiting() }

    /// Kills every child at once.
    func kill() {
        for case let executor as HighThroughputExecutor in executors { executor.kill() }
    }

    /// Ends everything that was started.
    func stop() async {
        await kernel.shutdown()
        sink?.close()
    }
}

/// The numbered directories of runs: `runinfo/000`, `runinfo/001`, … as Parsl makes them, but private.
enum RunDirectory {
    /// Makes the next directory and returns its absolute path.
    static func make(in parent: String) throws -> String {
        let parent = Directory.absolute(parent)
        let remedy = "set `runDirectory` to a place this user may write to"
        try Directory.make(parent, mode: 0o755, remedy: remedy)
        if let path = try Directory.makeNumbered(in: parent, remedy: remedy) { return path }
        throw WorkflowError(
            .badConfiguration, "there are a million runs in \(parent); remove some, or set `runDirectory`")
    }
}

/// A version 4 UUID as text, without Foundation.
enum RandomUUID {
    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        var bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
        return groups.joined(separator: "-")
    }
}
