/// What LSF's commands print, read.
public enum LSFAnswers {
    /// The number in what `bsub` prints, which is `Job <123> is submitted to queue <normal>`.
    public static func jobID(_ output: String) -> JobID? {
        for line in output.split(separator: "\n") {
            guard let match = line.firstMatch(of: #/Job <([0-9]+)> is submitted to/#) else { continue }
            return JobID(String(match.output.1))
        }
        return nil
    }

    /// Lines `id|STAT|exit code|reason` of `bjobs`; lines of another form are left out.
    public static func status(_ output: String) -> [JobID: JobStatus] {
        var result: [JobID: JobStatus] = [:]
        for line in output.split(separator: "\n") {
            let fields = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false)
                .map { $0.split(separator: " ").joined(separator: " ") }
            guard fields.count == 4, Int(fields[0]) != nil else { continue }
            let reason = fields[3].isEmpty || fields[3] == "-" ? nil : fields[3]
            result[JobID(fields[0])] = status(fields[1], exit: Int32(fields[2]), reason)
        }
        return result
    }

    /// One job.
    ///
    /// The table is that of bjobs(1) of LSF 10.1, "STAT"; the reasons of an EXIT are those of its `exit_reason`.
    static func status(_ word: String, exit: Int32?, _ reason: String?) -> JobStatus {
        switch word {
        case "PEND", "WAIT", "PROV": return JobStatus(.pending, reason: reason ?? word)
        case "PSUSP", "USUSP", "SSUSP": return JobStatus(.held, reason: reason ?? word)
        case "RUN": return JobStatus(.running, reason: word)
        case "DONE": return JobStatus(.completed, reason: reason, exitCode: 0)
        case "EXIT":
            let text = reason ?? word
            if text.contains("TERM_RUNLIMIT") { return JobStatus(.timeout, reason: text, exitCode: exit) }
            let byPerson = ["TERM_OWNER", "TERM_ADMIN", "TERM_FORCE_OWNER", "TERM_FORCE_ADMIN"]
            let state: JobState = byPerson.contains { text.contains($0) } ? .cancelled : .failed
            return JobStatus(state, reason: text, exitCode: exit)
        // ZOMBI: LSF has given the job up because its host does not answer.
        case "ZOMBI": return JobStatus(.failed, reason: reason ?? "ZOMBI: its host cannot be reached", exitCode: exit)
        // UNKWN: LSF has lost contact with the job's host.
        default: return JobStatus(.unknown, reason: word)
        }
    }
}
