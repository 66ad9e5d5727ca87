import Glibc

/// A value behind a lock, in the shape of `Synchronization.Mutex`.
///
/// Built on a pthread mutex, since ThreadSanitizer reports false races on `Mutex` on Linux. Take the lock, change
/// the value, return what to do, release, then act: never call out while holding it.
package final class Locked<Value>: @unchecked Sendable {  // why: `value` is touched only while the mutex is held
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var value: Value

    /// Puts `value` behind a lock of its own.
    package init(_ value: sending Value) {
        self.value = value
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        // Sections are short: who finds the lock taken looks again a few times before it goes to sleep.
        var kind = pthread_mutexattr_t()
        pthread_mutexattr_init(&kind)
        pthread_mutexattr_settype(&kind, CInt(PTHREAD_MUTEX_ADAPTIVE_NP))
        let code = pthread_mutex_init(mutex, &kind)
        pthread_mutexattr_destroy(&kind)
        precondition(code == 0, "a mutex could not be made (errno \(code))")
    }

    /// Runs `body` with the value, alone.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }
}
