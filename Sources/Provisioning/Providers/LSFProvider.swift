import Commands

/// Blocks are batch jobs of LSF.
public struct LSFProvider: Provider {
    /// What is asked of LSF for one block.
    public enum Resources: Sendable, Hashable {
        /// Whole nodes (`-nnodes`), as many as a block has.
        case nodes
        /// Processors (`-n`), so many on each node (`span[ptile=…]`).
        case cores(perBlock: Int, perNode: Int)
    }

    /// The project that is charged.
    public var project: String?
    /// The queue; `nil` is the cluster's default.
    public var queue: String?
    /// Whether nodes or processors are asked for.
    public var resources: Resources
    /// Whether the script is given to `bsub` on its standard input.
    ///
    /// `bsub` reads `#BSUB` lines of a script only so, unless the cluster sets `LSB_BSUB_PARSE_SCRIPT`.
    public var redirectsScript: Bool
    /// Lines that are put into the script as they stand: `#BSUB -alloc_flags smt1`.
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
    /// How many blocks, and how large; with ``Resources/cores(perBlock:perNode:)`` the nodes follow from the processors.
    public var blocks: BlockParameters
    private var box: LauncherBox

    /// Blocks of LSF; the defaults are Parsl's but for `redirectsScript`, which is false there.
    public init(
        project: String? = nil, queue: String? = nil, resources: Resources = .nodes, redirectsScript: Bool = true,
        schedulerOptions: String = "", workerInit: String = "", launcher: any Launcher = SingleNodeLauncher(),
        commandDirectory: String? = nil,
        commandTimeout: Duration = .seconds(120), statusBatchSize: Int = 50,
        statusPollingInterval: Duration = .seconds(60),
        blocks: BlockParameters = BlockParameters(walltime: .seconds(600))
    ) {
        self.project = project
        self.queue = queue
        self.resources = resources
        self.redirectsScript = redirectsScript
        self.schedulerOptions = schedulerOptions
        self.workerInit = workerInit
        self.commandDirectory = commandDirectory
        self.commandTimeout = commandTimeout
        self.statusBatchSize = statusBatchSize
        self.statusPollingInterval = statusPollingInterval
        self.blocks = blocks
        if case .cores(let perBlock, let perNode) = resources, perNode > 0, perBlock > 0 {
            self.blocks.nodesPerBlock = (perBlock + perNode - 1) / perNode
        }
        box = LauncherBox(launcher: launcher)
    }

    /// LSF.
    public var label: String { "lsf" }
    /// Processors asked for on each node.
    public var coresPerNode: Int? {
        if case .cores(_, let perNode) = resources { perNode } else { nil }
    }
    /// How the manager comes to all nodes.
    public var launcher: any Launcher {
        get { box.launcher }
        set { box.launcher = newValue }
    }

    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    public var fault: String? {
        if case .cores(let perBlock, let perNode) = resources {
            if perBlock < 1 { return "resources.perBlock is \(perBlock); it is positive" }
            if perNode < 1 { return "resources.perNode is \(perNode); it is positive" }
        }
        return ProviderChecks.fault(
            blocks, commandTimeout: commandTimeout, statusBatchSize: statusBatchSize,
            words: [("project", project), ("queue", queue)])
    }

    private func program(_ name: String) -> String { ProviderChecks.program(name, in: commandDirectory) }

    /// Writes the job's script and gives it to `bsub`.
    public func submit(_ job: JobRequest) async throws -> JobID {
        try JobScript.write(LSFScript.render(self, job), for: job)
        let command =
            redirectsScript
            ? SchedulerCommand(
                "/bin/sh", ["-c", "exec \(ShellQuote.quote(program("bsub"))) < \(ShellQuote.quote(job.scriptPath))"],
                timeout: commandTimeout)
            : SchedulerCommand(program("bsub"), [job.scriptPath], timeout: commandTimeout)
        let outcome = try await command.outcome()
        if redirectsScript, outcome.exitCode == 127 {
            throw ProviderError(
                .commandNotFound,
                "there is no 'bsub' on PATH; run the workflow on a host with LSF's commands, or load their module first",
                command: command.text, output: outcome.standardError)
        }
        guard outcome.exitCode == 0 else {
            throw command.refusal(outcome, remedy: "the script is \(job.scriptPath); `bqueues` lists the queues")
        }
        guard let id = LSFAnswers.jobID(outcome.standardOutput) else {
            throw ProviderChecks.noJobNumber(command, outcome)
        }
        return id
    }

    /// Asks `bjobs`; it knows a job for `CLEAN_PERIOD` (an hour by default) after its end.
    public func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
        var result: [JobID: JobStatus] = [:]
        for names in ProviderChecks.batches(jobs, of: statusBatchSize) {
            let command = SchedulerCommand(
                program("bjobs"), ["-noheader", "-o", "jobid stat exit_code exit_reason delimiter='|'"] + names,
                timeout: commandTimeout, repeats: 2)
            let outcome = try await command.outcome()
            let complaints = outcome.standardError.split(separator: "\n").filter { !$0.contains("is not found") }
            let answers = LSFAnswers.status(outcome.standardOutput)
            if answers.isEmpty, outcome.exitCode != 0, !complaints.isEmpty || outcome.standardError.isEmpty {
                throw command.refusal(outcome, remedy: "run it by hand; mbatchd may be down")
            }
            if answers.isEmpty, outcome.exitCode == 0, !outcome.standardOutput.allSatisfy(\.isWhitespace) {
                throw ProviderError(
                    .unreadableAnswer, "bjobs printed no job that can be read", command: command.text,
                    output: outcome.standardError + outcome.standardOutput)
            }
            result.merge(answers) { $1 }
        }
        return result
    }

    /// Ends jobs with `bkill`.
    public func cancel(_ jobs: [JobID]) async throws {
        for names in ProviderChecks.batches(jobs, of: statusBatchSize) {
            let command = SchedulerCommand(program("bkill"), names, timeout: commandTimeout, repeats: 2)
            let outcome = try await command.outcome()
            guard outcome.exitCode != 0 else { continue }
            let lines = (outcome.standardOutput + "\n" + outcome.standardError).split(separator: "\n")
            let refused = lines.filter { line in
                !["already finished", "No matching job found", "is being terminated", "is not found"]
                    .contains { line.contains($0) }
            }
            if lines.isEmpty || !refused.isEmpty { throw command.refusal(outcome) }
        }
    }
}
