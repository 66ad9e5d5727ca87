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
    private let begun: BegunTasks?
    /// Whether the run has a directory of its own.
    private let hasDirectory: Bool
    private let channel = Locked<CommandChannel?>(nil)

    init(_ configuration: WorkflowConfiguration) throws {
        let runID = RunID(RandomUUID.make())
        let table = try AppRegistry.sealedTable()
        let sink: MonitoringFile? =
            if case .file(let path) = configuration.monitoring { try MonitoringFile(path: path) } else { nil }
        self.sink = sink
        try Self.checkLabels(configuration)
        let hasProcesses = configuration.executors.contains {
            if case .processes = $0.placement { true } else { false }
        }
        // Threads need no directory but for a checkpoint.
        hasDirectory = hasProcesses || configuration.checkpoint != .never
        let directory =
            hasDirectory
            ? try RunDirectory.make(in: configuration.runDirectory) : configuration.runDirectory
        executors = configuration.executors.map { executor -> any Executor in
            switch executor.placement {
            case .threads(let count, let throughCodec):
                return ThreadPoolExecutor(label: executor.label, threads: count, throughCodec: throughCodec)
            case .processes(var processes):
                processes.label = executor.label
                return HighThroughputExecutor(processes)
            }
        }
        let graces = configuration.executors.map { executor in
            if case .processes(let processes) = executor.placement { processes.cancelGrace } else { 5.0 }
        }
        cancelTime = .seconds((graces.max() ?? 0) + 5)
        var record: (@Sendable (MonitoringEvent) -> Void)?
        let begun = sink.map { _ in BegunTasks() }
        self.begun = begun
        if let sink, let begun {
            record = { event in
                begun.take(event)
                sink.record(event)
            }
        }
        context = ExecutorContext(runID: runID, runDirectory: directory, table: table, monitoring: record)
        kernel = DataFlowKernel(
            context: context, executors: executors, retries: configuration.retries,
            lostRetries: configuration.lostRetries, retryHandler: configuration.retryHandler,
            limits: configuration.limits,
            memoizer: try CheckpointSetup.memoizer(configuration, run: directory, table: table),
            files: configuration.files)
    }

    func start() async throws {
        openChannel()
        for executor in executors { try await executor.start(context) }
    }

    /// Lets operators ask; a run that cannot be asked goes on all the same, and its directory says why.
    private func openChannel() {
        guard hasDirectory else { return }
        let directory = context.runDirectory
        var card = RunCard(runID: context.runID)
        let desk = OperatorDesk(
            kernel: kernel, executors: executors, card: card, directory: directory, begun: begun)
        do throws(SystemError) {
            let opened = try CommandChannel(directory: directory) { desk.answer($0) }
            channel.withLock { $0 = opened }
        } catch {
            card.trouble = "\(error)"
        }
        try? card.write(in: directory)
    }

    /// Refuses apps that ask for an executor that there is not.
    private static func checkLabels(_ configuration: WorkflowConfiguration) throws {
        let labels = configuration.executors.map(\.label)
        let wrong = AppRegistry.executorWishes.filter { !labels.contains($0.key) }.sorted { $0.key < $1.key }
        guard let (label, app) = wrong.first else { return }
        throw WorkflowError(
            .unknownExecutor,
            "app '\(app)' is to run on executor '\(label)'; there are: "
                + labels.map { "'\($0)'" }.joined(separator: ", "))
    }

    /// Takes calls back when the program is interrupted.
    func interrupt(_ mode: WorkflowConfiguration.InterruptMode) {
        switch mode {
        case .cancel: kernel.cancelAll(by: .interrupt)
        case .drain: kernel.cancelWaiting(by: .interrupt)
        }
    }

    /// Ends everything after an interrupt: calls that run get their time.
    func stopInterrupted(_ mode: WorkflowConfiguration.InterruptMode) async {
        await kernel.waitForAll(atMost: mode == .drain ? nil : cancelTime)
        await stop()
    }

    /// Does with calls that have not ended what the configuration says.
    func finish(_ mode: WorkflowConfiguration.ExitMode) async {
        switch mode {
        case .wait:
            await kernel.waitForAll()
        case .cancel:
            kernel.cancelAll()
            await kernel.waitForAll(atMost: cancelTime)
        case .skip:
            kernel.cancelWaiting()
        }
    }

    /// How long calls that were taken back may take to end before their executors are stopped.
    ///
    /// More than these take to stop what does not stop by itself.
    private let cancelTime: Duration

    /// Kills every child at once.
    func kill() {
        for case let executor as HighThroughputExecutor in executors { executor.kill() }
    }

    /// Ends everything that was started.
    func stop() async {
        // First: executors that are shut down have nothing to tell.
        channel.withLock { $0 }?.close()
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
