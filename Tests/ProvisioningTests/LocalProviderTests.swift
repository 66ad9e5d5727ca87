import Provisioning
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

@Suite("Blocks on this machine", .paced, .tags(.realProcess))
struct LocalProviderTests {
    private static func status(
        _ provider: LocalProvider, _ job: JobID, until isThere: (JobStatus) -> Bool
    ) async throws -> JobStatus? {
        // Looks are counted, not seconds: where many tests share few threads a look may come a minute after the other.
        var last: JobStatus?
        for _ in 0..<1000 {
            last = try await provider.status(of: [job])[job]
            if let last, isThere(last) { return last }
            try await Task.sleep(for: .milliseconds(20))
        }
        return last
    }

    @Test(
        "the end of a job is its command's",
        arguments: [
            ("true", JobStatus(.completed, exitCode: 0)),
            ("exit 3", JobStatus(.failed, reason: "exit status 3", exitCode: 3)),
        ])
    func ends(_ command: String, _ expected: JobStatus) async throws {
        let directory = try TemporaryDirectory()
        let provider = LocalProvider(launcher: SimpleLauncher())
        let job = try await provider.submit(Self.job(command, in: directory))
        let status = try await Self.status(provider, job) { $0.state.isTerminal }
        #expect(status == expected)
    }

    @Test("a job runs in its directory, after what the user wants first, and its output is in its files")
    func output() async throws {
        let directory = try TemporaryDirectory()
        let provider = LocalProvider(workerInit: "export GREETING=hello", launcher: SimpleLauncher())
        let request = Self.job("echo \"$GREETING from $PWD\"", in: directory)
        let job = try await provider.submit(request)
        _ = try await Self.status(provider, job) { $0.state.isTerminal }
        #expect(try SmallFile.readText(request.outputPath) == "hello from \(directory.path)\n")
    }

    @Test("a cancelled job has no process left, and is known as cancelled")
    func cancel() async throws {
        let directory = try TemporaryDirectory()
        let provider = LocalProvider(grace: .milliseconds(200))
        let job = try await provider.submit(Self.job("trap '' TERM; sleep 600", in: directory))
        let running = try await provider.status(of: [job])[job]
        #expect(running?.state == .running)
        try await provider.cancel([job])
        let cancelled = try await provider.status(of: [job])
        #expect(cancelled == [job: JobStatus(.cancelled)])
        try await provider.cancel([job])
        let unknown = try await provider.status(of: [JobID("1")])
        #expect(unknown.isEmpty)
    }

    @Test("a job at its walltime is ended, and says so")
    func walltime() async throws {
        let directory = try TemporaryDirectory()
        let provider = LocalProvider(
            launcher: SimpleLauncher(), blocks: BlockParameters(walltime: .seconds(1)))
        let job = try await provider.submit(Self.job("exec sleep 600", in: directory))
        let status = try await Self.status(provider, job) { $0.state.isTerminal }
        #expect(status?.state == .timeout)
    }

    @Test("a directory that is not there is a typed error")
    func noDirectory() async throws {
        let directory = try TemporaryDirectory()
        var request = Self.job("true", in: directory)
        request.directory = directory.path + "/missing"
        let provider = LocalProvider()
        let error = await #expect(throws: ProviderError.self) { _ = try await provider.submit(request) }
        #expect(error?.code == .notStarted)
    }

    private static func job(_ command: String, in directory: TemporaryDirectory) -> JobRequest {
        JobRequest(
            command: command, blockID: BlockID("0"), name: "test", directory: directory.path,
            workingDirectory: directory.path)
    }
}
