/// Blocks are batch jobs of Grid Engine (Son of Grid Engine, Univa, Open Grid Scheduler).
public struct GridEngineProvider: Provider {
    /// The queue; `nil` lets Grid Engine choose.
    public var queue: String?
    /// The parallel environment, and with it ``slots``; `nil` asks for one slot.
    public var parallelEnvironment: String?
    /// Slots of the parallel environment.
    public var slots: Int
    /// Processors of one node, where that is known.
    public var coresPerNode: Int?
    /// Lines that are put into the script as they stand: `#$ -l mem_free=4G`.
    public var schedulerOptions: String
    /// Shell text that runs before the manager starts: `module load gcc`.
    public var workerInit: String
    /// Where the scheduler's commands are; `nil` looks on PATH.
    public var commandDirectory: String?
    /// How long one of Grid Engine's commands may take.
    public var commandTimeout: Duration
    /// How often the state of jobs is asked for.
    public var statusPollingInterval: Duration
    /// How many blocks, and how large.
    public var blocks: BlockParameters
    private var box: LauncherBox

    /// Blocks of Grid Engine; the defaults are Parsl's, where it has them.
    public init(
        queue: String? = nil, parallelEnvironment: String? = nil, slots: Int = 1, coresPerNode: Int? = nil,
        schedulerOptions: String = "", workerInit: String = "", launcher: any Launcher = SingleNodeLauncher(),
        commandDirectory: String? = nil,
        commandTimeout: Duration = .seconds(60), statusPollingInterval: Duration = .seconds(60),
        blocks: BlockParameters = BlockParameters(walltime: .seconds(600))
    ) {
        self.queue = queue
        self.parallelEnvironment = parallelEnvironment
        self.slots = slots
        self.coresPerNode = coresPerNode
        self.schedulerOptions = schedulerOptions
        self.workerInit = workerInit
        self.commandDirectory = commandDirectory
        self.commandTimeout = commandTimeout
        self.statusPollingInterval = statusPollingInterval
        self.blocks = blocks
        box = LauncherBox(launcher: launcher)
    }

    /// Grid Engine.
    public var label: String { "grid-engine" }
    /// How the manager comes to all nodes.
    public var launcher: any Launcher {
        get { box.launcher }
        set { box.launcher = newValue }
    }

    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    public var fault: String? {
        ProviderChecks.fault(
            blocks, commandTimeout: commandTimeout,
            words: [("queue", queue), ("parallelEnvironment", parallelEnvironment)],
            numbers: [("slots", Double(slots)), ("coresPerNode", coresPerNode.map(Double.init))])
    }

    private func program(_ name: String) -> String { ProviderChecks.program(name, in: commandDirectory) }

    /// Writes the job's script and gives it to `qsub`.
    public func submit(_ job: JobRequest) async throws -> JobID {
        try JobScript.write(GridEngineScript.render(self, job), for: job)
        let command = SchedulerCommand(program("qsub"), ["-terse", job.scriptPath], timeout: commandTimeout)
        let outcome = try await command.outcome()
        guard outcome.exitCode == 0 else {
            throw command.refusal(outcome, remedy: "the script is \(job.scriptPath); `qconf -sql` lists the queues")
        }
        guard let id = GridEngineAnswers.jobID(outcome.standardOutput) else {
            throw ProviderChecks.noJobNumber(command, outcome)
        }
        return id
    }

    /// Asks `qstat` once, and `qacct` for each job that it does not list any more.
    ///
    /// A job leaves `qstat` at its end; only the accounting knows how it ended, some seconds later.
    public func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
        guard !jobs.isEmpty else { return [:] }
        let command = SchedulerCommand(program("qstat"), [], timeout: commandTimeout, repeats: 2)
        let output = try await command.output()
        guard output.allSatisfy(\.isWhitespace) || output.contains("job-ID") else {
            throw ProviderError(
                .unreadableAnswer, "qstat printed no table", command: command.text, output: output)
        }
        var result = GridEngineAnswers.queue(output).filter { jobs.contains($0.key) }
        for (job, status) in result where status.state == .failed {
            guard let reason = await discard(job) else { continue }
            result[job]?.reason = (status.reason.map { $0 + ": " } ?? "") + reason
        }
        for job in jobs where result[job] == nil {
            // One question for each job that ended: qacct takes one number.
            let command = SchedulerCommand(program("qacct"), ["-j", job.rawValue], timeout: commandTimeout)
            // Without accounting, or before its record is written, nothing is known of the job.
            guard let outcome = try? await command.outcome(), outcome.exitCode == 0 else { continue }
            result[job] = GridEngineAnswers.accounting(outcome.standardOutput, walltime: blocks.walltime)
        }
        return result
    }

    /// Takes a job that could not start out of the queue, where it would stay for ever; returns why it could not.
    private func discard(_ job: JobID) async -> String? {
        let question = SchedulerCommand(program("qstat"), ["-j", job.rawValue], timeout: commandTimeout)
        let reason = (try? await question.output()).flatMap { GridEngineAnswers.errorReason($0) }
        // The block is over either way; what cannot be removed is seen in the queue.
        try? await cancel([job])
        return reason
    }

    /// Ends jobs with `qdel`.
    public func cancel(_ jobs: [JobID]) async throws {
        guard !jobs.isEmpty else { return }
        let command = SchedulerCommand(program("qdel"), jobs.map(\.rawValue), timeout: commandTimeout, repeats: 2)
        let outcome = try await command.outcome()
        guard outcome.exitCode != 0 else { return }
        let lines = (outcome.standardOutput + "\n" + outcome.standardError).split(separator: "\n")
        // qdel(1) fails as a whole when one job is over already: `denied: job "7" does not exist`.
        let refused = lines.filter { line in
            !["does not exist", "has registered the job", "has deleted job", "already in deletion"]
                .contains { line.contains($0) }
        }
        if lines.isEmpty || !refused.isEmpty { throw command.refusal(outcome) }
    }
}
