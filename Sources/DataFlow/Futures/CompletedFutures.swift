import DequeModule
import SystemSupport

/// Futures in the order in which they are done.
///
/// Made by `asCompleted()`. Can be iterated once.
public struct CompletedFutures<Value: AppValue>: AsyncSequence, Sendable {
    /// What is iterated over.
    public typealias Element = AppFuture<Value>

    private let channel: CompletionChannel<Value>

    init(_ futures: [AppFuture<Value>]) {
        channel = CompletionChannel(futures)
    }

    /// Begins to iterate.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(channel: channel) }

    /// Gives the futures one after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let channel: CompletionChannel<Value>

        /// The next future that is done; `nil` after the last, or when the Swift task that waits is cancelled.
        public mutating func next() async -> AppFuture<Value>? { await channel.next() }
    }
}

extension Sequence {
    /// The futures in the order in which they are done.
    ///
    /// When the Swift task that waits for the next one is cancelled, the loop ends, and calls that are not done are
    /// cancelled unless somebody else wants their values.
    public func asCompleted<Value>() -> CompletedFutures<Value> where Element == AppFuture<Value> {
        CompletedFutures(Array(self))
    }
}

/// Takes futures as they are done, and hands them on.
private final class CompletionChannel<Value: AppValue>: Sendable {
    private struct Content {
        var done: Deque<AppFuture<Value>> = []
        var left: Int
        var waiting: UnsafeContinuation<AppFuture<Value>?, Never>?
        var isCancelled = false
    }

    private let content: Locked<Content>
    private let pending: Locked<[ObjectIdentifier: AppFuture<Value>]>

    init(_ futures: [AppFuture<Value>]) {
        content = Locked(Content(left: futures.count))
        pending = Locked(Dictionary(futures.map { (ObjectIdentifier($0), $0) }) { first, _ in first })
        for future in futures {
            future.whenDone(for: self) { [self] in arrived(future) }
        }
    }

    private func arrived(_ future: AppFuture<Value>) {
        pending.withLock { $0[ObjectIdentifier(future)] = nil }
        let waiting = content.withLock { content -> UnsafeContinuation<AppFuture<Value>?, Never>? in
            guard let waiting = content.waiting else {
                content.done.append(future)
                return nil
            }
            content.waiting = nil
            content.left -= 1
            return waiting
        }
        waiting?.resume(returning: future)
    }

    func next() async -> AppFuture<Value>? {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let ready = content.withLock { content -> AppFuture<Value>?? in
                    if content.isCancelled { return .some(nil) }
                    if let future = content.done.popFirst() {
                        content.left -= 1
                        return future
                    }
                    if content.left == 0 { return .some(nil) }
                    content.waiting = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            cancel()
        }
    }

    private func cancel() {
        let waiting = content.withLock { content in
            content.isCancelled = true
            defer { content.waiting = nil }
            return content.waiting
        }
        waiting?.resume(returning: nil)
        let left = pending.withLock { pending in
            defer { pending = [:] }
            return Array(pending.values)
        }
        for future in left {
            future.withdraw(self)
            future.cancelIfUnwanted(by: .awaitingTask)
        }
    }
}
