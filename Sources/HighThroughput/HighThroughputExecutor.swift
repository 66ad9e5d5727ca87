import SystemSupport
public import WorkflowCore

/// Runs calls on worker processes, reached through an interchange and managers over ZeroMQ.
public final class HighThroughputExecutor: Executor {
    private let configuration: HighThroughputConfiguration
    private let mailbox = Locked<ClientMailbox?>(nil)
    private let thread = Locked<JoinableThread?>(nil)

    /// An executor that has not been started.
    public init(_ configuration: HighThroughputConfiguration = HighThroughputConfiguration()) {
        self.configuration = configuration
    }

    /// The name in logs.
    public var label: String { configuration.label }

    /// Starts the interchange and the managers; returns when calls can be sent.
    ///
    /// - Throws: ``ExecutionError`` when the configuration cannot work, or the interchange does not start.
    public func start(_ context: ExecutorContext) async throws {
        if let fault = configuration.fault { throw ExecutionError(.executorFailed, fault) }
        // Blocks and their commands are children, each with descriptors.
        CurrentProcess.raiseDescriptorLimit()
        let mailbox = try ClientMailbox()
        self.mailbox.withLock { $0 = mailbox }
        let configuration = self.configuration
        try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
            // The children are started by this thread and end with it; it lives until the executor is shut down.
            let started = startThread(named: "apus-\(configuration.label)") {
                let service = ClientService(configuration: configuration, context: context, mailbox: mailbox)
                service.run { result in continuation.resume(with: result) }
            }
            thread.withLock { $0 = started }
        }
    }

    /// Takes one attempt.
    public func submit(_ invocation: any TaskInvocation, to receiver: any OutcomeReceiver) {
        let refusal: ExecutionError? =
            if let mailbox = mailbox.withLock({ $0 }) {
                mailbox.put(.init(invocation: invocation, receiver: receiver))
            } else {
                ExecutionError(.executorFailed, "executor '\(label)' was given a task before it was started")
            }
        if let refusal { receiver.receive(.failure(refusal), of: invocation) }
    }

    /// Stops an attempt, wherever it is; see `HighThroughputConfiguration.cancelGrace`.
    public func cancel(_ invocation: any TaskInvocation) { mailbox.withLock { $0 }?.cancel(invocation) }

    /// Fails what has not ended, and ends interchange, managers and workers.
    public func shutdown() async { await end(kill: false) }

    /// Leaves a question of an operator; false when nobody takes it.
    func ask(_ request: InspectionRequest) -> Bool { mailbox.withLock { $0 }?.put(request) ?? false }

    /// Kills interchange, managers and workers without waiting for them.
    package func kill() { mailbox.withLock { $0 }?.stop(kill: true) }

    private func end(kill: Bool) async {
        guard let mailbox = mailbox.withLock({ $0 }) else { return }
        mailbox.stop(kill: kill)
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let running else { return }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            _ = startThread(named: "apus-join") {
                running.join()
                continuation.resume()
            }
        }
    }

    /// Workers and calls there are now.
    public var snapshot: ExecutorSnapshot { mailbox.withLock { $0 }?.snapshot ?? ExecutorSnapshot() }

    /// The blocks at the last decision about them, at most a strategy period ago; nil without a provider.
    package var blocksSnapshot: BlocksSnapshot? { mailbox.withLock { $0 }?.blocks }
}
