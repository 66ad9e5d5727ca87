/// The commands that PBS Pro and Torque share.
struct PBSCommands {
    /// What `qstat` gets before the jobs' names.
    var statusOptions: [String]
    /// Where the commands are; `nil` looks on PATH.
    var directory: String?
    /// How long a command may take.
    var timeout: Duration

    func submit(_ job: JobRequest, options: [String]) async throws(ProviderError) -> JobID {
        let command = SchedulerCommand(
            ProviderChecks.program("qsub", in: directory), options + [job.scriptPath], timeout: timeout)
        let outcome = try await command.outcome()
        guard outcome.exitCode == 0 else {
            throw command.refusal(outcome, remedy: "the script is \(job.scriptPath); `qstat -Q` lists the queues")
        }
        guard let id = PBSAnswers.jobID(outcome.standardOutput) else {
            throw ProviderChecks.noJobNumber(command, outcome)
        }
        return id
    }

    func status(of jobs: [JobID], batch: Int) async throws(ProviderError) -> [JobID: JobStatus] {
        var result: [JobID: JobStatus] = [:]
        for names in ProviderChecks.batches(jobs, of: batch) {
            let command = SchedulerCommand(
                ProviderChecks.program("qstat", in: directory), statusOptions + names, timeout: timeout, repeats: 2)
            let outcome = try await command.outcome()
            let answers = PBSAnswers.status(outcome.standardOutput, asked: jobs)
            // One job that is gone makes the whole command fail; what it says of the others holds.
            let complaints = outcome.standardError.split(separator: "\n").filter { !PBSAnswers.isAboutEndedJob($0) }
            if answers.isEmpty, outcome.exitCode != 0, !complaints.isEmpty || outcome.standardError.isEmpty {
                throw command.refusal(outcome, remedy: "run it by hand; the server may be down")
            }
            if answers.isEmpty, outcome.exitCode == 0, !outcome.standardOutput.allSatisfy(\.isWhitespace) {
                throw ProviderError(
                    .unreadableAnswer, "qstat printed no job that can be read", command: command.text,
                    output: outcome.standardError + outcome.standardOutput)
            }
            result.merge(answers) { $1 }
        }
        return result
    }

    func cancel(_ jobs: [JobID], batch: Int) async throws(ProviderError) {
        for names in ProviderChecks.batches(jobs, of: batch) {
            let command = SchedulerCommand(
                ProviderChecks.program("qdel", in: directory), names, timeout: timeout, repeats: 2)
            let outcome = try await command.outcome()
            let complaints = (outcome.standardError + outcome.standardOutput).split(separator: "\n")
            guard outcome.exitCode != 0 else { continue }
            // Slurm's wrapper fails without a word when all is over already, and only then.
            if !complaints.allSatisfy({ PBSAnswers.isAboutEndedJob($0) }) {
                throw command.refusal(outcome)
            }
        }
    }
}
