import Glibc
import SystemSupport

/// Blocks are processes of this machine.
///
/// Without any provider an executor starts the workers of this machine itself, which is simpler and quicker. This one is
/// for blocks that come and go, without a scheduler: to try a configuration, and in tests.
public struct LocalProvider: Provider {
    /// How many blocks, and how large; several nodes of a block are several managers here.
    public var blocks: BlockParameters
    /// Shell text that runs before the manager starts.
    public var workerInit: String
    /// How the manager is started.
    public var launcher: any Launcher
    /// How long a block may take to end before it is killed.
    public var grace: Duration
    /// How often the state of jobs is looked at; that costs nothing here, so it is shorter than Parsl's 5 s.
    public var statusPollingInterval: Duration

    /// The processes that were started and not yet forgotten; a provider is a value, and processes are not.
    private static let jobs = Locked<[JobID: LocalEntry]>([:])

    /// Blocks on this machine.
    public init(
        workerInit: String = "", launcher: any Launcher = SingleNodeLauncher(), grace: Duration = .seconds(5),
        statusPollingInterval: Duration = .seconds(1), blocks: BlockParameters = BlockParameters()
    ) {
        self.workerInit = workerInit
        self.launcher = launcher
        self.grace = grace
        self.statusPollingInterval = statusPollingInterval
        self.blocks = blocks
    }

    /// This machine.
    public var label: String { "local" }
    /// Every block is here.
    public var isLocal: Bool { true }
    /// The processors this process may use.
    public var coresPerNode: Int? { CurrentProcess.availableCores.count }

    /// Whether all values are the same.
    public static func == (left: Self, right: Self) -> Bool {
        left.workerInit == right.workerInit && left.launcher.isEqual(to: right.launcher) && left.grace == right.grace
            && left.statusPollingInterval == right.statusPollingInterval && left.blocks == right.blocks
    }

    /// Starts the job's script in a process group of its own.
    public func submit(_ job: JobRequest) async throws -> JobID {
        let text =
            "#!/bin/bash\n"
            + JobScript.body(job, workerInit: workerInit, launcher: launcher, nodes: blocks.nodesPerBlock)
        try JobScript.write(text, for: job)
        let started: LocalJob
        do throws(SystemError) {
            started = try LocalJob(job, walltime: blocks.walltime)
        } catch {
            throw ProviderError(.notStarted, error.description, command: "/bin/bash \(job.scriptPath)")
        }
        let id = JobID("\(started.child.pid)")
        Self.jobs.withLock { $0[id] = .started(started) }
        return id
    }

    /// Looks at the processes.
    public func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
        let known = Self.jobs.withLock { table in jobs.map { ($0, table[$0]) } }
        var result: [JobID: JobStatus] = [:]
        for case (let id, let entry?) in known {
            switch entry {
            case .over(let status): result[id] = status
            case .started(let job):
                let status = job.status(grace: grace)
                result[id] = status
                guard status.state.isTerminal else { continue }
                Self.jobs.withLock { if case .started(job)? = $0[id] { $0[id] = .over(status) } }
            }
        }
        return result
    }

    /// Ends the processes: SIGTERM, then, after `grace`, SIGKILL.
    public func cancel(_ jobs: [JobID]) async throws {
        let known = Self.jobs.withLock { table in
            jobs.compactMap { id -> LocalJob? in
                guard case .started(let job)? = table[id] else { return nil }
                table[id] = .over(JobStatus(.cancelled))
                return job
            }
        }
        for job in known { job.child.signalGroup(SIGTERM) }
        guard !known.isEmpty else { return }
        let grace = grace
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            startThread(named: "apus-local-jobs") {
                let deadline = Monotonic.deadline(after: grace)
                for job in known {
                    _ = job.child.wait(deadlineNanoseconds: deadline)
                    job.child.teardown([])
                }
                continuation.resume()
            }
        }
    }
}

/// What is kept of a block on this machine: its process, and later how it ended.
private enum LocalEntry: Sendable {
    case started(LocalJob)
    case over(JobStatus)
}

/// One block on this machine.
final class LocalJob: Sendable, Equatable {
    let child: ChildProcess
    private let deadline: UInt64?

    static func == (left: LocalJob, right: LocalJob) -> Bool { left === right }

    init(_ job: JobRequest, walltime: Duration?) throws(SystemError) {
        child = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: "/bin/bash", arguments: ["bash", job.scriptPath],
                standardOutput: .file(job.outputPath, append: true), standardError: .file(job.errorPath, append: true),
                ownProcessGroup: true, endsGroupWithLeader: true))
        deadline = walltime.map { Monotonic.deadline(after: $0) }
    }

    func status(grace: Duration) -> JobStatus {
        let late = deadline.map { Monotonic.nanoseconds >= $0 } ?? false
        guard let status = child.poll() else {
            if late { child.signalGroup(SIGTERM) }
            if let deadline, Monotonic.nanoseconds >= deadline &+ grace.clampedNanoseconds {
                child.signalGroup(SIGKILL)
            }
            return JobStatus(.running)
        }
        if late { return JobStatus(.timeout, reason: "walltime", exitCode: status.shellCode) }
        return JobStatus(
            status.isSuccess ? .completed : .failed, reason: status.isSuccess ? nil : "\(status)",
            exitCode: status.shellCode)
    }
}
