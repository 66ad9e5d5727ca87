/// What Grid Engine's commands print, read.
public enum GridEngineAnswers {
    /// The number in what `qsub -terse` prints: `12`, or `12.1-10:1` for an array.
    public static func jobID(_ output: String) -> JobID? {
        for line in output.split(separator: "\n").reversed() {
            let number = line.drop { $0 == " " }.prefix { $0.isASCII && $0.isNumber }
            let rest = line.drop { $0 == " " }.dropFirst(number.count)
            if !number.isEmpty, rest.first.map({ $0 == "." || $0 == " " }) ?? true { return JobID(String(number)) }
        }
        return nil
    }

    /// The table of `qstat`, whose columns are job-ID, prior, name, user, state and more.
    public static func queue(_ output: String) -> [JobID: JobStatus] {
        var result: [JobID: JobStatus] = [:]
        for line in output.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count >= 5, Int(fields[0]) != nil else { continue }
            // Another user's job may have a name with spaces; ours have none, so the fifth word is the state.
            result[JobID(fields[0])] = JobStatus(state(fields[4]), reason: fields[4])
        }
        return result
    }

    /// The table of sge_status(5) of Grid Engine 8.1.9, "Job state".
    ///
    /// Letters are combined: `E` error, `d` deletion, `s`, `S`, `T` suspended by user, queue, load; `h` hold, `q` queued,
    /// `w` waiting, `r` running, `t` transferring to the node, `R` to be run again, `z` finished.
    static func state(_ letters: String) -> JobState {
        guard letters.allSatisfy({ "EdsSThqwrtRzP".contains($0) }), !letters.isEmpty else { return .unknown }
        if letters.contains("E") { return .failed }
        if letters.contains("z") { return .completed }
        // Being deleted, and not over yet: a node that does not answer keeps a job so for ever.
        if letters.contains("w") || letters.contains("q") { return letters.contains("h") ? .held : .pending }
        if letters.contains(where: { "sST".contains($0) }) { return .held }
        return letters.contains("r") || letters.contains("t") ? .running : .unknown
    }

    /// Why a job is in state `E`, in what `qstat -j` prints.
    static func errorReason(_ output: String) -> String? {
        for line in output.split(separator: "\n") where line.hasPrefix("error reason") {
            // `error reason    1:          11/21/2026 14:02:12 [0:4711]: error: can't …`
            let text = line.firstRange(of: "]: ").map { line[$0.upperBound...] } ?? line.drop { $0 != ":" }.dropFirst()
            return trimmed(text)
        }
        return nil
    }

    /// The record of `qacct -j`; `nil` when it holds none.
    ///
    /// `failed` is the table of sge_status(5), "failed" values: 0 ran and ended; 37 over a limit of time or memory that
    /// the master enforced; 100 ended by a signal.
    public static func accounting(_ output: String, walltime: Duration?) -> JobStatus? {
        var fields: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2 else { continue }
            // A job that was run again has several records; the last one counts.
            fields[String(words[0])] = trimmed(words[1])
        }
        guard let failed = fields["failed"], let code = Int(failed.prefix { $0.isNumber }) else { return nil }
        let exit = fields["exit_status"].flatMap { Int32($0.prefix { $0.isNumber }) }
        let reason = code == 0 ? nil : failed
        if let deleter = fields["deleted_by"], deleter != "NONE" {
            return JobStatus(.cancelled, reason: "deleted by \(deleter)", exitCode: exit)
        }
        if code == 0 { return JobStatus((exit ?? 0) == 0 ? .completed : .failed, exitCode: exit) }
        if code == 37 || ranFor(fields["ru_wallclock"], walltime) {
            return JobStatus(.timeout, reason: reason, exitCode: exit)
        }
        return JobStatus(.failed, reason: reason, exitCode: exit)
    }

    /// Whether a job that a signal ended had run for its whole time: the node enforces `h_rt` with a plain SIGKILL.
    private static func ranFor(_ wallclock: String?, _ walltime: Duration?) -> Bool {
        guard let walltime, let seconds = wallclock.flatMap({ Double($0.prefix { $0.isNumber || $0 == "." }) }) else {
            return false
        }
        return seconds >= Double(walltime.components.seconds)
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
