/// The job script for Slurm, as a pure function.
public enum SlurmScript {
    /// The script of one block.
    public static func render(_ provider: SlurmProvider, _ job: JobRequest) -> String {
        let blocks = provider.blocks
        var options: [(String, String?)] = [
            ("job-name", job.name), ("output", fileName(job.outputPath)), ("error", fileName(job.errorPath)),
            ("nodes", "\(blocks.nodesPerBlock)"), ("ntasks-per-node", "\(max(1, job.tasksPerNode))"),
        ]
        func add(_ name: String, _ value: String?) { if let value { options.append((name, value)) } }
        if let walltime = blocks.walltime { add("time", JobScript.clock(walltime)) }
        add("partition", provider.partition)
        add("account", provider.account)
        add("qos", provider.qos)
        add("constraint", provider.constraint)
        add("clusters", provider.clusters)
        add("cpus-per-task", provider.coresPerNode.map { "\($0 / max(1, job.tasksPerNode))" })
        add("mem", provider.memoryPerNode.map { "\(Int(($0 * 1024).rounded(.up)))M" })
        add("gpus-per-node", provider.gpusPerNode.map { "\($0)" })
        add("gres", provider.gres)
        add("signal", provider.signal)
        if provider.exclusive { options.append(("exclusive", nil)) }
        options.append((provider.requeue ? "requeue" : "no-requeue", nil))

        var text = "#!/bin/bash\n"
        for (name, value) in options { text += "#SBATCH --\(name)" + (value.map { "=\(quote($0))" } ?? "") + "\n" }
        for line in provider.schedulerOptions.split(separator: "\n") { text += "\(line)\n" }
        text += "\n"
        if let cores = provider.coresPerNode { text += "export PARSL_CORES=\(cores)\n" }
        if let memory = provider.memoryPerNode { text += "export PARSL_MEMORY_GB=\(memory)\n" }
        return text
            + JobScript.body(
                job, workerInit: provider.workerInit, launcher: provider.launcher, nodes: blocks.nodesPerBlock)
    }

    /// A file name for `--output`: a percent sign there begins a replacement (sbatch(1), "filename pattern").
    private static func fileName(_ path: String) -> String {
        path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
    }

    /// A value as sbatch reads it from a script: it knows quotes and backslashes, but is no shell.
    static func quote(_ value: String) -> String {
        let plain = value.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x27 && byte != 0x5c && byte != 0x23
        }
        if plain, !value.isEmpty { return value }
        var text = "\""
        for character in value {
            if character == "\"" || character == "\\" { text.append("\\") }
            text.append(character)
        }
        return text + "\""
    }
}
