/// The job script for Grid Engine, as a pure function.
public enum GridEngineScript {
    /// The script of one block.
    public static func render(_ provider: GridEngineProvider, _ job: JobRequest) -> String {
        var text = "#!/bin/bash\n"
        func add(_ line: String) { text += "#$ \(line)\n" }
        add("-S /bin/bash")
        add("-N \(job.name)")
        add("-o \(ProviderChecks.directiveWord(job.outputPath))")
        add("-e \(ProviderChecks.directiveWord(job.errorPath))")
        // The executor asks for another block itself; a job that is run again would register the same block twice.
        add("-r no")
        if let walltime = provider.blocks.walltime { add("-l h_rt=\(JobScript.clock(walltime))") }
        if let queue = provider.queue { add("-q \(ProviderChecks.directiveWord(queue))") }
        if let environment = provider.parallelEnvironment {
            add("-pe \(ProviderChecks.directiveWord(environment)) \(provider.slots)")
        }
        text += ProviderChecks.lines(provider.schedulerOptions) + "\n"
        if let cores = provider.coresPerNode { text += "export PARSL_CORES=\(cores)\n" }
        text += "export JOBNAME=\(job.name)\n"
        return text
            + JobScript.body(
                job, workerInit: provider.workerInit, launcher: provider.launcher,
                nodes: provider.blocks.nodesPerBlock)
    }
}
