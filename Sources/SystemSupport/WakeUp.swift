internal import CLinux
import Glibc

/// A bell that any thread may ring, and a polling thread hears through its descriptor.
///
/// Many rings before the listener looks count as one.
package final class WakeUp: Sendable {
    /// Readable after a ring, until `drain()`.
    package let descriptor: Int32

    /// Makes a bell that has not rung.
    package init() throws(SystemError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else { throw .last("make an event descriptor") }
    }

    /// Makes the descriptor readable; never blocks, and may be called from any thread.
    package func ring() {
        var one: UInt64 = 1
        // EAGAIN means that the counter is full: the bell has been ringing for a long time, which is what we want.
        while write(descriptor, &one, 8) < 0, errno == EINTR {}
    }

    /// Silences the bell without blocking.
    ///
    /// Call it before looking at what the ringers left.
    package func drain() {
        var count: UInt64 = 0
        while read(descriptor, &count, 8) < 0, errno == EINTR {}
    }

    deinit { close(descriptor) }
}
