/// What the commands of PBS Pro, OpenPBS and Torque print, read.
///
/// Both print `qstat -f` in the same form. PBS Pro can also print JSON, but with unescaped quotes and control characters
/// of the job's environment in it, so that it is often no JSON; the plain form is read everywhere.
public enum PBSAnswers {
    /// The job's name in what `qsub` prints: `123.server`, after whatever a site adds.
    public static func jobID(_ output: String) -> JobID? {
        for line in output.split(separator: "\n").reversed() {
            let word = line.filter { $0 != " " && $0 != "\r" }
            let number = word.prefix { $0.isASCII && $0.isNumber }
            let rest = word.dropFirst(number.count)
            guard !number.isEmpty, rest.isEmpty || rest.first == "." || rest.first == "[" else { continue }
            return JobID(word)
        }
        return nil
    }

    /// The jobs of `qstat -f`.
    ///
    /// - Parameters:
    ///   - output: what was printed; a record that broke off before its state is left out.
    ///   - asked: the jobs that were asked for, under whose names the answers are given.
    public static func status(_ output: String, asked: [JobID]) -> [JobID: JobStatus] {
        var records: [(id: String, fields: [String: String])] = []
        var field = ""
        // Slurm's wrapper puts a tab before each attribute, and breaks no line.
        var attributesHaveTabs = false
        for line in output.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("Job Id:") {
                records.append((line.dropFirst(7).filter { !$0.isWhitespace }, [:]))
                field = ""
                attributesHaveTabs = false
            } else if line.hasPrefix("\t"), !records.isEmpty, !field.isEmpty, !attributesHaveTabs {
                // A long value goes on in the next line, after a tab.
                records[records.count - 1].fields[field, default: ""] += line.dropFirst()
            } else if let equals = line.firstRange(of: " = "), !records.isEmpty {
                if field.isEmpty { attributesHaveTabs = line.hasPrefix("\t") }
                field = line[..<equals.lowerBound].filter { !$0.isWhitespace }.lowercased()
                records[records.count - 1].fields[field] = String(line[equals.upperBound...])
            }
        }
        var result: [JobID: JobStatus] = [:]
        for record in records {
            guard let letter = record.fields["job_state"] else { continue }
            result[name(record.id, among: asked)] = status(letter, record.fields)
        }
        return result
    }

    /// The name that was asked for: a server may answer with a longer or shorter one of itself.
    private static func name(_ id: String, among asked: [JobID]) -> JobID {
        let number = id.prefix { $0 != "." }
        return asked.first { $0.rawValue == id } ?? asked.first { $0.rawValue.prefix { $0 != "." } == number }
            ?? JobID(id)
    }

    /// One job.
    ///
    /// The letters are those of qstat(1B) of PBS Pro ("job_state": B, E, F, H, M, Q, R, S, T, U, W, X) and of Torque
    /// (C, E, H, Q, R, S, T, W).
    static func status(_ letter: String, _ fields: [String: String]) -> JobStatus {
        let comment = fields["comment"]
        switch letter {
        case "Q", "W", "T", "M": return JobStatus(.pending, reason: comment ?? letter)
        case "H": return JobStatus(.held, reason: comment ?? letter)
        case "S", "U": return JobStatus(.held, reason: comment ?? "suspended (\(letter))")
        // Exiting: the script is over, and what it printed is on its way.
        case "R", "B", "E": return JobStatus(.running, reason: letter)
        case "C", "F", "X": return end(fields, comment)
        default: return JobStatus(.unknown, reason: letter)
        }
    }

    private static func end(_ fields: [String: String], _ comment: String?) -> JobStatus {
        // 91 is a job that was deleted (PBS Pro, Reference Guide, "Job Substates").
        let wasDeleted = fields["substate"] == "91"
        guard let code = fields["exit_status"].flatMap({ Int32($0) }) else {
            return JobStatus(wasDeleted ? .cancelled : .failed, reason: comment ?? "ended without an exit status")
        }
        // Negative numbers are the server's own (PBS Pro, Administrator's Guide, "Job Exit Status Codes"; Torque,
        // "Job Exit Status"): −29 and Torque's −11 are the walltime; −27 and −10 the memory.
        switch code {
        case 0: return JobStatus(wasDeleted ? .cancelled : .completed, reason: comment, exitCode: 0)
        case -29, -11: return JobStatus(.timeout, reason: comment ?? "walltime (exit status \(code))")
        case -27, -26, -10: return JobStatus(.failed, reason: comment ?? "memory limit (exit status \(code))")
        case ..<0: return JobStatus(.failed, reason: comment ?? "not started or killed (exit status \(code))")
        default:
            // 256 and a signal (PBS Pro, Torque), where a shell says 128 and a signal.
            let shellCode = code > 256 ? code - 128 : code
            if wasDeleted { return JobStatus(.cancelled, reason: comment, exitCode: shellCode) }
            if comment?.contains("walltime") == true {
                return JobStatus(.timeout, reason: comment, exitCode: shellCode)
            }
            return JobStatus(.failed, reason: comment, exitCode: shellCode)
        }
    }

    /// Whether a complaint of `qstat` or `qdel` says no more than that the job is over.
    static func isAboutEndedJob(_ line: some StringProtocol) -> Bool {
        ["Unknown Job Id", "Job has finished", "invalid for state of job", "Invalid request for state of job"]
            .contains { line.contains($0) }
    }
}
