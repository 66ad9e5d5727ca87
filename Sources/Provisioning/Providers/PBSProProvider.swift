/// Blocks are batch jobs of PBS Pro or OpenPBS.
public struct PBSProProvider: Provider {
    /// The account that is charged.
    public var account: String?
    /// The queue; `nil` is the server's default.
    public var queue: String?
    /// What comes after `select=N:ncpus=C`: `ngpus=4`, with or without a colon before it.
    public var selectOptions: String
    /// Processors of one node.
    public var cpusPerNode: Int
    /// Lines that are put into the script as they stand: `#PBS -l filesystems=home`.
    public var schedulerOptions: String
    /// Shell text that runs before the manager starts: `module load gcc`.
    public var workerInit: String
    /// Where the scheduler's commands are; `nil` looks on PATH.
    public var commandDirectory: String?
    /// How long one of the commands may take.
    public var commandTimeout: Duration
    /// Jobs in one question about states.
    public var statusBatchSize: Int
    /// How often the state of jobs is asked for.
    public var statusPollingInterval: Duration
    /// How many blocks, and how large.
    public var blocks: BlockParameters
    private var box: LauncherBox

    /// Blocks of PBS Pro; the defaults are Parsl's.
    public init(
        account: String? = nil, queue: String? = nil, selectOptions: String = "", cpusPerNode: Int = 1,
        schedulerOptions: String = "", workerInit: String = "", launcher: any Launcher = SingleNodeLauncher(),
        commandDirectory: String? = nil,
        commandTimeout: Duration = .seconds(120), statusBatchSize: Int = 50,
        statusPollingInterval: Duration = .seconds(60),
        blocks: BlockParameters = BlockParameters(walltime: .seconds(1200))
    ) {
        self.account = account
        self.queue = queue
        self.selectOptions = selectOptions
        self.cpusPerNode = cpusPerNode
        self.schedulerOptions = schedulerOptions
        self.workerInit = workerInit
        self.commandDirectory = commandDirectory
        self.commandTimeout = commandTimeout
        self.statusBatchSize = statusBatchSize
        self.statusPollingInterval = statusPollingInterval
        self.blocks = blocks
        box = LauncherBox(launcher: launcher)
    }

    /// PBS Pro.
    public var label: String { "pbspro" }
    /// The processors asked for; one is taken for "not said".
    public var coresPerNode: Int? { cpusPerNode > 1 ? cpusPerNode : nil }
    /// How the manager comes to all nodes.
    public var launcher: any Launcher {
        get { box.launcher }
        set { box.launcher = newValue }
    }

    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    public var fault: String? {
        ProviderChecks.fault(
            blocks, commandTimeout: commandTimeout, statusBatchSize: statusBatchSize,
            words: [
                ("account", account), ("queue", queue), ("selectOptions", selectOptions.isEmpty ? nil : selectOptions),
            ], numbers: [("cpusPerNode", Double(cpusPerNode))])
    }

    private var commands: PBSCommands {
        PBSCommands(statusOptions: ["-x", "-f"], directory: commandDirectory, timeout: commandTimeout)
    }

    /// Writes the job's script and gives it to `qsub`.
    public func submit(_ job: JobRequest) async throws -> JobID {
        try JobScript.write(PBSScript.render(self, job), for: job)
        return try await commands.submit(job, options: PBSScript.submitOptions(queue: queue, account: account))
    }

    /// Asks `qstat -x`, which knows jobs that are over as well, as long as the server keeps their history.
    public func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
        try await commands.status(of: jobs, batch: statusBatchSize)
    }

    /// Ends jobs with `qdel`.
    public func cancel(_ jobs: [JobID]) async throws { try await commands.cancel(jobs, batch: statusBatchSize) }
}
