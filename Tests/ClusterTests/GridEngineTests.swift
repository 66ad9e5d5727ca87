import Glibc
import SystemSupport
import TestSupport
import Testing

/// Grid Engine's commands.
enum GridEngine {
    /// Whether there is a queue.
    static let isThere = EnvironmentVariables.get("SGE_ROOT") != nil && Slurm.run(["qstat", "-f"]).contains("all.q@")
    static let hint: Comment = """
        there is no Grid Engine here; start one with: Tests/Support/grid-engine.sh run swift test --filter RealGridEngine
        """

    /// A settings file with jobs of Grid Engine.
    ///
    /// - Parameters:
    ///   - more: further lines for the executor.
    ///   - walltime: of a job.
    ///   - top: further lines for the workflow.
    static func file(_ more: String..., walltime: String = "5 min", top: String = "") -> String {
        """
        progress: false
        \(top)
        executors:
          htex:
            kind: gridEngine
            workersPerNode: 2
            walltime: \(walltime)
            statusPollingInterval: 1 s
            strategyPeriod: 500 ms

        """ + more.map { "    \($0)\n" }.joined()
    }

    /// Jobs that are not over, of any run, since nobody else uses this Grid Engine; they have some seconds to end.
    static func openJobs() -> String {
        var left = ""
        _ = eventually(within: 20) {
            left = Slurm.run(["qstat", "-u", "*"])
            return left.isEmpty
        }
        return left
    }

    /// The letters of a job's state; none when it is over.
    static func state(_ job: String) -> String {
        let lines = Slurm.run(["qstat", "-u", "*"]).split(separator: "\n").map { $0.split(separator: " ") }
        return lines.first { $0.first.map(String.init) == job && $0.count > 4 }.map { String($0[4]) } ?? ""
    }
}

/// A real Grid Engine of one host: `Tests/Support/grid-engine.sh run swift test --filter RealGridEngine`.
@Suite(
    "A real Grid Engine", .tags(.cluster), .blocking, .serialized, .enabled(if: GridEngine.isThere, GridEngine.hint))
struct RealGridEngine {
    private static let once = ["CLUSTER_ROUNDS": "1"]

    /// Two tasks that wait for the file `go-1` run, each for this often.
    private static func running(_ run: ClusterRun, attempts: Int, within seconds: Double = 40) -> Bool {
        eventually(within: seconds) {
            (0..<2).allSatisfy { run.text("ran-1-\($0)").split(separator: "\n").count == attempts }
        }
    }

    private static func finish(_ run: ClusterRun) throws {
        try run.touch("go-1")
        #expect(run.waits(for: "wave 1 1"), "\(run.output)\(run.errors)\(run.log)")
        try run.touch("after-1")
        #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
        #expect(GridEngine.openJobs().isEmpty)
    }

    @Test("the example WordCount counts a folder in two jobs, from program to result, and no job is left")
    func words() throws {
        let run = try WordCount.run(
            GridEngine.file("parallelEnvironment: smp", "slots: 2", "initBlocks: 2", "maxBlocks: 2"))
        WordCount.expectResult(run, blocks: 2)
        #expect(GridEngine.openJobs().isEmpty)
    }

    @Test("at the end of its walltime a job is killed: its tasks run again in another one, or fail with the reason")
    func walltime() throws {
        let again = try ClusterRun(
            file: GridEngine.file(walltime: "9 s", top: "lostRetries: 9"), program: "ClusterProgram", Self.once
        ) { _ in ["waves", "2"] }
        let strict = try ClusterRun(
            file: GridEngine.file("strategy: none", walltime: "9 s", top: "lostRetries: 0"), program: "ClusterProgram"
        ) { _ in ["nap", "1", "60000"] }
        #expect(Self.running(again, attempts: 1), "\(again.errors)\(again.log)")
        let first = try #require(again.firstJob(), "\(again.log)")
        #expect(Self.running(again, attempts: 2), "\(again.log)")
        try Self.finish(again)
        #expect(again.log.contains("timeout ("), "\(first) \(again.log)")

        let job = try #require(strict.firstJob(), "\(strict.log)")
        #expect(strict.finish() != nil, "\(strict.log)")
        #expect(
            strict.output.contains("grid-engine says of block 0 (job \(job)): timeout ("),
            "\(strict.output)\(strict.log)")
    }

    @Test("after qdel by hand another job runs the tasks: none is lost")
    func deleted() throws {
        let run = try ClusterRun(file: GridEngine.file(top: "lostRetries: 3"), program: "ClusterProgram", Self.once) {
            _ in ["waves", "2"]
        }
        #expect(Self.running(run, attempts: 1), "\(run.errors)\(run.log)")
        let job = try #require(run.firstJob(), "\(run.log)")
        Slurm.run(["qdel", job])
        #expect(Self.running(run, attempts: 2), "\(run.log)")
        try Self.finish(run)
        #expect(run.log.contains("failed (100 : assumedly after job"), "\(run.log)")
    }

    @Test("a job that is held says so, and runs when it is released")
    func held() throws {
        let run = try ClusterRun(
            file: GridEngine.file("schedulerOptions: '#$ -h'"), program: "ClusterProgram", Self.once
        ) { _ in ["waves", "2"] }
        let job = try #require(run.firstJob(), "\(run.errors)\(run.log)")
        let isHeld = eventually(within: 20) { run.log.contains("held (hqw") }
        #expect(isHeld, "\(run.log)")
        #expect(GridEngine.state(job) == "hqw")
        Slurm.run(["qrls", job])
        #expect(Self.running(run, attempts: 1), "\(run.errors)\(run.log)")
        try Self.finish(run)
    }

    @Test("jobs that cannot open their output are errors with the scheduler's reason, and none stays in the queue")
    func unable() throws {
        let run = try ClusterRun(
            file: GridEngine.file("schedulerOptions: '#$ -o /nowhere/of/this/host/'"), program: "ClusterProgram"
        ) { _ in ["nap", "1", "1"] }
        #expect(run.finish() != nil, "\(run.log)")
        #expect(run.output.contains("in a row came to nothing"), "\(run.output)\(run.errors)\(run.log)")
        #expect(run.output.contains("Eqw: error: can't open output file"), "\(run.output)\(run.log)")
        #expect(GridEngine.openJobs().isEmpty)
    }
}
