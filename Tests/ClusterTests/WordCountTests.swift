import SystemSupport
import Testing

/// The example WordCount, and a folder that is too large for one node to count before the others are there.
enum WordCount {
    /// What `--top 3` prints of the folder.
    static func result(size: Int = 1) -> String {
        "\(size * 960_000) four\n\(size * 720_000) three\n\(size * 480_000) two\n"
    }

    /// Fills the folder.
    static func prepare(_ folder: String, size: Int) throws {
        let line = "one two two three, Three THREE four-four four4four\n"
        let text = Array(String(repeating: line, count: size * 4000).utf8)
        for file in 0..<60 { try SmallFile.write(text, to: "\(folder)/\(file).txt", mode: 0o644) }
    }

    /// Counts the folder where a settings file says.
    static func run(_ file: String, size: Int = 1) throws -> ClusterRun {
        try ClusterRun(file: file, program: "WordCount", prepare: { try prepare($0, size: size) }) {
            [$0, "--top", "3"]
        }
    }

    /// Whether it ended with the result, and a manager of each of these blocks had registered.
    static func expectResult(_ run: ClusterRun, size: Int = 1, blocks: Int) {
        #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
        #expect(run.output == result(size: size), "\(run.errors)\(run.log)")
        let log = run.text("runinfo/000/htex/interchange.log")
        for block in 0..<blocks {
            #expect(log.contains("block \(block), 2 workers"), "a manager of each block registered: \(log)")
        }
    }
}

extension RealSlurm {
    @Suite("The example WordCount")
    struct WordCountTests {
        @Test("a folder is counted on two nodes, from script to result, and no job is left")
        func counts() throws {
            let run = try ClusterRun(
                [], ["SBATCH_JOB_NAME": "words", "SBATCH_TIMELIMIT": "5"], program: "WordCount",
                prepare: { try WordCount.prepare($0, size: 1) }
            ) { [$0, "--top", "3", "--on", "slurm", "--nodes", "2"] }
            WordCount.expectResult(run, blocks: 2)
            var nodes: Set<String> = []
            for block in 0..<2 {
                let job = try #require(run.job(of: block), "\(run.log)")
                nodes.insert(Slurm.node(of: job))
            }
            #expect(nodes == ["n1", "n2"], "\(run.log)")
            #expect(Slurm.openJobs(run).isEmpty)
        }
    }
}
