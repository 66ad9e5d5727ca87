public import DataFlow
public import HighThroughput
public import Provisioning

/// Where and how a workflow's calls run.
///
/// Changing one line moves a script from threads to processes.
public struct WorkflowConfiguration: Sendable, Equatable {
    /// Where calls run.
    public enum Placement: Sendable, Equatable {
        /// On threads of this process; with `throughCodec`, arguments and results are encoded on the way as well.
        case threads(Int, throughCodec: Bool)
        /// On worker processes, through an interchange and managers.
        case processes(HighThroughputConfiguration)
    }

    /// Where monitoring records go.
    public enum MonitoringDestination: Sendable, Equatable {
        /// Nowhere; nothing is measured.
        case off
        /// Into this file, one JSON object a line.
        case file(String)
    }

    /// When the line with tasks, workers, time and rate is printed at the end.
    public enum Summary: Sendable, Equatable {
        /// When standard error is a terminal.
        case onTerminal
        /// Always.
        case always
        /// Never.
        case never
    }

    /// When results of cached apps go into the run's checkpoint, `<runDirectory>/<run>/checkpoint/tasks.apus`.
    public enum CheckpointMode: Sendable, Equatable {
        /// Never; results are kept in memory, until the workflow ends.
        case never
        /// Each at once, before the program sees it: after a crash only what was running runs again.
        case taskExit
        /// All new ones, so often, and at the end.
        case periodic(Duration)
        /// All at the end.
        case atExit
        /// When the program calls `Workflow.checkpoint()`.
        case manual
    }

    /// Which results of earlier runs are used.
    public enum CheckpointLoading: Sendable, Equatable {
        /// None.
        case none
        /// Those of the newest run that has a checkpoint. What is used of it is recorded again.
        case latest
        /// Those of all runs in `runDirectory`, newer over older ones.
        case all
        /// Those in these files, later over earlier ones.
        case files([String])
    }

    /// What happens to calls that have not ended when the workflow's body returns.
    public enum ExitMode: Sendable, Equatable {
        /// They are awaited.
        case wait
        /// They are taken back; those that run are asked to stop, and then stopped.
        case cancel
        /// They are given up with their executors, at once.
        case skip
    }

    /// What happens to calls that run when the program is interrupted: by Ctrl-C, or by SIGTERM.
    public enum InterruptMode: Sendable, Equatable {
        /// They are asked to stop, and then stopped.
        case cancel
        /// They are awaited; calls that wait are taken back.
        case drain
    }

    /// The executors, at least one: the first runs apps that name none.
    public var executors: [ExecutorConfiguration]
    /// How many unfinished calls each executor may have that says nothing else; `nil`: any number.
    ///
    /// A call beyond it fails; `submit` waits for room.
    public var maxUnfinishedTasks: Int?
    /// What happens to calls that have not ended when the body returns.
    public var exitMode: ExitMode
    /// What happens to calls that run when the program is interrupted.
    public var onInterrupt: InterruptMode
    /// How often a failed call is tried again; with a `retryHandler`, what its failures may cost together.
    public var retries: Int
    /// Says what a failure costs of `retries`; `nil`: 1.
    public var retryHandler: RetryHandler?
    /// How often a call is tried again whose worker or manager was lost.
    public var lostRetries: Int
    /// Where monitoring records go.
    public var monitoring: MonitoringDestination
    /// Where the runs' directories are made (`000`, `001`, …), as Parsl does.
    public var runDirectory: String
    /// Whether a progress line is shown on standard error.
    public var progress: Bool
    /// When the summary line is printed.
    public var summary: Summary
    /// When results of cached apps are written down for later runs.
    public var checkpoint: CheckpointMode
    /// Which results of earlier runs are used; `nil`: `.all` when this run writes a checkpoint, else `.none`.
    public var checkpointLoading: CheckpointLoading?
    /// Whether results are used again only by the very build of the program that made them.
    public var strictCache: Bool
    /// How files reach the apps, and where they are put.
    public var files: FileStaging
    private var furtherProviders = ProviderTypes()

    /// Providers of other products that settings from elsewhere may name: a file, or `apus run --config`.
    ///
    /// Kinds whose providers are in `Apus` itself need no mention.
    public var providers: [any DescribedProvider.Type] {
        get { furtherProviders.types }
        set { furtherProviders.types = newValue }
    }

    /// A configuration; the defaults are Parsl's, but for `lostRetries`, of which Parsl has none.
    ///
    /// - Parameter placement: where calls run.
    public init(_ placement: Placement) { self.init(executors: [ExecutorConfiguration(placement)]) }

    /// A configuration with several executors.
    ///
    /// - Parameter executors: at least one; the first runs apps that name none.
    public init(executors: [ExecutorConfiguration]) {
        self.executors = executors
        maxUnfinishedTasks = nil
        exitMode = .wait
        onInterrupt = .cancel
        retries = 0
        retryHandler = nil
        lostRetries = 1
        monitoring = .off
        runDirectory = "runinfo"
        progress = true
        summary = .onTerminal
        checkpoint = .never
        checkpointLoading = nil
        strictCache = false
        files = FileStaging()
    }

    /// Where calls run that name no executor: the first executor's place.
    ///
    /// A configuration of one executor takes that one's label from its place.
    public var placement: Placement {
        get { executors.first?.placement ?? .threads(0, throughCodec: false) }
        set {
            var first = ExecutorConfiguration(newValue)
            first.maxUnfinishedTasks = executors.first?.maxUnfinishedTasks
            if executors.count > 1 { first.label = executors[0].label }
            executors = [first] + executors.dropFirst()
        }
    }

    /// Worker processes on this machine.
    ///
    /// - Parameter workers: how many; `nil` starts one for each core.
    public static func local(workers: Int? = nil) -> Self {
        Self(.processes(HighThroughputConfiguration(workers: workers)))
    }

    /// Worker processes, described in full.
    ///
    /// - Parameter configuration: where the workers are and how they are reached.
    public static func processes(_ configuration: HighThroughputConfiguration) -> Self {
        Self(.processes(configuration))
    }

    /// Worker processes in batch jobs of Slurm.
    ///
    /// - Parameters:
    ///   - provider: the jobs: how many, how large, how long.
    ///   - workersPerNode: worker processes on each node; `nil` starts one for each of its processors.
    public static func slurm(_ provider: SlurmProvider = SlurmProvider(), workersPerNode: Int? = nil) -> Self {
        blocks(of: provider, workersPerNode: workersPerNode)
    }

    /// Worker processes in blocks of any provider.
    ///
    /// - Parameters:
    ///   - provider: where blocks come from, how many, and how large.
    ///   - workersPerNode: worker processes on each node; `nil` starts one for each of its processors.
    public static func blocks(of provider: any Provider, workersPerNode: Int? = nil) -> Self {
        Self(.processes(HighThroughputConfiguration(provider: provider, workersPerNode: workersPerNode)))
    }

    /// Threads of this process: for tests.
    ///
    /// - Parameters:
    ///   - count: how many calls run at once.
    ///   - throughCodec: whether arguments and results are encoded on the way as well.
    public static func threads(_ count: Int = 2, throughCodec: Bool = false) -> Self {
        Self(.threads(count, throughCodec: throughCodec))
    }

    /// The same configuration, with ``providers`` that the program has beside those of `Apus`.
    ///
    /// - Parameter providers: their types: `[KubernetesProvider.self]`.
    public func knowing(_ providers: [any DescribedProvider.Type]) -> Self {
        var configuration = self
        configuration.providers = providers
        return configuration
    }

    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    package var fault: String? {
        if retries < 0 { return "retries is \(retries); it is 0 or more" }
        if lostRetries < 0 { return "lostRetries is \(lostRetries); it is 0 or more" }
        if runDirectory.isEmpty { return "runDirectory is empty; name a directory" }
        if let fault = files.fault { return fault }
        if case .periodic(let period) = checkpoint, period < .milliseconds(10) {
            return "checkpoint is .periodic(\(period)); the period is 10 ms or longer"
        }
        if case .files(let paths) = checkpointLoading, paths.isEmpty {
            return "checkpointLoading is .files of no file; name one, or set .none"
        }
        if let maxUnfinishedTasks, maxUnfinishedTasks < 1 {
            return "maxUnfinishedTasks is \(maxUnfinishedTasks); it is 1 or more"
        }
        if executors.isEmpty { return "executors is empty; name one" }
        let labels = executors.map(\.label)
        if let twice = labels.first(where: { label in labels.count { $0 == label } > 1 }) {
            return "executors has the label '\(twice)' more than once; apps ask for an executor by its label"
        }
        return executors.lazy.compactMap(\.fault).first
    }
}
