/// The job scripts for PBS Pro and Torque, as pure functions.
public enum PBSScript {
    /// The longest name that Torque takes (qsub(1B), `-N`); PBS Pro takes 230 characters.
    private static let longestTorqueName = 15
    private static let longestName = 230

    /// The script of one block of PBS Pro.
    public static func render(_ provider: PBSProProvider, _ job: JobRequest) -> String {
        let blocks = provider.blocks
        let more = provider.selectOptions
        let colon = more.isEmpty || more.hasPrefix(":") ? "" : ":"
        let text = directives(
            job, name: String(job.name.prefix(longestName)), blocks,
            resources: "select=\(blocks.nodesPerBlock):ncpus=\(provider.cpusPerNode)\(colon)\(more)",
            provider.schedulerOptions)
        return text
            + "export PARSL_CORES=\(provider.cpusPerNode)\n".repeated(if: provider.cpusPerNode > 1)
            + rest(job, provider.workerInit, provider.launcher, blocks)
    }

    /// The script of one block of Torque.
    public static func render(_ provider: TorqueProvider, _ job: JobRequest) -> String {
        let blocks = provider.blocks
        let perNode = provider.coresPerNode ?? max(1, job.tasksPerNode)
        let text = directives(
            job, name: String(job.name.prefix(longestTorqueName)), blocks,
            resources: "nodes=\(blocks.nodesPerBlock):ppn=\(perNode)", provider.schedulerOptions)
        return text
            + (provider.coresPerNode.map { "export PARSL_CORES=\($0)\n" } ?? "")
            + rest(job, provider.workerInit, provider.launcher, blocks)
    }

    /// The options of `qsub` for queue and account.
    static func submitOptions(queue: String?, account: String?) -> [String] {
        (queue.map { ["-q", $0] } ?? []) + (account.map { ["-A", $0] } ?? [])
    }

    private static func directives(
        _ job: JobRequest, name: String, _ blocks: BlockParameters, resources: String, _ schedulerOptions: String
    ) -> String {
        var text = "#!/bin/bash\n"
        // -m n: no mail; -r n: the executor asks for another block itself.
        var lines = ["-S /bin/bash", "-N \(name)", "-m n", "-r n", "-l \(ProviderChecks.directiveWord(resources))"]
        if let walltime = blocks.walltime { lines.append("-l walltime=\(JobScript.clock(walltime))") }
        lines.append("-o \(ProviderChecks.directiveWord(job.outputPath))")
        lines.append("-e \(ProviderChecks.directiveWord(job.errorPath))")
        for line in lines { text += "#PBS \(line)\n" }
        return text + ProviderChecks.lines(schedulerOptions) + "\n"
    }

    private static func rest(
        _ job: JobRequest, _ workerInit: String, _ launcher: any Launcher, _ blocks: BlockParameters
    ) -> String {
        "export JOBNAME=\(job.name)\n"
            + JobScript.body(job, workerInit: workerInit, launcher: launcher, nodes: blocks.nodesPerBlock)
    }
}

extension String {
    fileprivate func repeated(if condition: Bool) -> String { condition ? self : "" }
}
