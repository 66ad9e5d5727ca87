import SystemSupport

/// Which hosts have a job, and what is known of each: a provider is a value, and this is the process's own memory.
///
/// Executors are told apart by their directories: each has all of its hosts for itself.
struct SSHHostTable: Sendable {
    /// One job.
    struct Job: Sendable {
        var directory: String
        var hosts: [SSHHost]
        /// Where the end of its output is written on this host.
        var outputPath: String
        var hasWalltime: Bool
        var isOver = false
        /// Questions in a row that a host did not answer, by host.
        var silences: [SSHHost: Int] = [:]
        /// What a host was heard of last.
        var last: [SSHHost: SSHAnswers.Place] = [:]
    }

    private(set) var jobs: [JobID: Job] = [:]
    /// Failures of hosts, which are then taken last.
    private(set) var failures: [SSHHost: Int] = [:]

    /// Takes so many hosts that have no job; `nil` when there are too few.
    mutating func take(_ count: Int, of hosts: [SSHHost], for id: JobID, _ job: Job) -> [SSHHost]? {
        let busy = Set(jobs.values.filter { !$0.isOver && $0.directory == job.directory }.flatMap(\.hosts))
        let free = hosts.enumerated().filter { !busy.contains($0.element) }
            .sorted { (failures[$0.element, default: 0], $0.offset) < (failures[$1.element, default: 0], $1.offset) }
            .prefix(count).map(\.element)
        guard free.count == count else { return nil }
        var job = job
        job.hosts = free
        jobs[id] = job
        return free
    }

    /// The job is over, or never began: its hosts are free.
    mutating func release(_ id: JobID) { jobs[id]?.isOver = true }

    /// A host could not do what it was asked for.
    mutating func failed(_ host: SSHHost) { failures[host, default: 0] += 1 }

    /// A host answered, or did not.
    mutating func heard(of id: JobID, on host: SSHHost, _ place: SSHAnswers.Place?) {
        if let place {
            jobs[id]?.silences[host] = 0
            jobs[id]?.last[host] = place
        } else {
            jobs[id]?.silences[host, default: 0] += 1
        }
    }
}
