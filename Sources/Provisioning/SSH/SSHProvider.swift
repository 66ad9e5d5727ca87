import SystemSupport

/// Blocks are processes on hosts that are reached through `ssh`, without any scheduler.
///
/// Each host of the list is a node, and holds one block at a time, or a part of one. Nobody is asked anything: hosts must
/// let the user in by key, and their own keys must be known.
public struct SSHProvider: Provider {
    /// The hosts.
    public var hosts: [SSHHost]
    /// How the program comes to the hosts.
    ///
    /// With `.shared` they see the program, its working directory and the run directory under the same paths. With `.copied`
    /// they see nothing of this host: the program is copied to each once, and tasks run in ``workingDirectory``.
    public var executable: ExecutablePlacement
    /// Where tasks run when the executable is copied; `nil` is the directory of the job on its host.
    public var workingDirectory: String?
    /// Where jobs keep their logs on the hosts; `nil` is `apus-ssh-UID` in the directory for temporary files there.
    public var remoteDirectory: String?
    /// Shell text that runs on each host before the manager starts.
    public var workerInit: String
    /// Further arguments of `ssh` for all hosts: `["-F", "/home/me/cluster.config"]`.
    public var options: [String]
    /// The program `ssh`; looked up on PATH when it holds no slash.
    public var sshProgram: String
    /// How long a connection may take to come about.
    public var connectTimeout: Duration
    /// How long one command on a host may take.
    public var commandTimeout: Duration
    /// How long the copy of the program may take.
    public var copyTimeout: Duration
    /// How long a connection is kept for the next command (`ControlMaster`); `nil` makes a new one for each.
    public var connectionSharing: Duration?
    /// Questions in a row that a host leaves unanswered, after which its job counts as lost.
    public var silenceLimit: Int
    /// How long a manager may take to end before it is killed.
    public var grace: Duration
    /// How often the state of jobs is asked for.
    public var statusPollingInterval: Duration
    /// How many blocks, and how large; `nil` in the initialiser makes each host a block of its own.
    public var blocks: BlockParameters

    private static let table = Locked(SSHHostTable())
    /// Hosts that are asked at the same time.
    private static let width = 16

    /// Blocks on hosts.
    public init(
        hosts: [SSHHost], executable: ExecutablePlacement = .shared, workingDirectory: String? = nil,
        remoteDirectory: String? = nil, workerInit: String = "", options: [String] = [], sshProgram: String = "ssh",
        connectTimeout: Duration = .seconds(10), commandTimeout: Duration = .seconds(60),
        copyTimeout: Duration = .seconds(600), connectionSharing: Duration? = nil, silenceLimit: Int = 3,
        grace: Duration = .seconds(10), statusPollingInterval: Duration = .seconds(10), blocks: BlockParameters? = nil
    ) {
        self.hosts = hosts
        self.executable = executable
        self.workingDirectory = workingDirectory
        self.remoteDirectory = remoteDirectory
        self.workerInit = workerInit
        self.options = options
        self.sshProgram = sshProgram
        self.connectTimeout = connectTimeout
        self.commandTimeout = commandTimeout
        self.copyTimeout = copyTimeout
        self.connectionSharing = connectionSharing
        self.silenceLimit = silenceLimit
        self.grace = grace
        self.statusPollingInterval = statusPollingInterval
        self.blocks = blocks ?? BlockParameters(initBlocks: hosts.count, maxBlocks: max(1, hosts.count))
    }

    /// SSH.
    public var label: String { "ssh" }
    /// Whether the hosts see the files of this one.
    public var sharesFiles: Bool { executable == .shared }

    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    public var fault: String? {
        if hosts.isEmpty { return "hosts is empty; name at least one host" }
        if let fault = hosts.lazy.compactMap(\.fault).first { return "hosts: \(fault)" }
        var seen: Set<String> = []
        for host in hosts where !seen.insert(host.description).inserted {
            return "hosts names \(host) twice; a host is one node"
        }
        if let fault = blocks.fault { return fault }
        if blocks.maxBlocks * blocks.nodesPerBlock > hosts.count {
            return
                "blocks can be \(blocks.maxBlocks) of \(blocks.nodesPerBlock) hosts each, and there are \(hosts.count)"
        }
        if let fault = executable.fault { return fault }
        for case (let name, let path?) in [
            ("workingDirectory", workingDirectory), ("remoteDirectory", remoteDirectory),
        ] where !path.hasPrefix("/") || path.contains(where: \.isNewline) {
            return "\(name) is '\(path)'; it is a path from the root, in one line"
        }
        if sshProgram.isEmpty { return "sshProgram is empty" }
        if silenceLimit < 1 { return "silenceLimit is \(silenceLimit); it is 1 or more" }
        for (name, value) in [
            ("connectTimeout", connectTimeout), ("commandTimeout", commandTimeout), ("copyTimeout", copyTimeout),
            ("grace", grace), ("connectionSharing", connectionSharing ?? .seconds(1)),
        ] where value <= .zero {
            return "\(name) is \(value); it is positive"
        }
        if connectionSharing != nil, SSHConnection.socketDirectory() == nil {
            return "connectionSharing needs the directory \(SSHConnection.socketPath) for its sockets, and that is not "
                + "this user's alone (mode 0700); remove it, or leave connectionSharing out"
        }
        return nil
    }

    private func connection(_ host: SSHHost) -> SSHConnection {
        SSHConnection(
            program: sshProgram, host: host, options: options, connectTimeout: connectTimeout,
            sharing: connectionSharing)
    }

    // MARK: Starting

    /// Starts the job on hosts that have none.
    public func submit(_ job: JobRequest) async throws -> JobID {
        let id = JobID(job.name)
        let entry = SSHHostTable.Job(
            directory: job.directory, hosts: [], outputPath: job.errorPath, hasWalltime: blocks.walltime != nil)
        guard let taken = Self.table.withLock({ $0.take(blocks.nodesPerBlock, of: hosts, for: id, entry) }) else {
            throw ProviderError(
                .refused, "\(blocks.nodesPerBlock) hosts are needed, and fewer have no job: \(hosts.count) are known")
        }
        let results = await Self.each(taken) { host in await start(job, on: host) }
        if let failure = results.lazy.compactMap(\.1).first {
            for (host, error) in results where error != nil { Self.table.withLock { $0.failed(host) } }
            // What was started elsewhere would wait for nobody.
            try? await cancel([id])
            Self.table.withLock { $0.release(id) }
            throw failure
        }
        return id
    }

    private func start(_ job: JobRequest, on host: SSHHost) async -> ProviderError? {
        do throws(ProviderError) {
            let connection = connection(host)
            let (script, digest) = try await script(job, on: host)
            // A start that is repeated finds the job of the first one.
            for _ in 0..<3 {
                let output = try await connection.run(script, timeout: commandTimeout, repeats: 1)
                let answers = SSHAnswers.lines(output).map { $0.joined(separator: " ") }
                if answers.contains("started") { return nil }
                guard answers.contains("wanted"), let digest, let program = job.program,
                    case .copied(let cache) = executable
                else {
                    throw ProviderError(
                        .unreadableAnswer,
                        "host \(host) answered with something else; does a login script there print or replace the shell?",
                        command: sshProgram + " \(host)", output: output)
                }
                _ = try await connection.run(
                    SSHScripts.store(cache, digest: digest), reading: program.executable, timeout: copyTimeout)
            }
            throw ProviderError(.refused, "host \(host) loses the program that is copied to it")
        } catch {
            return error
        }
    }

    /// The script that starts a job, and the digest of the program when that is to be copied.
    private func script(_ job: JobRequest, on host: SSHHost) async throws(ProviderError) -> (String, String?) {
        let walltime = blocks.walltime.map { Int($0.components.seconds) }
        guard case .copied(let cache) = executable, let program = job.program else {
            let body = JobScript.body(
                job, workerInit: workerInit, launcher: SimpleLauncher(), nodes: blocks.nodesPerBlock, replacing: true)
            return (
                SSHScripts.start(
                    name: Self.place(job.name, host), root: remoteDirectory, body: body, parameters: nil,
                    walltime: walltime), nil
            )
        }
        let digest = try await ExecutableFile.digest(program.executable)
        let body = SSHScripts.copiedBody(
            job, program, cache: cache, digest: digest, workingDirectory: workingDirectory, workerInit: workerInit)
        return (
            SSHScripts.start(
                name: Self.place(job.name, host), root: remoteDirectory, body: body, parameters: program.parameters,
                walltime: walltime,
                preparation: SSHScripts.programCheck(cache, digest: digest)), digest
        )
    }

    // MARK: Looking and ending

    /// Asks each host once about all of its jobs.
    ///
    /// A host that does not answer leaves the state of its jobs open at first; after ``silenceLimit`` questions they count as
    /// failed, with the reason that the last question had.
    public func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
        let known = Self.table.withLock { table in table.jobs }
        let wanted = Self.byHost(jobs, known)
        let answers = await Self.each(Array(wanted.keys)) { host in
            await ask(host, names: (wanted[host] ?? []).map { Self.place($0.rawValue, host) })
        }
        var errors: [SSHHost: ProviderError] = [:]
        for (host, answer) in answers {
            for id in wanted[host] ?? [] {
                switch answer {
                case .success(let places):
                    let place = places[Self.place(id.rawValue, host)]
                    Self.table.withLock { $0.heard(of: id, on: host, place) }
                case .failure(let error):
                    errors[host] = error
                    Self.table.withLock { $0.heard(of: id, on: host, nil) }
                }
            }
        }
        var result: [JobID: JobStatus] = [:]
        for id in jobs {
            guard let job = Self.table.withLock({ $0.jobs[id] }) else { continue }
            let status = judged(job, errors)
            result[id] = status
            if status.state.isTerminal { finish(id, job) }
        }
        return result
    }

    private func ask(_ host: SSHHost, names: [String]) async -> Result<[String: SSHAnswers.Place], ProviderError> {
        do throws(ProviderError) {
            let script = SSHScripts.status(names: names, root: remoteDirectory)
            return .success(SSHAnswers.places(try await connection(host).run(script, timeout: commandTimeout)))
        } catch {
            return .failure(error)
        }
    }

    private func judged(_ job: SSHHostTable.Job, _ errors: [SSHHost: ProviderError]) -> JobStatus {
        let places = job.hosts.map { host in
            (host: host.description, place: job.silences[host] == 0 ? job.last[host] : nil)
        }
        let status = SSHAnswers.status(places, hasWalltime: job.hasWalltime)
        guard status.state == .unknown,
            let lost = job.hosts.first(where: { job.silences[$0, default: 0] >= silenceLimit })
        else { return status }
        let reason = errors[lost].map { error in
            error.output.split(separator: "\n").last.map(String.init) ?? error.message
        }
        return JobStatus(.failed, reason: "host \(lost) is lost: \(reason ?? "it does not know the job any more")")
    }

    /// Keeps what the job printed last beside its script, and frees its hosts.
    private func finish(_ id: JobID, _ job: SSHHostTable.Job) {
        Self.table.withLock { $0.release(id) }
        var text = ""
        for host in job.hosts {
            guard let tail = job.last[host]?.tail, !tail.isEmpty else { continue }
            text += job.hosts.count > 1 ? "\(host):\n\(tail)\n" : tail
        }
        // It is only there for errors and logs; without it they say less.
        if !text.isEmpty { try? SmallFile.write(Array(text.utf8), to: job.outputPath, mode: 0o600) }
    }

    /// Ends the processes of these jobs: SIGTERM, then, after ``grace``, SIGKILL; never those of anybody else.
    public func cancel(_ jobs: [JobID]) async throws {
        let known = Self.table.withLock { table in table.jobs }
        let wanted = Self.byHost(jobs, known)
        let seconds = max(1, Int(grace.components.seconds))
        let errors = await Self.each(Array(wanted.keys)) { host -> ProviderError? in
            do throws(ProviderError) {
                let script = SSHScripts.cancel(
                    names: (wanted[host] ?? []).map { Self.place($0.rawValue, host) }, root: remoteDirectory,
                    graceSeconds: seconds)
                _ = try await connection(host).run(script, timeout: commandTimeout + grace, repeats: 1)
                return nil
            } catch {
                return error
            }
        }
        for id in jobs { Self.table.withLock { $0.release(id) } }
        if let error = errors.lazy.compactMap(\.1).first { throw error }
    }

    /// The name of a job's part on a host: two hosts may see one directory for temporary files.
    private static func place(_ job: String, _ host: SSHHost) -> String {
        "\(job)@\(JobScript.safeName(host.description))"
    }

    /// The jobs of each host.
    private static func byHost(_ jobs: [JobID], _ known: [JobID: SSHHostTable.Job]) -> [SSHHost: [JobID]] {
        var result: [SSHHost: [JobID]] = [:]
        for id in jobs { for host in known[id]?.hosts ?? [] { result[host, default: []].append(id) } }
        return result
    }

    /// Does the same for several hosts, some at a time.
    private static func each<Value: Sendable>(
        _ hosts: [SSHHost], _ body: @escaping @Sendable (SSHHost) async -> Value
    ) async -> [(SSHHost, Value)] {
        await withTaskGroup(of: (SSHHost, Value).self) { group in
            var rest = hosts[...]
            var results: [(SSHHost, Value)] = []
            for host in rest.prefix(width) { group.addTask { (host, await body(host)) } }
            rest = rest.dropFirst(width)
            while let result = await group.next() {
                results.append(result)
                if let host = rest.popFirst() { group.addTask { (host, await body(host)) } }
            }
            return results
        }
    }
}
