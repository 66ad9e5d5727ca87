public import WorkflowCore

extension AppFuture {
    /// Takes the call back.
    ///
    /// A call that waits fails at once with ``CallCancelled``; one that an executor has is stopped there, first by
    /// asking (`Task.isCancelled`), then by force, and ends when that is done; its value, if it was quicker, stays.
    /// Calls that depend on it fail with ``DependencyError``. A future that is done stays as it is.
    ///
    /// A future made of others, by ``map(_:)`` for example, is cancelled at once, and with it the calls behind it whose
    /// values nobody else wants.
    public func cancel() { cancel(by: .program) }

    package func cancel(by origin: CallCancelled.Origin) {
        if let owner, let taskID {
            DataFlowKernel.running(owner)?.cancel(taskID, by: origin)
            return
        }
        guard let parts = self.origin, !isDone else { return }
        let (stop, sources) = parts.cancel()
        store(.failure(CallCancelled(app: appName, task: taskID, origin: origin)))?.wake?()
        stop?()
        // Not from here: a chain of futures made of futures may be long.
        for source in sources {
            source.withdraw(self)
            SubmitThreads.shared.run { source.cancelIfUnwanted(by: origin) }
        }
    }

    /// Stores the outcome of a future that no kernel completes.
    func complete(_ result: Result<Value, any Error>) {
        guard let waiters = store(result) else { return }
        if case .failure = result { origin?.finish(failed: true) } else { origin?.finish(failed: false) }
        waiters.wake?()
    }

    /// Waits for the value, but not longer than so; the call goes on.
    ///
    /// - Parameter timeout: how long to wait.
    /// - Throws: ``FutureTimeout`` when the time is over; else what ``value`` throws.
    public func value(timeout: Duration) async throws -> Value {
        markObserved()
        if let current { return try current.get() }
        let ticket = FutureTicket()
        let error = FutureTimeout(app: appName, task: taskID, limit: timeout)
        let clock = Task {
            try await Task.sleep(for: timeout)  // why: the clock of this wait, which ends with it
            _ = giveBack(ticket, error)
        }
        defer { clock.cancel() }
        return try await wait(for: ticket)
    }
}

/// A value was not there when the time for waiting was over; its call goes on.
public struct FutureTimeout: Error, Sendable, Hashable, CustomStringConvertible {
    /// The app.
    public var app: String
    /// The task; `nil` for a future that no call makes.
    public var task: TaskID?
    /// How long was waited.
    public var limit: Duration

    /// Describes a wait that was too long.
    public init(app: String, task: TaskID?, limit: Duration) {
        self.app = app
        self.task = task
        self.limit = limit
    }

    /// App, task and time, and what goes on.
    public var description: String {
        let name = task.map { "'\(app)' (task \($0))" } ?? "'\(app)'"
        return "\(name) had no value after \(limit); it goes on: await it again, or `cancel()` it"
    }
}
