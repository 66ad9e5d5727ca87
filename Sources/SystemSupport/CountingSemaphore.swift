internal import CLinux
import Glibc

/// A count that threads can wait on.
package final class CountingSemaphore: Sendable {
    /// At an address that does not change.
    private nonisolated(unsafe) let raw = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)  // why: made for threads

    /// A semaphore with the count 0.
    package init() { sem_init(raw, 0, 0) }

    deinit {
        sem_destroy(raw)
        raw.deallocate()
    }

    /// Adds one, and wakes one thread that waits.
    package func signal() { sem_post(raw) }

    /// Waits until the count is above 0, and takes one.
    package func wait() {
        while sem_wait(raw) != 0 && errno == EINTR {}
    }

    /// Waits until the count is above 0, and takes one; false when it is not by that moment of `Monotonic`.
    @discardableResult
    package func wait(until deadline: UInt64) -> Bool {
        // `time_t` is signed: what lies beyond it is for ever.
        let seconds = Int(min(deadline / 1_000_000_000, UInt64(Int32.max)))
        while clinux_semaphore_wait(raw, seconds, Int(deadline % 1_000_000_000)) != 0 {
            if errno != EINTR { return false }
        }
        return true
    }
}
