import SystemSupport
import Testing

/// Torque's commands on top of a real Slurm.
enum Torque {
    static let directory = EnvironmentVariables.get("TORQUE_ON_SLURM")
    static let hint: Comment = "there are no commands of Torque; Tests/Support/slurm-cluster.sh unpacks them"

    /// A settings file with jobs of one node.
    static func file(_ more: String..., top: String = "") -> String {
        """
        progress: false
        \(top)
        executors:
          htex:
            kind: torque
            commandDirectory: \(directory ?? "")
            coresPerNode: 2
            workersPerNode: 2
            walltime: 5 min
            statusPollingInterval: 1 s
            strategyPeriod: 500 ms

        """ + more.map { "    \($0)\n" }.joined()
    }
}

extension RealSlurm {
    /// The wrappers that Slurm has for Torque's commands: its own servers are in no distribution any more.
    @Suite("Torque's commands on Slurm", .enabled(if: Torque.directory != nil, Torque.hint))
    struct TorqueTests {
        @Test("the example WordCount counts a folder in two jobs, from program to result, and no job is left")
        func words() throws {
            let run = try WordCount.run(Torque.file("initBlocks: 2", "maxBlocks: 2"))
            WordCount.expectResult(run, blocks: 2)
            #expect(Slurm.openJobs(run).isEmpty)
        }

        @Test("after qdel by hand another job runs the tasks: none is lost, and the log has the end")
        func deleted() throws {
            let run = try ClusterRun(file: Torque.file(top: "lostRetries: 3"), program: "ClusterProgram") { _ in
                ["nap", "8", "1500"]
            }
            let job = try #require(run.firstJob(), "\(run.errors)\(run.log)")
            #expect(run.waitsForWorkers(), "\(run.log)")
            Slurm.run([(Torque.directory ?? "") + "/qdel", job])
            #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
            let lines = run.output.split(separator: "\n").filter { $0.hasPrefix("ran on") }
            #expect(lines.count == 8, "\(run.output)")
            #expect(lines.contains { !$0.hasSuffix(" \(job)") }, "\(run.output)")
            #expect(run.log.contains("block 0 (job \(job))"), "\(run.log)")
            #expect(Slurm.openJobs(run).isEmpty)
        }

        @Test("a queue that is not there is an error with the command's own words, and the program ends")
        func refused() throws {
            let run = try ClusterRun(file: Torque.file("queue: nowhere"), program: "ClusterProgram") { _ in
                ["nap", "1", "1"]
            }
            #expect(run.finish() != nil)
            #expect(run.output.contains("3 starts of blocks in a row came to nothing"), "\(run.output)\(run.errors)")
            #expect(run.output.contains("invalid partition specified: nowhere"), "\(run.output)")
        }
    }
}
