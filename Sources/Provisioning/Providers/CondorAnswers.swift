/// What HTCondor's commands print, read.
public enum CondorAnswers {
    /// What `condor_q` is asked for; the text comes last, because it may hold spaces.
    static let columns = [
        "JobStatus", "ExitCode", "ExitSignal", "ifThenElse(JobStatus == 5, HoldReason, RemoveReason)",
    ]

    /// The job in what `condor_submit` prints, which is `1 job(s) submitted to cluster 118907`.
    public static func jobID(_ output: String) -> JobID? {
        for line in output.split(separator: "\n") {
            guard let match = line.firstMatch(of: #/job\(s\) submitted to cluster ([0-9]+)/#) else { continue }
            return JobID("\(match.output.1).0")
        }
        return nil
    }

    /// Lines `cluster.process status code signal reason`; lines of another form are left out.
    public static func status(_ output: String) -> [JobID: JobStatus] {
        var result: [JobID: JobStatus] = [:]
        for line in output.split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 4).map(String.init)
            guard fields.count == 5, fields[0].wholeMatch(of: #/[0-9]+\.[0-9]+/#) != nil else { continue }
            let reason = text(fields[4])
            let signal = Int32(fields[3])
            let exit = signal.map { 128 + $0 } ?? Int32(fields[2])
            result[JobID(fields[0])] = status(fields[1], exit, reason)
        }
        return result
    }

    /// One job.
    ///
    /// The numbers are those of HTCondor's manual, "Job ClassAd Attributes", `JobStatus`: 1 idle, 2 running, 3 removing,
    /// 4 completed, 5 held, 6 transferring output, 7 suspended.
    static func status(_ number: String, _ exit: Int32?, _ reason: String?) -> JobStatus {
        switch number {
        case "1": return JobStatus(.pending, reason: reason ?? "idle")
        case "2", "6": return JobStatus(.running, reason: reason)
        case "3":
            // What this project's own submit description says of the walltime.
            let isWalltime = reason?.contains("PeriodicRemove") == true
            return JobStatus(isWalltime ? .timeout : .cancelled, reason: reason ?? "removed", exitCode: exit)
        case "4": return JobStatus((exit ?? 0) == 0 ? .completed : .failed, reason: reason, exitCode: exit)
        case "5": return JobStatus(.held, reason: reason ?? "held")
        case "7": return JobStatus(.held, reason: reason ?? "suspended")
        default: return JobStatus(.unknown, reason: "JobStatus \(number)")
        }
    }

    /// A ClassAd string; `undefined` is none.
    private static func text(_ field: String) -> String? {
        guard field != "undefined", field != "error" else { return nil }
        guard field.count >= 2, field.hasPrefix("\""), field.hasSuffix("\"") else { return field }
        var result = ""
        var isEscaped = false
        for character in field.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result.isEmpty ? nil : result
    }
}
