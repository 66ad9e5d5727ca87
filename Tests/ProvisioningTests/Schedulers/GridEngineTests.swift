import Provisioning
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

/// Whether a Grid Engine answers here.
private let hasGridEngine: Bool = {
    guard EnvironmentVariables.all["SGE_ROOT"] != nil else { return false }
    var options = ChildProcess.Options(executable: "/bin/sh", arguments: ["sh", "-c", "qstat && command -v qacct"])
    options.standardOutput = .null
    options.standardError = .null
    return (try? ChildProcess(spawning: options).wait().isSuccess) ?? false
}()

@Suite(
    "A real Grid Engine", .paced, .tags(.cluster),
    .enabled(if: hasGridEngine, "needs a Grid Engine: SGE_ROOT set, and qsub, qstat, qacct and qdel on PATH"))
struct GridEngineTests {
    private func submit(
        _ command: String, _ directory: TemporaryDirectory, _ change: (inout GridEngineProvider) -> Void = { _ in }
    ) async throws -> (GridEngineProvider, JobID) {
        var provider = GridEngineProvider(launcher: SimpleLauncher())
        change(&provider)
        let job = JobRequest(
            command: command, blockID: BlockID("0"), name: "apus.block-0", directory: directory.path,
            workingDirectory: directory.path)
        return (provider, try await provider.submit(job))
    }

    /// Asks until the job is in one of these states, or over.
    private func wait(
        for states: Set<JobState>, of job: JobID, _ provider: GridEngineProvider
    ) async throws -> JobStatus? {
        let deadline = Monotonic.deadline(after: .seconds(120))
        while Monotonic.nanoseconds < deadline {
            let status = try await provider.status(of: [job])[job]
            if let status, states.contains(status.state) || status.state.isTerminal { return status }
        }
        return nil
    }

    @Test("a job waits, runs and is done, and prints where it was told to")
    func done() async throws {
        let directory = try TemporaryDirectory()
        let (provider, job) = try await submit("echo hello; until [ -e go ]; do sleep 0.1; done", directory)
        let running = try await wait(for: [.running], of: job, provider)
        #expect(running?.state == .running)
        try SmallFile.write([], to: "\(directory.path)/go", mode: 0o600)
        let status = try await wait(for: [], of: job, provider)
        #expect(status == JobStatus(.completed, exitCode: 0))
        #expect(try SmallFile.readText("\(directory.path)/apus.block-0.stdout") == "hello\n")
    }

    @Test("a job that fails tells its exit code")
    func failed() async throws {
        let directory = try TemporaryDirectory()
        let (provider, job) = try await submit("exit 3", directory)
        let status = try await wait(for: [], of: job, provider)
        #expect(status == JobStatus(.failed, exitCode: 3))
    }

    @Test("a job that is cancelled ends; cancelling it again is no error")
    func cancelled() async throws {
        let directory = try TemporaryDirectory()
        let (provider, job) = try await submit("sleep 600", directory)
        let running = try await wait(for: [.running], of: job, provider)
        #expect(running?.state == .running)
        try await provider.cancel([job])
        try await provider.cancel([job])
        let status = try await wait(for: [], of: job, provider)
        // 8.1.9 keeps no note of who deleted a job; all it tells is the signal.
        #expect(status?.state == .failed)
        #expect(status?.exitCode == 137)
        try await provider.cancel([job])
    }

    @Test("a job over its walltime is a time-out")
    func walltime() async throws {
        let directory = try TemporaryDirectory()
        let (provider, job) = try await submit("sleep 600", directory) {
            $0.blocks = BlockParameters(walltime: .seconds(5))
        }
        let status = try await wait(for: [], of: job, provider)
        #expect(status?.state == .timeout)
    }

    @Test("a queue that does not exist is refused with Grid Engine's words")
    func refused() async throws {
        let directory = try TemporaryDirectory()
        let error = await #expect(throws: ProviderError.self) {
            _ = try await submit("true", directory) { $0.queue = "no-such.q" }
        }
        #expect(error?.code == .refused)
        #expect(error?.output.contains("no-such.q") == true)
    }
}
