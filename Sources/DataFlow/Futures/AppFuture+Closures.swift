extension AppFuture {
    /// The future of an async closure's value: any async code may stand among the arguments of a call.
    ///
    /// The closure begins at once, on the submit side, as a Swift task. Calls that it makes belong to the running
    /// workflow. ``cancel()`` cancels the Swift task.
    ///
    /// - Parameters:
    ///   - name: what errors call it.
    ///   - body: makes the value.
    public convenience init(_ name: String = "closure", _ body: @escaping @Sendable () async throws -> Value) {
        self.init(from: [], named: name)
        // why Task: the closure is the program's own; the future that is made here is its end.
        let task = Task {
            await SubmitScope.$isInside.withValue(true) {
                do {
                    complete(.success(try await body()))
                } catch {
                    complete(.failure(error))
                }
            }
        }
        origin?.onCancel { task.cancel() }
    }
}

extension Task where Success: AppValue {
    /// The task's value as a future, for a place among the arguments of a call; to cancel one is to cancel the other.
    public var future: AppFuture<Success> {
        let future = AppFuture<Success>(from: [], named: "task")
        // why Task: waits for a task that is not ours; it ends with that one.
        _Concurrency.Task { future.complete(await result.mapError { $0 }) }
        future.origin?.onCancel { cancel() }
        return future
    }
}

/// Whether the running code makes calls on which a workflow's own progress may depend.
enum SubmitScope {
    /// True in bodies of join apps and in closures of futures: their calls never wait for room.
    @TaskLocal static var isInside = false
}
