// The library below is built for programs that ask for it alone: the trait Kubernetes of this package.
#if Kubernetes
    public import KubernetesObjects
    public import Provisioning
    import SystemSupport

    extension KubernetesProvider: DescribedProvider {
        /// What stands in files as the executor's `kind`.
        public static var kind: String { kindName }

        /// Makes the provider that a file describes.
        ///
        /// - Throws: `ProviderError` that begins with the name of a key.
        public init(_ description: ProviderDescription) throws { try self.init(described: description) }

        /// Kubernetes.
        public var label: String { "kubernetes" }
        /// Pods see no file of this host.
        public var sharesFiles: Bool { false }

        /// What this process knows of its blocks; a provider is a value.
        private static let known = Locked(KnownBlocks())
        /// Blocks in one question: a selector is a part of an address.
        private static let batch = 50
        /// Objects that are deleted side by side.
        private static let width = 8
        /// Blocks in one question whose events are read.
        private static let explained = 20
        /// Where events may not be read.
        private static let silent = Locked<Set<RunWatch.Key>>([])

        private var workload: APIResource { blocks.nodesPerBlock == 1 ? .pods : .jobs }

        // MARK: Starting

        /// Creates the block's pod or job, and then the secret with its parameters, which belongs to it.
        public func submit(_ job: JobRequest) async throws -> JobID {
            try await APIClient.with(self) { api in
                let owner = try await api.create(workload, Manifest.workload(self, job, namespace: api.namespace))
                let name = Manifest.name(self, job)
                do {
                    // Until it is there the pod waits for it.
                    _ = try await api.create(
                        .secrets, Manifest.secret(self, job, namespace: api.namespace, owner: owner))
                } catch {
                    try? await api.delete(workload, name)
                    throw error
                }
                let id = JobID(name)
                let run = job.runID.isEmpty ? nil : ObjectName.labelValue(job.runID)
                let asker = run.map { KnownBlocks.Owner(run: $0, directory: job.directory) }
                Self.known.withLock { $0.started(id, owner: asker, outputPath: job.errorPath) }
                if let run {
                    for resource in workload == .jobs ? [APIResource.pods, .jobs] : [.pods] {
                        RunWatch.start(watchKey(run, resource), self, logPath: "\(job.directory)/kubernetes.log")
                    }
                }
                return id
            }
        }

        // MARK: Looking

        /// What is known of these blocks.
        ///
        /// The pods of a run are followed, so that mostly no request is needed; where that is not allowed, or is interrupted,
        /// they are listed. A pod that was there and is not any more was deleted by somebody: that is the end of its block. One
        /// whose image cannot be fetched fails after ``startLimit``.
        public func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
            var findings: [JobID: PodStatus.Finding] = [:]
            var unknown: [JobID] = []
            var gone = BlockObjects()
            let (told, runs) = Self.known.withLock { known in
                let told = known.asked(for: jobs)
                return (told, known.byRun(jobs.lazy.filter { told[$0] == nil }))
            }
            for (run, jobs) in runs {
                let objects = run.map(objects) ?? BlockObjects()
                gone.add(gone: objects)
                for id in jobs {
                    let finding = objects.isCurrent ? finding(id, objects) : nil
                    if let finding { findings[id] = finding } else { unknown.append(id) }
                }
            }
            if !unknown.isEmpty {
                let listed = try await APIClient.with(self) { api in try await list(unknown, gone, api) }
                findings.merge(listed) { $1 }
            }
            var result = told
            for (id, finding) in findings { result[id] = judged(finding, id) }
            let over = findings.filter { result[$0.key]?.state.isTerminal == true }
            guard !over.isEmpty else { return result }
            let words = await finish(over)
            for (id, words) in words where !words.isEmpty {
                let reason = result[id]?.reason.map { "\($0); " } ?? ""
                result[id]?.reason = "\(reason)events: \(words.joined(separator: ", "))"
            }
            let ends = result.filter { over[$0.key] != nil }
            Self.known.withLock { $0.ended(ends) }
            return result
        }

        /// What following a run has told.
        private func objects(of run: String) -> BlockObjects {
            var objects = BlockObjects(RunWatch.view(watchKey(run, .pods)))
            if workload == .jobs { objects.add(jobs: RunWatch.view(watchKey(run, .jobs))) }
            return objects
        }

        private func list(
            _ jobs: [JobID], _ gone: BlockObjects, _ api: APIClient
        ) async throws -> [JobID: PodStatus.Finding] {
            var findings: [JobID: PodStatus.Finding] = [:]
            for start in stride(from: 0, to: jobs.count, by: Self.batch) {
                let some = jobs[start..<min(start + Self.batch, jobs.count)]
                let selector = "\(Manifest.blockLabel) in (\(some.map(\.rawValue).joined(separator: ",")))"
                var objects = BlockObjects(RunWatch.View(objects: try await api.list(.pods, selector: selector).items))
                if workload == .jobs {
                    objects.add(jobs: RunWatch.View(objects: try await api.list(.jobs, selector: selector).items))
                }
                objects.add(gone: gone)
                for id in some {
                    let isCancelled = Self.known.withLock { $0.isCancelled(id) }
                    findings[id] =
                        finding(id, objects) ?? (isCancelled ? PodStatus.Finding(status: JobStatus(.cancelled)) : nil)
                }
            }
            return findings
        }

        /// What there is of a block, or that it is gone; `nil` when nothing was ever seen of it.
        private func finding(_ id: JobID, _ objects: BlockObjects) -> PodStatus.Finding? {
            let pods = objects.pods[id.rawValue, default: []].map(PodStatus.finding)
            let owner = objects.jobs[id.rawValue] ?? .null
            if let finding = PodStatus.block(pods, job: owner, nodes: blocks.nodesPerBlock) { return finding }
            if let last = objects.goneJobs[id.rawValue] ?? objects.gonePods[id.rawValue]?.first {
                return PodStatus.deleted(last)
            }
            guard Self.known.withLock({ $0.wasSeen(id) }) else { return nil }
            let kind = workload == .jobs ? "job" : "pod"
            return PodStatus.Finding(
                status: JobStatus(.cancelled, reason: "\(kind) \(id) was deleted, not by this program"))
        }

        /// What fails over and over is a failure after a while.
        private func judged(_ finding: PodStatus.Finding, _ id: JobID) -> JobStatus {
            let now = Monotonic.nanoseconds
            if finding.status.state == .cancelled, Self.known.withLock({ $0.isCancelled(id) }) {
                return JobStatus(.cancelled, exitCode: finding.status.exitCode)
            }
            let since = Self.known.withLock { $0.seen(id, isStuck: finding.isStuck, at: now) }
            guard let since, now >= since, .nanoseconds(Int64(now - since)) >= startLimit else { return finding.status }
            return JobStatus(.failed, reason: "\(finding.status.reason ?? "it cannot start") (for \(startLimit))")
        }

        /// Keeps what the blocks printed last, and takes them out of the cluster.
        ///
        /// - Returns: what the cluster noted of those that did not end by themselves, as far as that may be read.
        private func finish(_ over: [JobID: PodStatus.Finding]) async -> [JobID: [String]] {
            let paths = Self.known.withLock { known in over.keys.reduce(into: [:]) { $0[$1] = known.outputPath(of: $1) }
            }
            for (id, finding) in over where !finding.tail.isEmpty {
                // It is only there for errors and logs; without it they say less.
                if let path = paths[id] { try? SmallFile.write(Array(finding.tail.utf8), to: path, mode: 0o600) }
            }
            // What stays in the cluster is found by its labels; the next question does not ask for it any more.
            let words = try? await APIClient.with(self) { api in
                var words: [JobID: [String]] = [:]
                for (id, finding) in over {
                    if words.count < Self.explained { words[id] = await events(id, finding, api) }
                    if !keepsEndedPods { try? await api.delete(workload, id.rawValue) }
                }
                return words
            }
            settle(Array(over.keys))
            return words ?? [:]
        }

        /// What the cluster noted of a pod that did not end by itself.
        private func events(_ id: JobID, _ finding: PodStatus.Finding, _ api: APIClient) async -> [String]? {
            let place = watchKey("", .events)
            guard !Self.known.withLock({ $0.isCancelled(id) }),
                finding.isDeleted || finding.status.state == .failed && finding.status.exitCode == nil,
                let pod = finding.pod, !Self.silent.withLock({ $0.contains(place) })
            else { return nil }
            do throws(ProviderError) {
                if let events = try await api.events(about: pod.name) { return PodEvents.words(events, uid: pod.uid) }
                // Nobody gets more rights while a workflow runs.
                Self.silent.withLock { _ = $0.insert(place) }
            } catch {
                // Words are missing then, and nothing else.
            }
            return nil
        }

        // MARK: Ending

        /// Deletes the blocks' pods or jobs, and with them their secrets.
        public func cancel(_ jobs: [JobID]) async throws {
            guard !jobs.isEmpty else { return }
            try await APIClient.with(self) { api in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    var rest = jobs[...]
                    for job in rest.prefix(Self.width) {
                        group.addTask { try await api.delete(workload, job.rawValue) }
                    }
                    rest = rest.dropFirst(Self.width)
                    while try await group.next() != nil {
                        if let job = rest.popFirst() {
                            group.addTask { try await api.delete(workload, job.rawValue) }
                        }
                    }
                }
            }
            Self.known.withLock { $0.cancelled(jobs) }
            settle(jobs)
        }

        /// Follows the runs of these blocks no more when they were the last.
        private func settle(_ jobs: [JobID]) {
            for (run, goesOn) in Self.known.withLock({ $0.settle(jobs) }) {
                for resource in [APIResource.pods, .jobs] {
                    let key = watchKey(run, resource)
                    if goesOn { RunWatch.forget(Set(jobs.map(\.rawValue)), key) } else { RunWatch.stop(key) }
                }
            }
        }

        private func watchKey(_ run: String, _ resource: APIResource) -> RunWatch.Key {
            RunWatch.Key(
                kubeconfig: kubeconfig, context: context, namespace: namespace, run: run, resource: resource)
        }
    }

    /// Objects by the blocks that they belong to.
    private struct BlockObjects {
        var pods: [String: [JSONValue]] = [:]
        var jobs: [String: JSONValue] = [:]
        var gonePods: [String: [JSONValue]] = [:]
        var goneJobs: [String: JSONValue] = [:]
        var isCurrent = false

        init() {}

        init(_ view: RunWatch.View) {
            isCurrent = view.isCurrent
            pods = Dictionary(grouping: view.objects, by: Self.block)
            gonePods = Dictionary(grouping: view.gone, by: Self.block)
        }

        mutating func add(jobs view: RunWatch.View) {
            isCurrent = isCurrent && view.isCurrent
            jobs = Dictionary(view.objects.map { (Self.block($0), $0) }) { $1 }
            goneJobs = Dictionary(view.gone.map { (Self.block($0), $0) }) { $1 }
        }

        mutating func add(gone other: Self) {
            gonePods.merge(other.gonePods) { $0 + $1 }
            goneJobs.merge(other.goneJobs) { $1 }
        }

        private static func block(_ object: JSONValue) -> String {
            object["metadata"]["labels"][Manifest.blockLabel].string ?? ""
        }
    }
#endif
