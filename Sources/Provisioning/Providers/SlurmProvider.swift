/// Blocks are batch jobs of Slurm.
///
/// Tested with Slurm 22.05, with accounting and without. The submitting program runs where `sbatch`, `squeue` and
/// `scancel` work: on a login node, or within a job of its own.
public struct SlurmProvider: Provider {
    /// The partition; `nil` is the cluster's default, here and in the following.
    public var partition: String?
    /// The account that is charged.
    public var account: String?
    /// The quality of service.
    public var qos: String?
    /// Features that nodes must have, in Slurm's own notation: `haswell&ssd`.
    public var constraint: String?
    /// Clusters of a federation, separated by commas; the first that can start the job gets it.
    public var clusters: String?
    /// Processors for the manager of each node (`--cpus-per-task`).
    public var coresPerNode: Int?
    /// GiB of memory of each node (`--mem`).
    public var memoryPerNode: Double?
    /// GPUs of each node (`--gpus-per-node`).
    public var gpusPerNode: Int?
    /// Generic resources of each node, in Slurm's own notation: `gpu:a100:4`.
    public var gres: String?
    /// Whether a block has its nodes for itself.
    public var exclusive: Bool
    /// Whether Slurm starts a job again whose node failed; by default the executor asks for another block at once.
    public var requeue: Bool
    /// A signal before the walltime, in Slurm's own notation: `TERM@60`.
    ///
    /// It goes to every process of the job's steps: to managers, which end on SIGTERM, and to tasks.
    public var signal: String?
    /// Lines that are put into the script as they stand: `#SBATCH --mail-type=END`.
    public var schedulerOptions: String
    /// Shell text that runs on the first node before the manager starts: `module load gcc`.
    public var workerInit: String
    /// How the manager comes to all nodes.
    public var launcher: any Launcher
    /// Where Slurm's commands are; `nil` is on PATH.
    public var commandDirectory: String?
    /// How long one of Slurm's commands may take.
    public var commandTimeout: Duration
    /// Jobs in one question about states.
    public var statusBatchSize: Int
    /// How often the state of jobs is asked for.
    public var statusPollingInterval: Duration
    /// How many blocks, and how large.
    public var blocks: BlockParameters

    /// Blocks of Slurm; the defaults are Parsl's, where it has them.
    public init(
        partition: String? = nil, account: String? = nil, qos: String? = nil, constraint: String? = nil,
        clusters: String? = nil, coresPerNode: Int? = nil, memoryPerNode: Double? = nil, gpusPerNode: Int? = nil,
        gres: String? = nil, exclusive: Bool = true, requeue: Bool = false,
        signal: String? = nil, schedulerOptions: String = "", workerInit: String = "",
        launcher: any Launcher = SrunLauncher(), commandDirectory: String? = nil,
        commandTimeout: Duration = .seconds(10), statusBatchSize: Int = 50,
        statusPollingInterval: Duration = .seconds(60),
        blocks: BlockParameters = BlockParameters(walltime: .seconds(600))
    ) {
        self.partition = partition
        self.account = account
        self.qos = qos
        self.constraint = constraint
        self.clusters = clusters
        self.coresPerNode = coresPerNode
        self.memoryPerNode = memoryPerNode
        self.gpusPerNode = gpusPerNode
        self.gres = gres
        self.exclusive = exclusive
        self.requeue = requeue
        self.signal = signal
        self.schedulerOptions = schedulerOptions
        self.workerInit = workerInit
        self.launcher = launcher
        self.commandDirectory = commandDirectory
        self.commandTimeout = commandTimeout
        self.statusBatchSize = statusBatchSize
        self.statusPollingInterval = statusPollingInterval
        self.blocks = blocks
    }

    /// Slurm.
    public var label: String { "slurm" }

    /// Whether all values are the same.
    public static func == (left: Self, right: Self) -> Bool {
        var (a, b) = (left, right)
        guard left.launcher.isEqual(to: right.launcher) else { return false }
        a.launcher = SimpleLauncher()
        b.launcher = SimpleLauncher()
        return a.values == b.values
    }

    /// All but the launcher, to be compared.
    private var values: [String] {
        let texts = [partition, account, qos, constraint, clusters, gres, signal, commandDirectory].map {
            $0.map { "=\($0)" } ?? "-"
        }
        return texts + [
            "\(String(describing: coresPerNode)) \(String(describing: memoryPerNode))",
            "\(String(describing: gpusPerNode)) \(exclusive) \(requeue)",
            schedulerOptions, workerInit, "\(commandTimeout) \(statusBatchSize) \(statusPollingInterval) \(blocks)",
        ]
    }

    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    public var fault: String? {
        if let fault = blocks.fault { return fault }
        if let coresPerNode, coresPerNode < 1 { return "coresPerNode is \(coresPerNode); it is positive" }
        if let memoryPerNode, memoryPerNode <= 0 { return "memoryPerNode is \(memoryPerNode); it is positive" }
        if let gpusPerNode, gpusPerNode < 0 { return "gpusPerNode is \(gpusPerNode); it is 0 or more" }
        if statusBatchSize < 1 { return "statusBatchSize is \(statusBatchSize); it is 1 or more" }
        if commandTimeout <= .zero { return "commandTimeout is \(commandTimeout); it is positive" }
        let words = [
            ("partition", partition), ("account", account), ("qos", qos), ("constraint", constraint),
            ("clusters", clusters), ("gres", gres), ("signal", signal), ("commandDirectory", commandDirectory),
        ]
        for case (let name, let value?) in words where value.isEmpty || value.contains(where: \.isNewline) {
            return "\(name) is '\(value)'; it is one line, and not empty"
        }
        return nil
    }

    /// Writes the job's script and gives it to `sbatch`.
    public func submit(_ job: JobRequest) async throws -> JobID {
        try JobScript.write(SlurmScript.render(self, job), for: job)
        let command = SchedulerCommand(
            program("sbatch"), ["--parsable", "--", job.scriptPath], timeout: commandTimeout)
        let failure: ProviderError
        switch await Self.submission(command) {
        case .success(let outcome):
            if outcome.exitCode == 0 { return try number(in: outcome, of: command) }
            failure = command.refusal(
                outcome, remedy: "the script is \(job.scriptPath); `sinfo` lists partitions and their limits")
            // A controller too busy to answer may have taken the job all the same.
            guard outcome.standardError.contains("timed out") else { throw failure }
        case .failure(let error):
            guard error.code == .timedOut else { throw error }
            failure = error
        }
        if let id = await adopted(job.name) { return id }
        throw failure
    }

    private static func submission(_ command: SchedulerCommand) async -> Result<SchedulerOutcome, ProviderError> {
        do throws(ProviderError) {
            return .success(try await command.outcome())
        } catch {
            return .failure(error)
        }
    }

    private func number(in outcome: SchedulerOutcome, of command: SchedulerCommand) throws(ProviderError) -> JobID {
        if let id = SlurmAnswers.jobID(outcome.standardOutput) { return id }
        throw ProviderError(
            .unreadableAnswer, "sbatch ended well, and printed no job number", command: command.text,
            output: outcome.standardError + outcome.standardOutput)
    }

    /// The job of this name, when Slurm has one: names hold the run and the block, so there is no other.
    private func adopted(_ name: String) async -> JobID? {
        let arguments = ["--noheader", "--format=%i", "--name=\(name)"] + clusterOption
        let output = try? await SchedulerCommand(program("squeue"), arguments, timeout: commandTimeout, repeats: 2)
            .output()
        return output.flatMap { SlurmAnswers.jobID($0) }
    }

    /// Asks `squeue`, and `sacct` for those jobs of which `squeue` says that they are over, or nothing.
    ///
    /// `squeue` goes first, because only it knows a job at once after `sbatch`, and knows that a job whose node failed
    /// waits to be started again; it forgets a job `MinJobAge` seconds after its end (300 by default), and `sacct`, where
    /// there is accounting, does not.
    public func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
        var result: [JobID: JobStatus] = [:]
        for start in stride(from: 0, to: jobs.count, by: max(1, statusBatchSize)) {
            let batch = jobs[start..<min(start + max(1, statusBatchSize), jobs.count)].map(\.rawValue)
            result.merge(try await statusOfBatch(batch)) { $1 }
        }
        return result
    }

    private func statusOfBatch(_ jobs: [String]) async throws -> [JobID: JobStatus] {
        let list = jobs.joined(separator: ",")
        let queue = SchedulerCommand(
            program("squeue"), ["--noheader", "--states=all", "--format=%i|%T|%r", "--jobs=\(list)"] + clusterOption,
            timeout: commandTimeout, repeats: 2)
        let outcome = try await queue.outcome()
        // With one job number that it has forgotten squeue fails; with several it leaves it out.
        guard outcome.exitCode == 0 || outcome.standardError.contains("Invalid job id") else {
            throw queue.refusal(outcome, remedy: "run it by hand; the controller (slurmctld) may be down")
        }
        var result = SlurmAnswers.queue(outcome.standardOutput)
        let open = jobs.filter { result[JobID($0)].map(\.state.isTerminal) ?? true }
        guard !open.isEmpty else { return result }
        let accounting = SchedulerCommand(
            program("sacct"),
            [
                "-X", "--noheader", "--parsable2", "--format=JobIDRaw,State,ExitCode",
                "--jobs=\(open.joined(separator: ","))",
            ]
                + clusterOption, timeout: commandTimeout)
        // Where there is no accounting sacct fails (exit code 1); what squeue says is all there is to know then.
        guard let records = try? await accounting.outcome(), records.exitCode == 0 else { return result }
        for (job, record) in SlurmAnswers.accounting(records.standardOutput) {
            guard let known = result[job] else {
                result[job] = record
                continue
            }
            // Accounting lags behind: a job that is over is not running again.
            if record.state.isTerminal {
                result[job] = JobStatus(
                    record.state, reason: SlurmAnswers.joined(record.reason, known.reason), exitCode: record.exitCode)
            }
        }
        return result
    }

    /// Ends jobs with `scancel`.
    public func cancel(_ jobs: [JobID]) async throws {
        for start in stride(from: 0, to: jobs.count, by: max(1, statusBatchSize)) {
            let batch = jobs[start..<min(start + max(1, statusBatchSize), jobs.count)].map(\.rawValue)
            let command = SchedulerCommand(
                program("scancel"), clusterOption + batch, timeout: commandTimeout, repeats: 2)
            let outcome = try await command.outcome()
            let complaints = outcome.standardError.split(separator: "\n").filter { line in
                // Both say that there is nothing left to cancel.
                !line.contains("Invalid job id") && !line.contains("already completing or completed")
            }
            if outcome.exitCode != 0, !complaints.isEmpty { throw command.refusal(outcome) }
        }
    }

    private func program(_ name: String) -> String { commandDirectory.map { "\($0)/\(name)" } ?? name }

    private var clusterOption: [String] { clusters.map { ["--clusters=\($0)"] } ?? [] }
}
