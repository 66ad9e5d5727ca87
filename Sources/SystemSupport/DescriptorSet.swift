internal import CLinux
import Glibc

/// Many descriptors to wait on, at a cost that does not grow with their number (`epoll`, level-triggered).
///
/// Belongs to one thread. Remove a descriptor before closing it.
package final class DescriptorSet {
    /// One descriptor that is ready.
    package struct Ready: Sendable {
        /// The tag given when it was added.
        package let tag: UInt64
        /// What it is ready for.
        package let events: PollEvents
    }

    private static let capacity = 64  // the most that one wait unpacks; the rest comes with the next
    private let set: Int32
    private let buffer: UnsafeMutableBufferPointer<clinux_readiness>

    /// Makes an empty set.
    package init() throws(SystemError) {
        set = clinux_epoll_create()
        guard set >= 0 else { throw .last("make an epoll descriptor") }
        buffer = .allocate(capacity: Self.capacity)
        buffer.initialize(repeating: clinux_readiness())
    }

    /// Watches `descriptor` for `events`.
    package func add(_ descriptor: Int32, _ events: PollEvents, tag: UInt64) throws(SystemError) {
        try control(1, descriptor, events, tag, "watch")
    }

    /// Changes what `descriptor` is watched for; empty watches for its end alone.
    package func change(_ descriptor: Int32, _ events: PollEvents, tag: UInt64) throws(SystemError) {
        try control(3, descriptor, events, tag, "change the watch of")
    }

    /// Forgets `descriptor`; one that is unknown or closed already is no error.
    package func remove(_ descriptor: Int32) {
        _ = clinux_epoll_control(set, 2, descriptor, 0, 0)
    }

    /// Waits until something is ready or the time is over, and returns how many entries `subscript` holds.
    ///
    /// An interruption by a signal counts as nothing ready.
    package func wait(timeoutNanoseconds: UInt64?) throws(SystemError) -> Int {
        let timeout = DescriptorIO.milliseconds(timeoutNanoseconds)
        let count = clinux_epoll_wait(set, buffer.baseAddress, Int32(Self.capacity), timeout)
        if count >= 0 { return Int(count) }
        guard errno == EINTR else { throw .last("wait for descriptors") }
        return 0
    }

    /// The entries of the last wait.
    package subscript(index: Int) -> Ready {
        let entry = buffer[index]
        return Ready(tag: entry.tag, events: PollEvents(rawValue: Int16(truncatingIfNeeded: entry.events)))
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ events: PollEvents, _ tag: UInt64, _ verb: String
    ) throws(SystemError) {
        guard clinux_epoll_control(set, operation, descriptor, UInt32(UInt16(bitPattern: events.rawValue)), tag) == 0
        else {
            throw .last("\(verb) descriptor \(descriptor)")
        }
    }

    deinit {
        close(set)
        buffer.deallocate()
    }
}
