import Glibc
import SystemSupport
import TestSupport
import Testing

/// What runs on a real Slurm of two nodes or more: `Tests/Support/slurm-cluster.sh run swift test --filter RealSlurm`.
///
/// One test at a time: they share the nodes, and take them away.
@Suite("A real Slurm", .tags(.cluster), .blocking, .serialized, .enabled(if: Slurm.isThere, Slurm.hint))
enum RealSlurm {}

extension RealSlurm {
    @Suite("Workers as jobs")
    struct SlurmTests {
        @Test("tasks run on both nodes of a block")
        func bothNodes() throws {
            let run = try ClusterRun(["nap", "12", "300"])
            #expect(run.finish() == .exited(0), "\(run.errors)")
            for node in ["n1", "n2"] { #expect(run.output.contains("ran on \(node) "), "\(run.output)\(run.log)") }
        }

        @Test("programs on one node and on two are started by srun, on the nodes that they were given")
        func ranks() throws {
            let run = try ClusterRun(["ranks"], ["CLUSTER_MPI": "1"])
            #expect(run.finish() == .exited(0), "\(run.errors)")
            #expect(run.output == "done\n", "\(run.output)\(run.log)")
            let lines = (try SmallFile.readText("\(run.directory)/ranks.out")).split(separator: "\n").sorted()
            #expect(lines.count == 4 && lines.suffix(2) == ["2 n1", "2 n2"], "\(lines)")
            #expect(lines.prefix(2).allSatisfy { $0 == "1 n1" || $0 == "1 n2" }, "\(lines)")
        }

        @Test(
            "managers start by an srun of each, and on the first node alone, when the launcher says so",
            arguments: [("srunmpi", ["n1", "n2"]), ("single", ["n1"])])
        func launchers(name: String, nodes: [String]) throws {
            let run = try ClusterRun(["nap", "12", "300"], ["CLUSTER_LAUNCHER": name])
            #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
            let lines = run.output.split(separator: "\n").filter { $0.hasPrefix("ran on ") }
            #expect(lines.count == 12, "\(run.output)\(run.errors)")
            #expect(Set(lines.map { String($0.split(separator: " ")[2]) }) == Set(nodes), "\(run.output)")
        }

        @Test("after scancel by hand another block runs the tasks: none is lost")
        func cancelled() throws {
            let run = try ClusterRun(["nap", "16", "1500"], ["CLUSTER_RETRIES": "3"])
            let job = try #require(run.firstJob(), "\(run.errors)\(run.log)")
            #expect(run.waitsForWorkers(), "\(run.log)")
            Slurm.run(["scancel", job])
            #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
            let lines = run.output.split(separator: "\n")
            #expect(lines.filter { $0.hasPrefix("ran on") }.count == 16, "\(run.output)")
            #expect(lines.contains { $0.hasPrefix("ran on") && !$0.hasSuffix(" \(job)") }, "\(run.output)")
            #expect(Slurm.openJobs(run).isEmpty)
        }

        @Test("Ctrl-C cancels the jobs")
        func interrupted() throws {
            let run = try ClusterRun(["nap", "4", "60000"])
            _ = try #require(run.firstJob(), "\(run.errors)\(run.log)")
            #expect(run.waitsForWorkers(), "\(run.log)")
            kill(run.child.pid, SIGINT)
            #expect(run.finish() == .exited(130), "\(run.errors)")
            #expect(Slurm.openJobs(run).isEmpty)
        }

        @Test("a partition that is not there is an error with sbatch's own words, and the program ends")
        func refused() throws {
            let run = try ClusterRun(["nap", "1", "1"], ["CLUSTER_PARTITION": "nowhere"])
            #expect(run.finish() != nil)
            #expect(run.output.contains("3 starts of blocks in a row came to nothing"), "\(run.output)\(run.errors)")
            #expect(run.output.contains("invalid partition specified: nowhere"), "\(run.output)")
            #expect(run.output.contains("$ sbatch --parsable"), "\(run.output)")
        }

        @Test("a controller that is started again in the middle is waited for")
        func controllerRestarted() throws {
            let run = try ClusterRun(["nap", "24", "1000"])
            _ = try #require(run.firstJob(), "\(run.errors)\(run.log)")
            #expect(run.waitsForWorkers(), "\(run.log)")
            Slurm.run(["scontrol", "shutdown", "slurmctld"])
            _ = eventually(within: 10) { Slurm.run(["scontrol", "ping"]).contains("is DOWN") }
            _ = eventually(within: 10) { Slurm.run(["slurmctld"]).isEmpty }
            #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
            #expect(run.output.split(separator: "\n").filter { $0.hasPrefix("ran on") }.count == 24)
            #expect(Slurm.openJobs(run).isEmpty)
        }
    }
}
