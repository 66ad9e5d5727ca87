extension AppFuture {
    /// A future made of others, which no kernel completes.
    convenience init(from sources: [any DependencySource], named name: String) {
        let single = sources.count == 1 ? sources.first?.taskID : nil
        self.init(taskID: single, appName: name, owner: nil, origin: FutureOrigin(sources: sources))
    }

    /// Calls back when the future is done; the call counts as awaited.
    ///
    /// - Parameter body: what to do with the value or the error; runs on a thread of the submit side, where it may
    ///   call apps, and should not block for long.
    public func onCompletion(_ body: @escaping @Sendable (Result<Value, any Error>) -> Void) {
        markObserved()
        whenDone { [self] in
            guard let current else { return }
            SubmitThreads.shared.run { body(current) }
        }
    }

    /// The future of what `transform` makes of the value.
    ///
    /// It runs on the submit side, so it is for what is quick; work belongs into an app. A failure is passed on.
    ///
    /// - Parameter transform: makes the new value; what it throws is the new future's failure.
    public func map<Mapped: AppValue>(
        _ transform: @escaping @Sendable (Value) throws -> Mapped
    ) -> AppFuture<Mapped> {
        let mapped = AppFuture<Mapped>(from: [self], named: appName)
        whenDone(for: mapped) { [self] in
            SubmitThreads.shared.run { mapped.complete(Result { try transform(try self.resolvedValue()) }) }
        }
        return mapped
    }

    /// The future of a member of the value: `stats.mean` for an `AppFuture<Stats>`.
    ///
    /// - Parameter member: which one.
    public subscript<Member: AppValue>(
        dynamicMember member: any KeyPath<Value, Member> & Sendable
    ) -> AppFuture<Member> {
        map { $0[keyPath: member] }
    }
}

extension AppFuture where Value: RandomAccessCollection, Value.Index == Int, Value.Element: AppValue {
    /// The future of one element.
    ///
    /// It fails with `WorkflowError` (`noSuchElement`) when the value turns out to have no such element.
    ///
    /// - Parameter index: which one, counted from 0.
    public subscript(_ index: Int) -> AppFuture<Value.Element> {
        let name = appName
        return map { value in
            guard value.indices.contains(index) else {
                throw WorkflowError(
                    .noSuchElement,
                    "element \(index) of the value of '\(name)' was asked for; it has \(value.count), counted from 0")
            }
            return value[index]
        }
    }
}

extension AppFuture {
    /// The future of what a dictionary holds for a key; its value is `nil` when that is nothing.
    ///
    /// - Parameter key: which one.
    public subscript<Key: AppValue, Item: AppValue>(_ key: Key) -> AppFuture<Item?> where Value == [Key: Item] {
        map { $0[key] }
    }
}

extension AppFuture where Value == BashResult {
    /// The file with the standard output, known when the call is made; `nil` when that goes where the worker's goes.
    ///
    /// For whoever watches the file grow. As an argument of the next app use `future.stdout`, which waits for the file
    /// to be complete.
    public var stdoutPath: String? { origin?.stdoutPath }

    /// The file with the standard error, known when the call is made; `nil` when that goes where the worker's goes.
    public var stderrPath: String? { origin?.stderrPath }
}
