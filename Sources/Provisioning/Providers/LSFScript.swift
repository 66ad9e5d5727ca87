/// The job script for LSF, as a pure function.
public enum LSFScript {
    /// The script of one block.
    public static func render(_ provider: LSFProvider, _ job: JobRequest) -> String {
        var text = "#!/bin/bash\n"
        func add(_ line: String) { text += "#BSUB \(line)\n" }
        add("-J \(job.name)")
        add("-o \(ProviderChecks.directiveWord(job.outputPath))")
        add("-e \(ProviderChecks.directiveWord(job.errorPath))")
        // The executor asks for another block itself.
        add("-rn")
        if let walltime = provider.blocks.walltime { add("-W \(minutes(walltime))") }
        if let project = provider.project { add("-P \(ProviderChecks.directiveWord(project))") }
        if let queue = provider.queue { add("-q \(ProviderChecks.directiveWord(queue))") }
        switch provider.resources {
        case .nodes: add("-nnodes \(provider.blocks.nodesPerBlock)")
        case .cores(let perBlock, let perNode):
            add("-n \(perBlock)")
            add("-R \"span[ptile=\(perNode)]\"")
        }
        text += ProviderChecks.lines(provider.schedulerOptions) + "\n"
        if let cores = provider.coresPerNode { text += "export PARSL_CORES=\(cores)\n" }
        text += "export JOBNAME=\(job.name)\n"
        return text
            + JobScript.body(
                job, workerInit: provider.workerInit, launcher: provider.launcher,
                nodes: provider.blocks.nodesPerBlock)
    }

    /// A duration as LSF reads it: minutes, rounded up.
    static func minutes(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return (seconds + (attoseconds > 0 ? 1 : 0) + 59) / 60
    }
}
