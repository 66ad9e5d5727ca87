/// What all providers of batch jobs check of their parameters.
enum ProviderChecks {
    /// What is wrong with these values, beginning with the name of a field.
    ///
    /// - Parameters:
    ///   - words: values that stand in one line of a script or of a command.
    ///   - numbers: values that must be positive.
    static func fault(
        _ blocks: BlockParameters, commandTimeout: Duration, statusBatchSize: Int = 1,
        words: [(String, String?)] = [], numbers: [(String, Double?)] = []
    ) -> String? {
        if let fault = blocks.fault { return fault }
        if statusBatchSize < 1 { return "statusBatchSize is \(statusBatchSize); it is 1 or more" }
        if commandTimeout <= .zero { return "commandTimeout is \(commandTimeout); it is positive" }
        for case (let name, let value?) in words where value.isEmpty || value.contains(where: \.isNewline) {
            return "\(name) is '\(value)'; it is one line, and not empty"
        }
        for case (let name, let value?) in numbers where !(value > 0) { return "\(name) is \(value); it is positive" }
        return nil
    }

    /// The path of a command, or its name alone, to be looked up on PATH.
    static func program(_ name: String, in directory: String?) -> String {
        directory.map { "\($0)/\(name)" } ?? name
    }

    /// The jobs in groups of at most `size`.
    static func batches(_ jobs: [JobID], of size: Int) -> [[String]] {
        stride(from: 0, to: jobs.count, by: max(1, size)).map { start in
            jobs[start..<min(start + max(1, size), jobs.count)].map(\.rawValue)
        }
    }

    /// A value in a `#PBS`, `#$` or `#BSUB` line: these are split at spaces, and know both kinds of quotes.
    static func directiveWord(_ value: String) -> String {
        let plain = value.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x27 && byte != 0x5c && byte != 0x23
        }
        if plain, !value.isEmpty { return value }
        // Within one kind of quotes the other kind is plain; no form is known to all that holds both.
        return value.contains("\"") ? "'\(value)'" : "\"\(value)\""
    }

    /// Lines of the user, each with its end.
    static func lines(_ text: String) -> String {
        text.split(separator: "\n").map { "\($0)\n" }.joined()
    }

    /// The error for a command that ended well and printed no job number.
    static func noJobNumber(_ command: SchedulerCommand, _ outcome: SchedulerOutcome) -> ProviderError {
        ProviderError(
            .unreadableAnswer,
            "\(command.program) ended well, and printed no job number; a job may run that is not known here",
            command: command.text, output: outcome.standardError + outcome.standardOutput)
    }
}
