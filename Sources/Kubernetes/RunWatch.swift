#if Kubernetes
    import KubernetesObjects
    import Provisioning
    import SystemSupport

    /// Follows one kind of objects of one run, from its first block until nobody asks for its blocks any more.
    final class RunWatch: Sendable {
        /// Whose objects.
        struct Key: Hashable, Sendable {
            var kubeconfig: String?
            var context: String?
            var namespace: String?
            /// The value of the run's label.
            var run: String
            var resource: APIResource
        }

        /// What is known of a run.
        struct View: Sendable {
            var objects: [JSONValue] = []
            /// What is not there any more, as it was last.
            var gone: [JSONValue] = []
            /// Whether no request is needed to know what there is.
            var isCurrent = false
        }

        private struct Content: Sendable {
            var state = WatchState()
            var lines = LineBuffer()
            var task: Task<Void, Never>?
            /// Whether the log says that it was interrupted.
            var isInterrupted = false
        }

        private static let all = Locked<[Key: RunWatch]>([:])
        private let content = Locked(Content())
        private let key: Key
        private let provider: KubernetesProvider
        private let logPath: String

        private init(_ key: Key, _ provider: KubernetesProvider, logPath: String) {
            self.key = key
            self.provider = provider
            self.logPath = logPath
        }

        /// Begins to follow, unless that has begun.
        static func start(_ key: Key, _ provider: KubernetesProvider, logPath: String) {
            let watch = all.withLock { all -> RunWatch? in
                guard all[key] == nil else { return nil }
                let watch = RunWatch(key, provider, logPath: logPath)
                all[key] = watch
                return watch
            }
            guard let watch else { return }
            let task = Task.detached { await watch.follow() }  // why: nobody waits for it; what it learns is asked for
            watch.content.withLock { $0.task = task }
            // It may have been stopped before the task was known.
            if all.withLock({ $0[key] !== watch }) { task.cancel() }
        }

        /// Follows no more.
        static func stop(_ key: Key) {
            let watch = all.withLock { $0.removeValue(forKey: key) }
            watch?.content.withLock { $0.task }?.cancel()
        }

        /// What is known; nothing when it is not followed.
        static func view(_ key: Key) -> View {
            guard let watch = all.withLock({ $0[key] }) else { return View() }
            return watch.content.withLock { content in
                View(
                    objects: Array(content.state.objects.values), gone: Array(content.state.gone.values),
                    isCurrent: content.state.isCurrent)
            }
        }

        /// Forgets blocks that are over.
        static func forget(_ blocks: Set<String>, _ key: Key) {
            all.withLock { $0[key] }?.content.withLock { content in
                content.state.forget { blocks.contains($0["metadata"]["labels"][Manifest.blockLabel].string ?? "") }
            }
        }

        // MARK: Following

        private var selector: String { "\(Manifest.runLabel)=\(key.run)" }
        /// Bookmarks come about once a minute.
        private var silence: Duration { provider.requestTimeout * 3 }

        private func follow() async {
            var step = WatchState.firstStep
            while !Task.isCancelled {
                switch step {
                case .list(let pause):
                    guard await rest(pause) else { return }
                    step = await list()
                case .follow(let version, let pause):
                    guard await rest(pause) else { return }
                    step = await changes(since: version)
                case .giveUp(let reason):
                    log("\(key.resource.rawValue) of run \(key.run) are not followed, but listed: \(reason)")
                    return
                }
            }
        }

        /// A part of the pause, so that many programs do not come back at one moment; false when it is to end.
        private func rest(_ pause: Duration) async -> Bool {
            guard pause > .zero else { return !Task.isCancelled }
            let part = pause * Double.random(in: 0.5...1)
            return (try? await Task.sleep(for: part)) != nil  // why: a server that ended it gets time
        }

        private func list() async -> WatchState.Step {
            do {
                let list = try await APIClient.with(provider) { try await $0.list(key.resource, selector: selector) }
                return content.withLock { $0.state.listed(list.items, version: list.version) }
            } catch {
                // Not 401: credentials may be renewed.
                let refused = (error as? ProviderError)?.message.contains("(403") == true
                return ended(refused ? .refused(403, "\(error)") : .lost("\(error)"))
            }
        }

        private func changes(since version: String) async -> WatchState.Step {
            content.withLock { $0.lines = LineBuffer() }
            do {
                let end = try await APIClient.with(provider, silence: silence) { api in
                    await api.watch(
                        key.resource, selector: selector, from: version,
                        began: began, take: { take($0) })
                }
                return ended(end)
            } catch {
                return ended(.lost("\(error)"))
            }
        }

        private func take(_ piece: [UInt8]) -> Bool {
            content.withLock { content in
                guard let lines = content.lines.append(piece) else { return false }
                return lines.allSatisfy { content.state.received($0) }
            }
        }

        private func began() {
            let wasInterrupted = content.withLock { content in
                content.state.began()
                defer { content.isInterrupted = false }
                return content.isInterrupted
            }
            if wasInterrupted { log("\(key.resource.rawValue) of run \(key.run) are followed again") }
        }

        /// Takes note of an end; the first of several in a row is logged.
        private func ended(_ end: WatchState.End) -> WatchState.Step {
            let words: String? =
                switch end {
                case .closed: nil
                case .lost(let words): words
                case .refused(let status, let words): "\(status): \(words)"
                }
            let (step, isFirst) = content.withLock { content in
                let isFirst = words != nil && !content.isInterrupted
                if words != nil { content.isInterrupted = true }
                return (content.state.ended(end), isFirst)
            }
            if case .giveUp = step { return step }
            if let words, isFirst, !Task.isCancelled {
                log("following \(key.resource.rawValue) of run \(key.run) was interrupted: \(words)")
            }
            return step
        }

        private func log(_ text: String) {
            var line = "\(WallClock.stamp) \(text.split(whereSeparator: \.isNewline).joined(separator: " "))\n"
            guard let descriptor = try? DescriptorIO.openAppending(logPath) else { return }
            line.withUTF8 { bytes in
                // A log that cannot be written is no reason to end.
                _ = try? DescriptorIO.writeFully(descriptor, UnsafeRawBufferPointer(bytes))
            }
            DescriptorIO.close(descriptor)
        }
    }
#endif
