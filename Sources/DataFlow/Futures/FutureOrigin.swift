import SystemSupport

/// What a future is made of, when it is not simply the value of a call.
final class FutureOrigin: Sendable {
    private struct Content {
        var sources: [any DependencySource]
        var stop: (@Sendable () -> Void)?
        var isDone = false
    }

    private let content: Locked<Content>
    /// The file with the standard output of a bash app's call.
    let stdoutPath: String?
    /// The file with the standard error of a bash app's call.
    let stderrPath: String?

    /// A future that is made of others.
    init(sources: [any DependencySource]) {
        content = Locked(Content(sources: sources))
        (stdoutPath, stderrPath) = (nil, nil)
    }

    /// A bash app's call.
    init(stdout: String?, stderr: String?) {
        content = Locked(Content(sources: []))
        (stdoutPath, stderrPath) = (stdout, stderr)
    }

    /// The futures whose failures are seen by those who see this one's.
    var sources: [any DependencySource] { content.withLock { $0.sources } }

    /// The futures in whose failures this one's began; `nil` when it has failed by itself.
    var failureRoots: [any DependencySource]? {
        content.withLock { $0.sources.isEmpty ? nil : $0.sources }
    }

    /// What stops the work behind the future; called at once when the future is cancelled already.
    func onCancel(_ stop: @escaping @Sendable () -> Void) {
        let isLate = content.withLock { content in
            if !content.isDone { content.stop = stop }
            return content.isDone
        }
        if isLate { stop() }
    }

    /// Lets go of what the future was made of; only what is needed to tell who has seen a failure stays.
    ///
    /// Chains of futures made of futures may be long: so none holds more than those at the other end.
    func finish(failed: Bool) {
        let sources = content.withLock { $0.sources }
        var roots: [any DependencySource] = []
        if failed {
            for source in sources { roots += source.isDone && source.failure == nil ? [] : source.failureRoots }
        }
        // In one step: who looks at a failure meanwhile finds the sources or their roots, never nothing.
        content.withLock { content in
            content.sources = roots
            content.stop = nil
            content.isDone = true
        }
    }

    /// Takes what has to be called, and the futures that are not wanted any more, when the future is cancelled.
    func cancel() -> (stop: (@Sendable () -> Void)?, sources: [any DependencySource]) {
        content.withLock { content in
            defer {
                content.sources = []
                content.stop = nil
                content.isDone = true
            }
            return (content.stop, content.sources)
        }
    }
}
