import Glibc
import Provisioning
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

/// Slurm's commands as scripts that answer what the test says: how they fail is in the manuals and seldom
/// happens on a small cluster.
@Suite("Slurm's commands, when they fail", .paced, .tags(.realProcess))
struct SlurmProviderTests {
    private static func job(in directory: TemporaryDirectory) -> JobRequest {
        JobRequest(
            command: "true", blockID: BlockID("0"), name: "apus.x", directory: directory.path,
            workingDirectory: directory.path)
    }

    @Test("a refused job shows what sbatch said")
    func refused() async throws {
        let stand = try StandIn(["sbatch": "echo 'sbatch: error: invalid account' >&2; exit 1"])
        let request = Self.job(in: stand.directory)
        let error = await #expect(throws: ProviderError.self) {
            _ = try await SlurmProvider(commandDirectory: stand.directory.path).submit(request)
        }
        #expect(error?.code == .refused)
        #expect(error?.output.contains("invalid account") == true)
    }

    @Test("a job that sbatch lost sight of is found by its name")
    func adopted() async throws {
        let stand = try StandIn([
            "sbatch": "echo 'Socket timed out on send/recv operation' >&2; exit 1", "squeue": "echo 4711",
        ])
        let job = try await SlurmProvider(commandDirectory: stand.directory.path).submit(Self.job(in: stand.directory))
        #expect(job == JobID("4711"))
    }

    @Test("an sbatch that prints no number is an error")
    func noNumber() async throws {
        let stand = try StandIn(["sbatch": "echo thank you"])
        let request = Self.job(in: stand.directory)
        let error = await #expect(throws: ProviderError.self) {
            _ = try await SlurmProvider(commandDirectory: stand.directory.path).submit(request)
        }
        #expect(error?.code == .unreadableAnswer)
    }

    @Test("without accounting squeue alone is believed; a job it has forgotten is absent, not ended")
    func withoutAccounting() async throws {
        let stand = try StandIn([
            "squeue": "echo '1|RUNNING|None'; echo '2|FAILED|NonZeroExitCode'",
            "sacct": "echo 'Slurm accounting storage is disabled' >&2; exit 1",
        ])
        let states = try await SlurmProvider(commandDirectory: stand.directory.path).status(of: [
            JobID("1"), JobID("2"), JobID("3"),
        ])
        #expect(states[JobID("1")]?.state == .running)
        #expect(states[JobID("2")]?.reason == "FAILED, NonZeroExitCode")
        #expect(states[JobID("3")] == nil)
    }

    @Test("a job that waits to be started again is not over, though accounting says that its node failed")
    func requeued() async throws {
        let stand = try StandIn(["squeue": "echo '1|PENDING|BeginTime'", "sacct": "echo '1|NODE_FAIL|0:0'"])
        let states = try await SlurmProvider(commandDirectory: stand.directory.path).status(of: [JobID("1")])
        #expect(states[JobID("1")]?.state == .pending)
    }

    @Test("accounting knows what squeue has forgotten")
    func forgotten() async throws {
        let stand = try StandIn([
            "squeue": "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1",
            "sacct": "echo '1|CANCELLED by 0|0:15'",
        ])
        let states = try await SlurmProvider(commandDirectory: stand.directory.path).status(of: [JobID("1")])
        #expect(states[JobID("1")] == JobStatus(.cancelled, reason: "CANCELLED by 0 (root)", exitCode: 143))
    }

    @Test("a controller that is down is an error, not the end of the jobs")
    func down() async throws {
        let stand = try StandIn(["squeue": "echo 'Unable to contact slurm controller' >&2; exit 1"])
        let error = await #expect(throws: ProviderError.self) {
            _ = try await SlurmProvider(commandDirectory: stand.directory.path).status(of: [JobID("1")])
        }
        #expect(error?.code == .schedulerDown)
    }

    @Test("many jobs are asked for in batches")
    func batches() async throws {
        let stand = try StandIn(["squeue": "echo \"$@\" >>\"$(dirname \"$0\")/calls\"", "sacct": "exit 1"])
        _ = try await SlurmProvider(commandDirectory: stand.directory.path, statusBatchSize: 2).status(
            of: (1...5).map { JobID("\($0)") })
        let calls = try SmallFile.readText(stand.directory.path + "/calls").split(separator: "\n")
        #expect(calls.map { $0.split(separator: " ").last } == ["--jobs=1,2", "--jobs=3,4", "--jobs=5"])
    }

    @Test("cancelling what is over already is no error, another refusal is")
    func cancel() async throws {
        let gone = try StandIn([
            "scancel": "echo 'scancel: error: Kill job error on job id 1: Invalid job id specified' >&2; exit 1"
        ])
        try await SlurmProvider(commandDirectory: gone.directory.path).cancel([JobID("1")])
        let denied = try StandIn(["scancel": "echo 'Access/permission denied' >&2; exit 1"])
        await #expect(throws: ProviderError.self) {
            try await SlurmProvider(commandDirectory: denied.directory.path).cancel([JobID("1")])
        }
    }
}

/// Scripts in the place of Slurm's commands.
struct StandIn {
    let directory: TemporaryDirectory

    init(_ scripts: [String: String]) throws {
        directory = try TemporaryDirectory()
        for (name, text) in scripts {
            try Script.write("#!/bin/bash\n\(text)\n", to: "\(directory.path)/\(name)")
        }
    }
}
