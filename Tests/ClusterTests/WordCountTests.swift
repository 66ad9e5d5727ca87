import SystemSupport
import Testing

extension RealSlurm {
    @Suite("The example WordCount")
    struct WordCountTests {
        @Test("a folder is counted on two nodes, from script to result, and no job is left")
        func counts() throws {
            // Large enough that one node does not do it all before the other one is there.
            let line = "one two two three, Three THREE four-four four4four\n"
            let text = Array(String(repeating: line, count: 4000).utf8)
            let run = try ClusterRun(
                [], ["SBATCH_JOB_NAME": "words", "SBATCH_TIMELIMIT": "5"], program: "WordCount",
                prepare: { folder in
                    for file in 0..<60 { try SmallFile.write(text, to: "\(folder)/\(file).txt", mode: 0o644) }
                }
            ) { [$0, "--top", "3", "--on", "slurm", "--nodes", "2"] }
            #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
            #expect(run.output == "960000 four\n720000 three\n480000 two\n", "\(run.errors)\(run.log)")
            let log = run.text("runinfo/000/htex/interchange.log")
            var nodes: Set<String> = []
            for block in 0..<2 {
                let job = try #require(run.job(of: block), "\(run.log)")
                nodes.insert(Slurm.node(of: job))
                #expect(log.contains("block \(block), 2 workers"), "a manager of each block registered: \(log)")
            }
            #expect(nodes == ["n1", "n2"], "\(run.log)")
            #expect(Slurm.openJobs(run).isEmpty)
        }
    }
}
