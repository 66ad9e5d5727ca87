import Glibc
import SystemSupport

/// Blocks are batch jobs of HTCondor.
///
/// To Apus a slot is a node.
public struct CondorProvider: Provider {
    /// Processors of a slot (`request_cpus`); `nil` is the pool's default.
    public var coresPerSlot: Int?
    /// GiB of memory of a slot (`request_memory`).
    public var memoryPerSlot: Double?
    /// Variables of the job.
    public var environment: [String: String]
    /// The project that is charged (`+ProjectName`).
    public var project: String?
    /// Files and directories that are copied to the job's scratch directory, besides its script.
    public var transferInputFiles: [String]
    /// An expression that a slot must satisfy.
    public var requirements: String?
    /// Lines that are put into the submit description as they stand: `+WantGPU = true`.
    public var schedulerOptions: String
    /// Shell text that runs before the manager starts.
    public var workerInit: String
    /// Where the scheduler's commands are; `nil` looks on PATH.
    public var commandDirectory: String?
    /// How long one of the commands may take.
    public var commandTimeout: Duration
    /// Jobs in one call of a command.
    public var commandChunkSize: Int
    /// How often the state of jobs is asked for.
    public var statusPollingInterval: Duration
    /// How many blocks, and how large.
    public var blocks: BlockParameters
    private var box: LauncherBox

    /// Blocks of HTCondor; the defaults are Parsl's.
    public init(
        coresPerSlot: Int? = nil, memoryPerSlot: Double? = nil, environment: [String: String] = [:],
        project: String? = nil, transferInputFiles: [String] = [], requirements: String? = nil,
        schedulerOptions: String = "", workerInit: String = "", launcher: any Launcher = SingleNodeLauncher(),
        commandDirectory: String? = nil,
        commandTimeout: Duration = .seconds(60), commandChunkSize: Int = 100,
        statusPollingInterval: Duration = .seconds(60),
        blocks: BlockParameters = BlockParameters(walltime: .seconds(600))
    ) {
        self.coresPerSlot = coresPerSlot
        self.memoryPerSlot = memoryPerSlot
        self.environment = environment
        self.project = project
        self.transferInputFiles = transferInputFiles
        self.requirements = requirements
        self.schedulerOptions = schedulerOptions
        self.workerInit = workerInit
        self.commandDirectory = commandDirectory
        self.commandTimeout = commandTimeout
        self.commandChunkSize = commandChunkSize
        self.statusPollingInterval = statusPollingInterval
        self.blocks = blocks
        box = LauncherBox(launcher: launcher)
    }

    /// HTCondor.
    public var label: String { "condor" }
    /// The processors of a slot.
    public var coresPerNode: Int? { coresPerSlot }
    /// The memory of a slot.
    public var memoryPerNode: Double? { memoryPerSlot }
    /// How the manager comes to all nodes.
    public var launcher: any Launcher {
        get { box.launcher }
        set { box.launcher = newValue }
    }

    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    public var fault: String? {
        if let file = transferInputFiles.first(where: { $0.contains(",") || $0.contains(where: \.isNewline) }) {
            return "transferInputFiles holds '\(file)'; HTCondor separates names by commas"
        }
        if commandChunkSize < 1 { return "commandChunkSize is \(commandChunkSize); it is 1 or more" }
        return ProviderChecks.fault(
            blocks, commandTimeout: commandTimeout,
            words: [("project", project), ("requirements", requirements)],
            numbers: [("coresPerSlot", coresPerSlot.map(Double.init)), ("memoryPerSlot", memoryPerSlot)])
    }

    private func program(_ name: String) -> String { ProviderChecks.program(name, in: commandDirectory) }

    /// Writes the job's script and its submit description, and gives that to `condor_submit`.
    public func submit(_ job: JobRequest) async throws -> JobID {
        try JobScript.write(CondorScript.script(self, job), for: job)
        let description = CondorScript.descriptionPath(job)
        do throws(SystemError) {
            try SmallFile.write(Array(CondorScript.render(self, job).utf8), to: description, mode: 0o600)
        } catch {
            throw ProviderError(.notStarted, error.description)
        }
        let command = SchedulerCommand(program("condor_submit"), [description], timeout: commandTimeout)
        let outcome = try await command.outcome()
        guard outcome.exitCode == 0 else {
            throw command.refusal(outcome, remedy: "the submit description is \(description)")
        }
        guard let id = CondorAnswers.jobID(outcome.standardOutput) else {
            throw ProviderChecks.noJobNumber(command, outcome)
        }
        return id
    }

    /// Asks `condor_q`; a job that is over stays in the queue for an hour, as its description says.
    public func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
        var result: [JobID: JobStatus] = [:]
        for names in ProviderChecks.batches(jobs, of: commandChunkSize) {
            let command = SchedulerCommand(
                program("condor_q"), names + ["-af:jr"] + CondorAnswers.columns, timeout: commandTimeout, repeats: 2)
            let outcome = try await command.outcome()
            let answers = CondorAnswers.status(outcome.standardOutput)
            if outcome.exitCode != 0, answers.isEmpty {
                throw command.refusal(outcome, remedy: "run it by hand; the schedd may be down")
            }
            if answers.isEmpty, !outcome.standardOutput.allSatisfy(\.isWhitespace) {
                throw ProviderError(
                    .unreadableAnswer, "condor_q printed no job that can be read", command: command.text,
                    output: outcome.standardError + outcome.standardOutput)
            }
            result.merge(answers) { $1 }
        }
        return result
    }

    /// Ends jobs with `condor_rm`.
    public func cancel(_ jobs: [JobID]) async throws {
        for names in ProviderChecks.batches(jobs, of: commandChunkSize) {
            let command = SchedulerCommand(program("condor_rm"), names, timeout: commandTimeout, repeats: 2)
            let outcome = try await command.outcome()
            guard outcome.exitCode != 0 else { continue }
            let lines = (outcome.standardOutput + "\n" + outcome.standardError).split(separator: "\n")
            let refused = lines.filter { line in
                !["not found", "already", "marked for removal", "Couldn't find/remove all jobs"]
                    .contains { line.contains($0) }
            }
            if lines.isEmpty || !refused.isEmpty { throw command.refusal(outcome) }
        }
    }
}
