public import Provisioning
public import WorkflowCore

/// How calls run on worker processes: where the workers are, and how they are reached.
public struct HighThroughputConfiguration: Sendable, Equatable {
    /// How many tasks a manager holds beyond its workers.
    public enum Prefetch: Sendable, Equatable {
        /// The manager decides by how short the tasks are.
        case automatic
        /// This many.
        case fixed(Int)
    }

    /// Which of several managers with idle workers is given the next task.
    public enum Filling: Sendable, Equatable {
        /// The emptiest.
        case spread
        /// The fullest: one node is filled before the next is used, so that others stay idle and can be given back.
        case packed
    }

    /// The name in logs, and of the directory of logs within the run directory.
    public var label: String
    /// Worker processes on this machine, or on each node of a provider; there 0 is one for each processor of the node.
    public var workers: Int
    /// How many tasks the manager holds beyond its workers.
    public var prefetch: Prefetch
    /// Which of several managers with idle workers is given the next task.
    public var filling: Filling
    /// Processors for each worker, which bound their number; may be below 1.
    ///
    /// `nil` is 1, or no bound where `workers` is a number.
    public var coresPerWorker: Double?
    /// GiB of memory for each worker, which bound their number; `nil` when memory does not matter.
    public var memoryPerWorker: Double?
    /// Which processors each worker is bound to.
    public var affinity: CPUAffinity
    /// The accelerators of each node.
    public var accelerators: Accelerators
    /// How programs on several nodes of a block are started (MPI mode); `nil` for tasks on one node.
    ///
    /// One manager for each block hands out the block's nodes to tasks that ask for some (`resources: .init(nodes: 2)`);
    /// `workers` is then the most tasks of a block at one time. The provider's launcher is `SimpleLauncher`.
    public var mpiLauncher: MPILauncher?
    /// Labels of every node, such as `gpu=a100` or `fast-disk`; calls ask for them (`resources: .init(labels: […])`).
    ///
    /// A node can have more: the variable `APUS_NODE_LABELS` there, with commas between them, which `workerInit` may set.
    public var nodeLabels: [String]
    /// Whether every connection is encrypted and authenticated (CURVE).
    public var encrypted: Bool
    /// The address on which the interchange listens.
    ///
    /// `nil` is 127.0.0.1, enough for workers of this machine; `*` is every interface.
    public var address: String?
    /// Hosts on which `apus relay` forwards `workerPort`, for nodes that cannot reach this host.
    ///
    /// Managers try them beside the addresses of this host, and take what answers first.
    public var gateways: [String]
    /// The port on which it listens for managers; `nil` chooses one from `workerPortRange`.
    public var workerPort: Int?
    /// Where ports for managers are chosen (Parsl's default).
    public var workerPortRange: Range<Int>
    /// Where the executor's own ports are chosen (Parsl's default).
    public var interchangePortRange: Range<Int>
    /// Whether lines that tasks print are shown at once; `nil` does so when the program runs on a terminal.
    public var echo: Bool?
    /// Bytes of unfinished task messages beyond the submitting process, or one task if that is larger: 128 MiB.
    public var maximumUnfinishedBytes: Int
    /// Seconds between heartbeats.
    public var heartbeatPeriod: Double
    /// Seconds of silence after which a process counts as lost.
    public var heartbeatThreshold: Double
    /// Seconds that a task may go on after it was asked to stop, by a cancellation or at its walltime.
    ///
    /// Then its worker process is killed and replaced. With 0 it is killed at once.
    public var cancelGrace: Double
    /// Time after its start at which a manager takes no new tasks, finishes what it has, and ends; `nil` is never.
    ///
    /// A little less than the walltime of blocks keeps short tasks from being cut off by it; see `drainsBeforeWalltime`.
    public var drainPeriod: Duration?
    /// Whether managers of blocks with a walltime take no new tasks shortly before it, when `drainPeriod` is `nil`.
    ///
    /// The last tenth of the walltime is left for tasks that run, at least ten seconds and at most five minutes; a walltime
    /// under a minute is too short to be divided.
    public var drainsBeforeWalltime: Bool
    /// How often a local manager that died is started again.
    public var managerRestarts: Int
    /// Whether the interchange logs each task.
    public var debugLog: Bool
    /// When blocks of a provider are asked for and given back.
    public var strategy: ScalingStrategy
    /// How often the strategy looks at tasks, workers and blocks (Parsl's default is 5 s).
    ///
    /// The first call after a rest, a job's end and a manager that comes or goes are looked at within 0.1 s.
    public var strategyPeriod: Duration
    /// How long a block, or with ``ScalingStrategy/simple`` the whole executor, is idle before it is given back.
    public var maxIdleTime: Duration
    /// How long a block that is given back may go on with the tasks it has; `nil` waits for them, however long.
    ///
    /// Blocks are chosen for being idle, so there are such tasks only when the last one came at that very moment.
    public var drainLimit: Duration?
    /// When an executor whose blocks fail is given up, so that its calls end with what the scheduler said.
    public var blockErrorHandler: BlockErrorHandler
    /// How the program's file comes to nodes that see the files of this host.
    ///
    /// `.copied` lets each node keep a copy on its own disk, so that hundreds of nodes do not read it from a shared file
    /// system at each start.
    public var executable: ExecutablePlacement
    /// Where blocks come from; `nil` is this machine without any.
    var blockSource: BlockSource?

    /// Workers on this machine.
    ///
    /// - Parameters:
    ///   - label: the name in logs.
    ///   - workers: worker processes; `nil` starts one for each core.
    ///   - encrypted: whether connections use CURVE.
    public init(label: String = "htex", workers: Int? = nil, encrypted: Bool = true) {
        self.label = label
        self.workers = workers ?? HighThroughputConfiguration.coreCount
        prefetch = .automatic
        filling = .spread
        affinity = .none
        drainsBeforeWalltime = true
        accelerators = Accelerators()
        nodeLabels = []
        self.encrypted = encrypted
        gateways = []
        workerPortRange = 54_000..<55_000
        interchangePortRange = 55_000..<56_000
        maximumUnfinishedBytes = 128 << 20
        heartbeatPeriod = 2
        heartbeatThreshold = 10
        cancelGrace = 5
        managerRestarts = 3
        debugLog = false
        strategy = .simple
        strategyPeriod = .seconds(5)
        maxIdleTime = .seconds(120)
        blockErrorHandler = .failedStarts()
        executable = .shared
    }
}
