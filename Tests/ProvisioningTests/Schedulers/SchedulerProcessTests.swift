import Provisioning
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

/// A scheduler whose commands are stand-ins.
struct StandInScheduler: Sendable, CustomTestStringConvertible {
    var name: String
    var scripts: [String: String]
    var provider: @Sendable (_ directory: String, _ timeout: Duration) -> any Provider
    /// What a cancelled job is called; Torque only says with which status it ended.
    var cancelled: JobState = .cancelled
    var testDescription: String { name }

    static let all: [Self] = [
        Self(name: "Grid Engine", scripts: StandInScripts.gridEngine) {
            GridEngineProvider(launcher: SimpleLauncher(), commandDirectory: $0, commandTimeout: $1)
        },
        Self(name: "PBS Pro", scripts: StandInScripts.pbsPro) {
            PBSProProvider(launcher: SimpleLauncher(), commandDirectory: $0, commandTimeout: $1)
        },
        Self(
            name: "Torque", scripts: StandInScripts.torque,
            provider: { TorqueProvider(launcher: SimpleLauncher(), commandDirectory: $0, commandTimeout: $1) },
            cancelled: .failed),
        Self(name: "LSF", scripts: StandInScripts.lsf) {
            LSFProvider(launcher: SimpleLauncher(), commandDirectory: $0, commandTimeout: $1)
        },
        Self(name: "HTCondor", scripts: StandInScripts.condor) {
            CondorProvider(launcher: SimpleLauncher(), commandDirectory: $0, commandTimeout: $1)
        },
    ]

    /// Every command does this.
    func replaced(by text: String) -> [String: String] { scripts.mapValues { _ in text } }
}

/// The providers against commands that run as processes and print what the real ones do.
@Suite("Other schedulers' commands as processes", .paced, .tags(.realProcess))
struct SchedulerProcessTests {
    private func job(_ command: String, in directory: String) -> JobRequest {
        JobRequest(
            command: command, blockID: BlockID("0"), name: "apus.block-0", directory: directory,
            workingDirectory: directory)
    }

    /// Asks until the job has this state.
    private func wait(
        for state: JobState, of job: JobID, _ provider: any Provider
    ) async throws -> JobStatus? {
        // Looks are counted, not seconds: each runs a command, and may wait for a thread.
        var last: JobStatus?
        for _ in 0..<2000 {
            last = try await provider.status(of: [job])[job]
            if last?.state == state { return last }
            if last?.state.isTerminal == true { return last }
        }
        return last
    }

    @Test("a job waits, runs and is done", arguments: StandInScheduler.all)
    func done(_ scheduler: StandInScheduler) async throws {
        let stand = try StandIn(scheduler.scripts)
        let directory = stand.directory.path
        let provider = scheduler.provider(directory, .seconds(30))
        let request = job("echo hello; until [ -e go ]; do sleep 0.05; done; echo bye >&2", in: directory)
        let id = try await provider.submit(request)
        let first = try await provider.status(of: [id])
        #expect(first[id]?.state == .pending)
        let running = try await wait(for: .running, of: id, provider)
        #expect(running?.state == .running)
        try SmallFile.write([], to: "\(directory)/go", mode: 0o600)
        let over = try await wait(for: .completed, of: id, provider)
        #expect(over?.state == .completed)
        #expect((over?.exitCode ?? 0) == 0)
        #expect(try SmallFile.readText(request.outputPath) == "hello\n")
        #expect(try SmallFile.readText(request.errorPath) == "bye\n")
        try await provider.cancel([id])
    }

    @Test("a job that fails tells its exit code", arguments: StandInScheduler.all)
    func failed(_ scheduler: StandInScheduler) async throws {
        let stand = try StandIn(scheduler.scripts)
        let provider = scheduler.provider(stand.directory.path, .seconds(30))
        let id = try await provider.submit(job("exit 3", in: stand.directory.path))
        let over = try await wait(for: .failed, of: id, provider)
        #expect(over?.state == .failed)
        #expect(over?.exitCode == 3)
    }

    @Test("a job that is cancelled ends, and cancelling it again is no error", arguments: StandInScheduler.all)
    func cancelled(_ scheduler: StandInScheduler) async throws {
        let stand = try StandIn(scheduler.scripts)
        let provider = scheduler.provider(stand.directory.path, .seconds(30))
        let id = try await provider.submit(job("sleep 3600", in: stand.directory.path))
        let running = try await wait(for: .running, of: id, provider)
        #expect(running?.state == .running)
        try await provider.cancel([id])
        let over = try await wait(for: scheduler.cancelled, of: id, provider)
        #expect(over?.state == scheduler.cancelled)
        try await provider.cancel([id])
    }

    @Test(
        "a job that the scheduler does not know is absent; others are told all the same",
        arguments: StandInScheduler.all)
    func unknown(_ scheduler: StandInScheduler) async throws {
        let stand = try StandIn(scheduler.scripts)
        let provider = scheduler.provider(stand.directory.path, .seconds(30))
        let id = try await provider.submit(job("sleep 3600", in: stand.directory.path))
        let gone = JobID(id.rawValue.contains(".") ? "99999.\(id.rawValue.split(separator: ".")[1])" : "99999")
        let states = try await provider.status(of: [gone, id])
        #expect(states[gone] == nil)
        #expect(states[id]?.state == .pending)
        let none = try await provider.status(of: [gone])
        #expect(none.isEmpty)
        try await provider.cancel([id])
    }

    @Test("a command that does not end in time is an error that says so", arguments: StandInScheduler.all)
    func late(_ scheduler: StandInScheduler) async throws {
        let stand = try StandIn(scheduler.replaced(by: "exec sleep 60"))
        let provider = scheduler.provider(stand.directory.path, .milliseconds(200))
        let request = job("true", in: stand.directory.path)
        let submit = await #expect(throws: ProviderError.self) { _ = try await provider.submit(request) }
        #expect(submit?.code == .timedOut)
        let status = await #expect(throws: ProviderError.self) { _ = try await provider.status(of: [JobID("1")]) }
        #expect(status?.code == .timedOut)
        let cancel = await #expect(throws: ProviderError.self) { try await provider.cancel([JobID("1")]) }
        #expect(cancel?.code == .timedOut)
    }

    @Test("garbage is an error that shows it", arguments: StandInScheduler.all)
    func garbage(_ scheduler: StandInScheduler) async throws {
        let stand = try StandIn(scheduler.replaced(by: "echo 'System maintenance tonight'"))
        let provider = scheduler.provider(stand.directory.path, .seconds(30))
        let request = job("true", in: stand.directory.path)
        let submit = await #expect(throws: ProviderError.self) { _ = try await provider.submit(request) }
        #expect(submit?.code == .unreadableAnswer)
        #expect(submit?.description.contains("| System maintenance tonight") == true)
        let status = await #expect(throws: ProviderError.self) { _ = try await provider.status(of: [JobID("1")]) }
        #expect(status?.code == .unreadableAnswer)
    }

    @Test("a refusal shows the command and its words", arguments: StandInScheduler.all)
    func refused(_ scheduler: StandInScheduler) async throws {
        let stand = try StandIn(scheduler.replaced(by: "echo 'server is down' >&2; exit 1"))
        let provider = scheduler.provider(stand.directory.path, .seconds(30))
        let request = job("true", in: stand.directory.path)
        let submit = await #expect(throws: ProviderError.self) { _ = try await provider.submit(request) }
        #expect(submit?.code == .refused)
        #expect(submit?.description.contains("| server is down") == true)
        #expect(submit?.message.contains(stand.directory.path) == true)
        let status = await #expect(throws: ProviderError.self) { _ = try await provider.status(of: [JobID("1")]) }
        #expect(status?.code == .refused)
        let cancel = await #expect(throws: ProviderError.self) { try await provider.cancel([JobID("1")]) }
        #expect(cancel?.code == .refused)
    }

    @Test("without the scheduler's commands the error says where to run", arguments: StandInScheduler.all)
    func absent(_ scheduler: StandInScheduler) async throws {
        let directory = try TemporaryDirectory()
        let provider = scheduler.provider(directory.path + "/none", .seconds(30))
        let request = job("true", in: directory.path)
        let submit = await #expect(throws: ProviderError.self) { _ = try await provider.submit(request) }
        #expect(submit?.code == .commandNotFound)
    }
}
