/// Blocks are batch jobs of Torque, or of the wrappers that Slurm has for its commands.
public struct TorqueProvider: Provider {
    /// The account that is charged.
    public var account: String?
    /// The queue; `nil` is the server's default.
    public var queue: String?
    /// Processors of one node, where that is known.
    public var coresPerNode: Int?
    /// Lines that are put into the script as they stand: `#PBS -l mem=4gb`.
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

    /// Blocks of Torque; the defaults are Parsl's but for the launcher, which is `AprunLauncher` there.
    public init(
        account: String? = nil, queue: String? = nil, coresPerNode: Int? = nil, schedulerOptions: String = "",
        workerInit: String = "", launcher: any Launcher = SingleNodeLauncher(),
        commandDirectory: String? = nil,
        commandTimeout: Duration = .seconds(120), statusBatchSize: Int = 50,
        statusPollingInterval: Duration = .seconds(60),
        blocks: BlockParameters = BlockParameters(walltime: .seconds(1200))
    ) {
        self.account = account
        self.queue = queue
        self.coresPerNode = coresPerNode
        self.schedulerOptions = schedulerOptions
        self.workerInit = workerInit
        self.commandDirectory = commandDirectory
        self.commandTimeout = commandTimeout
        self.statusBatchSize = statusBatchSize
        self.statusPollingInterval = statusPollingInterval
        self.blocks = blocks
        box = LauncherBox(launcher: launcher)
    }

    /// Torque.
    public var label: String { "torque" }
    /// How the manager comes to all nodes.
    public var launcher: any Launcher {
        get { box.launcher }
        set { box.launcher = newValue }
    }

    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    public var fault: String? {
        ProviderChecks.fault(
            blocks, commandTimeout: commandTimeout, statusBatchSize: statusBatchSize,
            words: [("account", account), ("queue", queue)],
            numbers: [("coresPerNode", coresPerNode.map(Double.init))])
    }

    private var commands: PBSCommands {
        PBSCommands(statusOptions: ["-f"], directory: commandDirectory, timeout: commandTimeout)
    }

    /// Writes the job's script and gives it to `qsub`.
    public func submit(_ job: JobRequest) async throws -> JobID {
        try JobScript.write(PBSScript.render(self, job), for: job)
        // Slurm's qsub reads no `#PBS -o` and `-e`; on the command line both kinds know them.
        let output = ["-o", job.outputPath, "-e", job.errorPath]
        return try await commands.submit(
            job, options: PBSScript.submitOptions(queue: queue, account: account) + output)
    }

    /// Asks `qstat -f`; a job that is over stays there for `keep_completed` seconds (300 by default).
    public func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
        try await commands.status(of: jobs, batch: statusBatchSize)
    }

    /// Ends jobs with `qdel`.
    public func cancel(_ jobs: [JobID]) async throws { try await commands.cancel(jobs, batch: statusBatchSize) }
}
