import Glibc
import SystemSupport
import TestSupport
import Testing

extension RealSlurm {
    @Suite("Blocks that come and go")
    struct SlurmElasticTests {
        @Test("none to two blocks and back to none; a node is drained and the other goes down: no task is lost")
        func waves() throws {
            defer { Slurm.resumeNodes() }
            let run = try ClusterRun(
                ["waves", "4"],
                [
                    "CLUSTER_NODES": "1", "CLUSTER_BLOCKS": "0", "CLUSTER_MAX": "2", "CLUSTER_STRATEGY": "auto",
                    "CLUSTER_IDLE": "1500", "CLUSTER_RETRIES": "3", "CLUSTER_PREFETCH": "0",
                ])
            let running = eventually(within: 40) { (0..<4).allSatisfy { run.has("ran-1-\($0)") } }
            #expect(running, "four calls need two blocks of two workers: \(run.errors)\(run.log)")
            Slurm.run(["scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=a test"])
            try run.touch("go-1")
            #expect(run.waits(for: "wave 1 6"), "\(run.output)\(run.errors)\(run.log)")
            #expect(Slurm.openJobs(run).isEmpty, "idle blocks are given back: \(run.log)")
            let attempts = (0..<4).map { run.text("ran-1-\($0)").split(separator: "\n").count }
            #expect(attempts == [1, 1, 1, 1], "draining ends no job")

            // One block runs, the other waits for the drained node.
            try run.touch("after-1")
            let waiting = eventually(within: 40) {
                (0..<4).count { run.has("ran-2-\($0)") } == 2 && run.log.contains("pending (PENDING, ")
            }
            #expect(waiting, "\(run.log)")
            Slurm.run(["scontrol", "update", "NodeName=n2", "State=DOWN", "Reason=a test"])
            let failed = eventually(within: 30) { run.log.contains("NODE_FAIL") }
            #expect(failed, "\(run.log)")
            Slurm.resumeNodes()
            try run.touch("go-2")
            #expect(run.waits(for: "wave 2 6"), "\(run.output)\(run.errors)\(run.log)")
            try run.touch("after-2")
            #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
            #expect(Slurm.openJobs(run).isEmpty)
        }

        @Test("each of three jobs ends in another way, and each task's error says how")
        func explained() throws {
            defer { Slurm.resumeNodes() }
            // Four jobs of one processor on two nodes.
            let run = try ClusterRun(
                ["nap", "3", "60000"],
                [
                    "CLUSTER_NODES": "1", "CLUSTER_BLOCKS": "3", "CLUSTER_WORKERS": "1", "CLUSTER_SHARED": "1",
                    "CLUSTER_STRATEGY": "none", "CLUSTER_RETRIES": "0", "CLUSTER_PREFETCH": "0",
                ])
            let begun = eventually(within: 40) { run.has("nap-2") && run.has("nap-1") && run.has("nap-0") }
            #expect(begun, "\(run.errors)\(run.log)")
            let jobs = try (0..<3).map { try #require(run.job(of: $0), "\(run.log)") }
            Slurm.run(["scontrol", "update", "JobId=\(jobs[0])", "EndTime=now+2"])
            let node = Slurm.node(of: jobs[1])
            Slurm.run(["scancel", jobs[2]])
            let ended = eventually(within: 40) {
                run.log.contains("timeout (TIMEOUT") && run.log.contains("cancelled (CANCELLED")
            }
            #expect(ended, "\(run.output)\(run.log)")
            Slurm.run(["scontrol", "update", "NodeName=\(node)", "State=DOWN", "Reason=a test"])
            #expect(run.finish() != nil, "\(run.log)")
            #expect(
                run.output.contains("slurm says of block 0 (job \(jobs[0])): timeout (TIMEOUT"),
                "\(run.output)\(run.log)")
            #expect(
                run.output.contains("slurm says of block 1 (job \(jobs[1])): failed (NODE_FAIL"),
                "\(node) \(run.output)\(run.log)")
            #expect(
                run.output.contains("slurm says of block 2 (job \(jobs[2])): cancelled (CANCELLED"),
                "\(run.output)\(run.log)")
        }

        @Test("a signal before the walltime ends the managers in time, and their tasks run in another job")
        func signalled() throws {
            let run = try ClusterRun(
                ["waves", "2"],
                [
                    "CLUSTER_NODES": "1", "CLUSTER_BLOCKS": "1", "CLUSTER_SIGNAL": "TERM@60", "CLUSTER_RETRIES": "1",
                    "CLUSTER_ROUNDS": "1",
                ])
            let running = eventually(within: 40) { (0..<2).allSatisfy { run.has("ran-1-\($0)") } }
            #expect(running, "\(run.errors)\(run.log)")
            let job = try #require(run.job(of: 0), "\(run.log)")
            // Within the last minute before its walltime the signal is due.
            Slurm.run(["scontrol", "update", "JobId=\(job)", "EndTime=now+58"])
            let replaced = eventually(within: 40) {
                (0..<2).allSatisfy { run.text("ran-1-\($0)").split(separator: "\n").count == 2 }
            }
            #expect(replaced, "\(run.log)")
            try run.touch("go-1")
            #expect(run.waits(for: "wave 1 1"), "\(run.output)\(run.errors)\(run.log)")
            try run.touch("after-1")
            #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
            #expect(Slurm.openJobs(run).isEmpty)
        }

        @Test("while the controller is away blocks are asked for in vain, and come when it is back: no call fails")
        func controllerAway() throws {
            let run = try ClusterRun(
                ["waves", "2"],
                ["CLUSTER_NODES": "1", "CLUSTER_BLOCKS": "0", "CLUSTER_ROUNDS": "1", "CLUSTER_RETRIES": "0"],
                prepare: { _ in Slurm.stopController() })
            let tried = eventually(within: 40) { run.log.contains("cannot be reached") }
            #expect(tried, "\(run.errors)\(run.log)")
            Slurm.startController()
            let running = eventually(within: 60) { (0..<2).allSatisfy { run.has("ran-1-\($0)") } }
            #expect(running, "\(run.errors)\(run.log)")
            // It goes away again while tasks run, and is not there when they end.
            Slurm.stopController()
            try run.touch("go-1")
            #expect(run.waits(for: "wave 1 1"), "\(run.output)\(run.errors)\(run.log)")
            Slurm.startController()
            try run.touch("after-1")
            #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
            #expect(Slurm.openJobs(run).isEmpty)
        }
    }
}
