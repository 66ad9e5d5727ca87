/// The submit description and the job script for HTCondor, as pure functions.
public enum CondorScript {
    /// Where the submit description is written; ``JobRequest/scriptPath`` is what the job runs.
    static func descriptionPath(_ job: JobRequest) -> String { "\(job.directory)/\(job.name).condor" }

    /// What the job runs.
    public static func script(_ provider: CondorProvider, _ job: JobRequest) -> String {
        var text = "#!/bin/bash\n"
        if let cores = provider.coresPerSlot { text += "export PARSL_CORES=\(cores)\n" }
        if let memory = provider.memoryPerSlot { text += "export PARSL_MEMORY_GB=\(memory)\n" }
        text += "export JOBNAME=\(job.name)\n"
        return text
            + JobScript.body(
                job, workerInit: provider.workerInit, launcher: provider.launcher,
                nodes: provider.blocks.nodesPerBlock)
    }

    /// The submit description of one block.
    public static func render(_ provider: CondorProvider, _ job: JobRequest) -> String {
        let script = job.scriptPath.split(separator: "/").last.map(String.init) ?? ""
        var entries: [(String, String)] = [
            ("universe", "vanilla"), ("executable", "/bin/bash"), ("transfer_executable", "false"),
            ("arguments", "\"\(argument(macroFree(script)))\""), ("should_transfer_files", "YES"),
            ("when_to_transfer_output", "ON_EXIT_OR_EVICT"),
            (
                "transfer_input_files",
                ([job.scriptPath] + provider.transferInputFiles).map(macroFree).joined(separator: ",")
            ),
            ("output", macroFree(job.outputPath)), ("error", macroFree(job.errorPath)),
            ("log", macroFree("\(job.directory)/\(job.name).log")),
            // Over, it is kept for an hour, so that its end can be asked for; then it leaves by itself.
            (
                "leave_in_queue",
                "(JobStatus == 3 || JobStatus == 4) && (time() - EnteredCurrentStatus < 3600)"
            ),
        ]
        if provider.blocks.nodesPerBlock > 1 { entries.append(("machine_count", "\(provider.blocks.nodesPerBlock)")) }
        if let cores = provider.coresPerSlot { entries.append(("request_cpus", "\(cores)")) }
        if let memory = provider.memoryPerSlot {
            entries.append(("request_memory", "\(Int((memory * 1024).rounded(.up)))"))
        }
        if let walltime = provider.blocks.walltime {
            let (seconds, attoseconds) = walltime.components
            let limit = seconds + (attoseconds > 0 ? 1 : 0)
            entries.append(("periodic_remove", "JobStatus == 2 && (time() - JobCurrentStartDate > \(limit))"))
        }
        if let requirements = provider.requirements { entries.append(("requirements", requirements)) }
        if let project = provider.project { entries.append(("+ProjectName", "\"\(classAd(project))\"")) }
        if !provider.environment.isEmpty {
            let words = provider.environment.sorted { $0.key < $1.key }
                .map { argument(macroFree("\($0.key)=\($0.value)")) }
            entries.append(("environment", "\"\(words.joined(separator: " "))\""))
        }
        return entries.map { "\($0.0) = \($0.1)\n" }.joined() + ProviderChecks.lines(provider.schedulerOptions)
            + "queue 1\n"
    }

    /// One word of `arguments` or `environment` in condor_submit's newer syntax, the one within double quotes.
    ///
    /// A word with a space or a single quote stands in single quotes; either kind of quote is doubled.
    static func argument(_ word: String) -> String {
        let doubled = word.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        guard doubled.isEmpty || doubled.contains(where: { $0.isWhitespace || $0 == "'" }) else { return doubled }
        return "'" + doubled.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    /// A text in which nothing is a macro: `$(` would be one.
    static func macroFree(_ text: String) -> String {
        text.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$(DOLLAR)")
    }

    /// The inside of a ClassAd string.
    private static func classAd(_ text: String) -> String {
        text.reduce(into: "") { $0 += $1 == "\"" || $1 == "\\" ? "\\\($1)" : "\($1)" }
    }
}
