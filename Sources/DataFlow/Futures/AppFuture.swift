import SystemSupport
public import WorkflowCore

/// The value that a call will have.
///
/// A future may stand wherever an app takes a value of its type; the call then waits for it. Its members are futures,
/// too: `stats.mean` of an `AppFuture<Stats>` is the future of the mean, `rows[3]` of an `AppFuture<[Row]>` that of a
/// row.
@dynamicMemberLookup
public final class AppFuture<Value: AppValue>: Sendable {
    private enum State {
        case pending([FutureWaiter<Value>])
        case done(Result<Value, any Error>)
    }

    private struct Storage {
        var state: State
        var observed = false
        var outputs: [AppFuture<File>] = []
        var fromCache = false
    }

    private let storage: Locked<Storage>
    /// The task that makes the value; `nil` when the call was refused before it became one.
    public let taskID: TaskID?
    /// The name of the app that was called.
    public let appName: String
    package let owner: KernelID?
    /// What the future is made of, when it is not simply the value of a call.
    let origin: FutureOrigin?

    package init(taskID: TaskID, appName: String, owner: KernelID?) {
        storage = Locked(Storage(state: .pending([])))
        self.taskID = taskID
        self.appName = appName
        self.owner = owner
        origin = nil
    }

    init(taskID: TaskID?, appName: String, owner: KernelID?, origin: FutureOrigin?) {
        storage = Locked(Storage(state: .pending([])))
        self.taskID = taskID
        self.appName = appName
        self.owner = owner
        self.origin = origin
    }

    /// A future that has failed before it began.
    package init(appName: String, failed error: any Error) {
        storage = Locked(Storage(state: .done(.failure(error))))
        taskID = nil
        self.appName = appName
        owner = nil
        origin = nil
    }

    /// Waits for the value.
    ///
    /// When the Swift task that waits is cancelled, the wait ends at once, and the call is cancelled unless somebody
    /// else wants its value.
    ///
    /// - Throws: what the app threw: the value itself when its type is registered with the app (`throwing:`), else
    ///   `RemoteError`; `DependencyError` when a future among the arguments failed; `CallCancelled` when the call was
    ///   taken back; `ExecutionError` when a process was lost; `WorkflowError` when the call was refused;
    ///   `CancellationError` when the Swift task that waits was cancelled.
    public var value: Value {
        get async throws {
            markObserved()
            if let current { return try current.get() }
            return try await wait(for: FutureTicket())
        }
    }

    /// Waits for the value or the error.
    public var result: Result<Value, any Error> {
        get async {
            do { return .success(try await value) } catch { return .failure(error) }
        }
    }

    /// Whether the value or the error is there.
    public var isDone: Bool { current != nil }

    /// Whether the value is that of an earlier, equal call.
    var isFromCache: Bool { storage.withLock { $0.fromCache } }

    /// The value or the error, if it is there.
    package var current: Result<Value, any Error>? {
        storage.withLock { storage in
            if case .done(let result) = storage.state { return result }
            return nil
        }
    }

    /// Stores the outcome and returns what wakes those who wait: to be called outside every lock.
    ///
    /// The first outcome stays; a later one is ignored and `nil` is returned.
    package func store(_ result: Result<Value, any Error>, fromCache: Bool = false) -> FutureWaiters? {
        let waiters: [FutureWaiter<Value>]? = storage.withLock { storage in
            guard case .pending(let waiters) = storage.state else { return nil }
            storage.state = .done(result)
            storage.fromCache = fromCache
            return waiters
        }
        guard let waiters else { return nil }
        if waiters.isEmpty { return FutureWaiters(wake: nil) }
        return FutureWaiters { for waiter in waiters { waiter.wake(with: result) } }
    }

    /// Declares a file that the call makes; before anybody else has the future.
    func append(output: FileFuture) { storage.withLock { $0.outputs.append(output) } }

    var declaredOutputs: [FileFuture] { storage.withLock { $0.outputs } }

    package var wasObserved: Bool {
        let (observed, outputs) = storage.withLock { ($0.observed, $0.outputs) }
        return observed || outputs.contains { $0.wasObserved }
    }

    // MARK: Those who wait

    /// Waits until the future is done or the ticket is given back.
    func wait(for ticket: FutureTicket) async throws -> Value {
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { continuation in
                if let ready = add(.continuation(continuation, ticket)) { continuation.resume(with: ready) }
            }
        } onCancel: {
            if giveBack(ticket, CancellationError()) { cancelIfUnwanted(by: .awaitingTask) }
        }
    }

    /// Ends the wait of one who awaits the value; false when it had ended.
    func giveBack(_ ticket: FutureTicket, _ error: any Error) -> Bool {
        let (found, continuation) = storage.withLock { storage -> (Bool, UnsafeContinuation<Value, any Error>?) in
            guard case .pending(var waiters) = storage.state, ticket.error == nil else { return (false, nil) }
            ticket.error = error
            guard let index = waiters.firstIndex(where: { $0.waiter === ticket }),
                case .continuation(let continuation, _) = waiters[index]
            else { return (true, nil) }
            storage.state = .pending([])
            waiters.remove(at: index)
            storage.state = .pending(waiters)
            return (true, continuation)
        }
        continuation?.resume(throwing: error)
        return found
    }

    /// Adds one who waits; returns the outcome instead when there is nothing to wait for.
    private func add(_ waiter: FutureWaiter<Value>) -> Result<Value, any Error>? {
        storage.withLock { storage in
            if case .continuation(_, let ticket) = waiter, let error = ticket.error { return .failure(error) }
            switch storage.state {
            case .done(let result):
                return result
            case .pending(var waiters):
                storage.state = .pending([])
                waiters.append(waiter)
                storage.state = .pending(waiters)
                return nil
            }
        }
    }
}

extension AppFuture: DependencySource {
    package var failure: (any Error)? {
        if case .failure(let error)? = current { return error }
        return nil
    }

    package var failureRoots: [any DependencySource] { origin?.failureRoots ?? [self] }

    package func whenDone(for waiter: (any AnyObject & Sendable)?, _ body: @escaping @Sendable () -> Void) {
        if add(.callback(body, waiter)) != nil { body() }
    }

    package func withdraw(_ waiter: any AnyObject & Sendable) {
        storage.withLock { storage in
            guard case .pending(var waiters) = storage.state else { return }
            storage.state = .pending([])
            waiters.removeAll { $0.waiter === waiter }
            storage.state = .pending(waiters)
        }
    }

    package var hasNoWaiters: Bool {
        storage.withLock { storage in
            if case .pending(let waiters) = storage.state { return waiters.isEmpty }
            return false
        }
    }

    package func cancelIfUnwanted(by origin: CallCancelled.Origin) {
        guard hasNoWaiters else { return }
        if let owner, let taskID {
            DataFlowKernel.running(owner)?.cancelIfUnwanted(taskID, by: origin)
        } else {
            cancel(by: origin)
        }
    }

    package func observe() -> [any DependencySource] {
        let isFirst = storage.withLock { storage in
            defer { storage.observed = true }
            return !storage.observed
        }
        return isFirst ? origin?.sources ?? [] : []
    }
}

extension AppFuture: AppArgument {
    /// A future stands for its value.
    public typealias Resolved = Value

    /// Adds this future.
    public func collectDependencies(into list: inout DependencyList) { list.append(self) }

    /// The value; to be called when the future is done.
    public func resolvedValue() throws -> Value {
        guard let result = current else {
            throw WorkflowError(.internalState, "the value of '\(appName)' was read before it was there")
        }
        return try result.get()
    }
}
