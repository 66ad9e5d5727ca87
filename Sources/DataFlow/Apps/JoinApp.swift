/// Declares a join app: a closure that runs on the submit side, calls other apps, and returns their futures.
///
/// The app's own future has the values of those that the closure returns, when they are done. So a part of the graph
/// can depend on values that are not known when the workflow starts.
///
/// ```swift
/// let sort = joinApp("sort") { (numbers: [Int]) in
///     if numbers.count < 1000 { return sortSmall(numbers) }
///     let (low, high) = halves(numbers)
///     return merge(sort(low), sort(high))
/// }
/// ```
///
/// The closure may await futures; it should not compute, since it runs beside the workflow's body. It is tried again
/// when it throws, never when a call fails whose future it has returned: that is a ``JoinError``. Calls that it makes
/// never wait for room (`maxUnfinishedTasks`), so that the calls they belong to can end.
///
/// A join app that calls itself needs its type written: a function around it says it once.
///
/// - Parameters:
///   - name: unique in the program.
///   - options: retries, cache and label; a join app has no executor.
///   - body: makes calls, and returns a future, or an array, optional or dictionary with futures in it, or a value.
public func joinApp<Inner: AppArgument, each Input: AppValue>(
    _ name: String, options: AppOptions = AppOptions(),
    _ body: @escaping @Sendable @concurrent (repeat each Input) async throws -> Inner
) -> App<Inner.Resolved, repeat each Input> {
    makeApp(
        name, options, [],
        join: JoinBody { @concurrent (input: repeat each Input) async throws -> JoinedCalls in
            let inner = try await body(repeat each input)
            var list = DependencyList()
            inner.collectDependencies(into: &list)
            return JoinedCalls(dependencies: list.futures) { try inner.resolvedValue() }
        },
        { @concurrent (_: repeat each Input) async throws -> Inner.Resolved in throw RoleError(app: name) })
}

/// What a join app runs.
///
/// A struct of its own, because Swift 6.3.1 cannot make such a function type optional.
struct JoinBody<each Input: AppValue>: Sendable {
    let run: @Sendable @concurrent (repeat each Input) async throws -> JoinedCalls
}
