import SystemSupport
public import WorkflowCore

/// The value that a call will have.
///
/// A future may stand wherever an app takes a value of its type; the call then waits for it.
public final class AppFuture<Value: AppValue>: Sendable {
    private enum State {
        case pending([Waiter])
        case done(Result<Value, any Error>)
    }

    private enum Waiter {
        case continuation(UnsafeContinuation<Value, any Error>)
        case callback(@Sendable () -> Void)
    }

    private struct Storage {
        var state: State
        var observed = false
        var outputs: [AppFuture<File>] = []
    }

    private let storage: Locked<Storage>
    /// The task that makes the value; `nil` when the call was refused before it became one.
    public let taskID: TaskID?
    /// The name of the app that was called.
    public let appName: String
    package let owner: ObjectIdentifier?

    package init(taskID: TaskID, appName: String, owner: ObjectIdentifier?) {
        storage = Locked(Storage(state: .pending([])))
        self.taskID = taskID
        self.appName = appName
        self.owner = owner
    }

    /// A future that has failed before it began.
    package init(appName: String, failed error: any Error) {
        storage = Locked(Storage(state: .done(.failure(error))))
        taskID = nil
        self.appName = appName
        owner = nil
    }

    /// Waits for the value.
    ///
    /// - Throws: what the app threw: the value itself when its type is registered with the app (`throwing:`), else
    ///   `RemoteError`; `DependencyError` when a future among the arguments failed; `ExecutionError` when a process
    ///   was lost; `WorkflowError` when the call was refused.
    public var value: Value {
        get async throws {
            try await withUnsafeThrowingContinuation { continuation in
                let ready: Result<Value, any Error>? = storage.withLock { storage in
                    storage.observed = true
                    switch storage.state {
                    case .done(let result):
                        return result
                    case .pending(var waiters):
                        storage.state = .pending([])
                        waiters.append(.continuation(continuation))
                        storage.state = .pending(waiters)
                        return nil
                    }
                }
                if let ready { continuation.resume(with: ready) }
            }
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
    package func store(_ result: Result<Value, any Error>) -> FutureWaiters? {
        let waiters: [Waiter]? = storage.withLock { storage in
            guard case .pending(let waiters) = storage.state else { return nil }
            storage.state = .done(result)
            return waiters
        }
        guard let waiters else { return nil }
        if waiters.isEmpty { return FutureWaiters(wake: nil) }
        return FutureWaiters {
            for waiter in waiters {
                switch waiter {
                case .continuation(let continuation): continuation.resume(with: result)
                case .callback(let body): body()
                }
            }
        }
    }

    /// Declares a file that the call makes; before anybody else has the future.
    func append(output: FileFuture) { storage.withLock { $0.outputs.append(output) } }

    var declaredOutputs: [FileFuture] { storage.withLock { $0.outputs } }

    package var wasObserved: Bool { storage.withLock { $0.observed } }
}

/// Those who wait for a future that has just been stored.
package struct FutureWaiters: Sendable {
    /// Wakes them; `nil` when nobody waits.
    package let wake: (@Sendable () -> Void)?
}

extension AppFuture: DependencySource {
    package var failure: (any Error)? {
        if case .failure(let error)? = current { return error }
        return nil
    }

    package func whenDone(_ body: @escaping @Sendable () -> Void) {
        let done = storage.withLock { storage in
            guard case .pending(var waiters) = storage.state else { return true }
            storage.state = .pending([])
            waiters.append(.callback(body))
            storage.state = .pending(waiters)
            return false
        }
        if done { body() }
    }

    package func markObserved() { storage.withLock { $0.observed = true } }
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
