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
        private static let known = Locked<[JobID: KnownBlock]>([:])
        /// Blocks in one question: a selector is a part of an address.
        private static let batch = 50
        /// Objects that are deleted side by side.
        private static let width = 8

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
                Self.known.withLock { $0[id] = KnownBlock(outputPath: job.errorPath) }
                return id
            }
        }

        // MARK: Looking

        /// Lists the pods of these blocks.
        ///
        /// A pod that was there and is not any more was deleted by somebody: that is the end of its block. One whose image
        /// cannot be fetched fails after ``startLimit``.
        public func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
            guard !jobs.isEmpty else { return [:] }
            return try await APIClient.with(self) { api in
                var result: [JobID: JobStatus] = [:]
                for start in stride(from: 0, to: jobs.count, by: Self.batch) {
                    let some = Array(jobs[start..<min(start + Self.batch, jobs.count)])
                    result.merge(try await status(of: some, api)) { $1 }
                }
                return result
            }
        }

        private func status(of jobs: [JobID], _ api: APIClient) async throws -> [JobID: JobStatus] {
            let selector = "\(Manifest.blockLabel) in (\(jobs.map(\.rawValue).joined(separator: ",")))"
            let pods = try await api.list(.pods, selector: selector)
            let owners = workload == .jobs ? try await api.list(.jobs, selector: selector) : []
            var result: [JobID: JobStatus] = [:]
            for id in jobs {
                let findings = pods.filter { $0["metadata"]["labels"][Manifest.blockLabel].string == id.rawValue }
                    .map(PodStatus.finding)
                let owner = owners.first { $0["metadata"]["name"].string == id.rawValue } ?? .null
                guard let finding = PodStatus.block(findings, job: owner, nodes: blocks.nodesPerBlock) else {
                    if Self.known.withLock({ $0[id]?.wasSeen }) == true {
                        result[id] = JobStatus(
                            .cancelled, reason: "\(workload.rawValue) \(id) was deleted, not by this program")
                    }
                    continue
                }
                let status = judged(finding, id)
                result[id] = status
                if status.state.isTerminal { await finish(id, finding, api) }
            }
            return result
        }

        /// What fails over and over is a failure after a while.
        private func judged(_ finding: PodStatus.Finding, _ id: JobID) -> JobStatus {
            let now = Monotonic.nanoseconds
            let since = Self.known.withLock { known -> UInt64? in
                known[id, default: KnownBlock(outputPath: nil)].wasSeen = true
                guard finding.isStuck else {
                    known[id]?.stuckSince = nil
                    return nil
                }
                let since = known[id]?.stuckSince ?? now
                known[id]?.stuckSince = since
                return since
            }
            guard let since, now >= since, .nanoseconds(Int64(now - since)) >= startLimit else { return finding.status }
            return JobStatus(.failed, reason: "\(finding.status.reason ?? "it cannot start") (for \(startLimit))")
        }

        /// Keeps what the block printed last, and takes it out of the cluster.
        private func finish(_ id: JobID, _ finding: PodStatus.Finding, _ api: APIClient) async {
            if let path = Self.known.withLock({ $0[id]?.outputPath }), !finding.tail.isEmpty {
                // It is only there for errors and logs; without it they say less.
                try? SmallFile.write(Array(finding.tail.utf8), to: path, mode: 0o600)
            }
            // What stays is found by its labels; the next question does not ask for it any more.
            if !keepsEndedPods { try? await api.delete(workload, id.rawValue) }
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
            Self.known.withLock { known in
                for job in jobs { known[job] = nil }
            }
        }
    }

    /// What is known of one block beyond the API's answer.
    private struct KnownBlock: Sendable {
        /// Where the end of its output is written.
        var outputPath: String?
        var wasSeen = false
        /// Since when its container cannot start.
        var stuckSince: UInt64?
    }
#endif
