/// One who waits for a future.
enum FutureWaiter<Value: AppValue>: Sendable {
    /// Somebody awaits the value.
    case continuation(UnsafeContinuation<Value, any Error>, FutureTicket)
    /// Somebody wants to be called.
    case callback(@Sendable () -> Void, (any AnyObject & Sendable)?)

    /// Who it is.
    var waiter: (any AnyObject & Sendable)? {
        switch self {
        case .continuation(_, let ticket): ticket
        case .callback(_, let waiter): waiter
        }
    }

    func wake(with result: Result<Value, any Error>) {
        switch self {
        case .continuation(let continuation, _): continuation.resume(with: result)
        case .callback(let body, _): body()
        }
    }
}

/// Stands for one wait for a value, so that it can be ended.
final class FutureTicket: @unchecked Sendable {  // why: `error` is touched under the lock of its future only
    /// Why the wait ended before the value was there.
    var error: (any Error)?
}

/// Those who wait for a future that has just been stored.
package struct FutureWaiters: Sendable {
    /// Wakes them; `nil` when nobody waits.
    package let wake: (@Sendable () -> Void)?
}
