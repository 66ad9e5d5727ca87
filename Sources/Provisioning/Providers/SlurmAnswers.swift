import Glibc

/// What Slurm's commands print, read.
public enum SlurmAnswers {
    /// The number in what `sbatch --parsable` prints: `123` or `123;cluster`, after whatever a site adds.
    public static func jobID(_ output: String) -> JobID? {
        for line in output.split(separator: "\n").reversed() {
            let number = line.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)[0].filter {
                $0 != " "
            }
            if !number.isEmpty, number.allSatisfy({ $0.isASCII && $0.isNumber }) { return JobID(String(number)) }
        }
        return nil
    }

    /// Lines `id|STATE|reason` of `squeue`.
    public static func queue(_ output: String) -> [JobID: JobStatus] {
        var result: [JobID: JobStatus] = [:]
        for line in output.split(separator: "\n") {
            let fields = line.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { continue }
            result[JobID(fields[0])] = status(state: fields[1], reason: fields[2], exit: nil)
        }
        return result
    }

    /// Lines `id|STATE …|code:signal` of `sacct`.
    public static func accounting(_ output: String) -> [JobID: JobStatus] {
        var result: [JobID: JobStatus] = [:]
        for line in output.split(separator: "\n") {
            let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 3 else { continue }
            result[JobID(fields[0])] = status(state: fields[1], reason: "", exit: exitCode(fields[2]))
        }
        return result
    }

    /// One job.
    ///
    /// The table is that of squeue(1) and sacct(1) of Slurm 22.05, "JOB STATE CODES", and 24.11's additions.
    static func status(state text: String, reason: String, exit: Int32?) -> JobStatus {
        // `CANCELLED by 1000`; a job array may add `+`.
        let word = text.split { $0 == " " || $0 == "+" }.first.map(String.init) ?? ""
        let state: JobState =
            switch word {
            // JobHeldUser, JobHeldAdmin: squeue(1), "JOB REASON CODES".
            case "PENDING": reason.hasPrefix("JobHeld") ? .held : .pending
            case "CONFIGURING", "REQUEUED", "REQUEUE_FED": .pending
            case "RUNNING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "EXPEDITING", "POWER_UP_NODE": .running
            case "SUSPENDED", "STOPPED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT": .held
            case "COMPLETED": .completed
            case "CANCELLED", "PREEMPTED", "REVOKED": .cancelled
            case "TIMEOUT", "DEADLINE": .timeout
            case "FAILED", "BOOT_FAIL", "NODE_FAIL", "OUT_OF_MEMORY", "LAUNCH_FAILED", "RECONFIG_FAIL": .failed
            default: .unknown
            }
        let why = reason == "None" || reason.isEmpty ? nil : reason
        return JobStatus(state, reason: joined(named(text), why), exitCode: exit)
    }

    /// Both, with a comma; one of them when they say the same.
    static func joined(_ first: String?, _ second: String?) -> String? {
        guard let first else { return second }
        guard let second, !second.isEmpty, !first.contains(second), !second.hasPrefix(first) else {
            return second.map { $0.hasPrefix(first) ? $0 : first } ?? first
        }
        return "\(first), \(second)"
    }

    /// `CANCELLED by 1000` with the user's name.
    private static func named(_ text: String) -> String {
        guard let number = text.split(separator: " ").last.flatMap({ UInt32($0) }), text.hasPrefix("CANCELLED by"),
            let entry = getpwuid(number)
        else { return text }
        return "\(text) (\(String(cString: entry.pointee.pw_name)))"
    }

    /// `3:0` is exit code 3, `0:15` is signal 15.
    private static func exitCode(_ text: String) -> Int32? {
        let numbers = text.split(separator: ":").compactMap { Int32($0) }
        guard numbers.count == 2 else { return nil }
        return numbers[1] > 0 ? 128 + numbers[1] : numbers[0]
    }
}
