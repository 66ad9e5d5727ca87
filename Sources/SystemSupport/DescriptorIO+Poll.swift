import Glibc

/// What a descriptor may be ready for.
package struct PollEvents: OptionSet, Sendable, Hashable {
    /// The bits, as `poll` and `epoll` share them.
    package let rawValue: Int16

    /// Wraps the bits.
    package init(rawValue: Int16) { self.rawValue = rawValue }

    /// Something can be read (`POLLIN`).
    package static var read: Self { Self(rawValue: 0x001) }
    /// Something can be written (`POLLOUT`).
    package static var write: Self { Self(rawValue: 0x004) }
    /// The descriptor is broken (`POLLERR`); always reported.
    package static var error: Self { Self(rawValue: 0x008) }
    /// The other side has closed (`POLLHUP`); always reported.
    package static var hangUp: Self { Self(rawValue: 0x010) }
}

extension DescriptorIO {
    /// Waits for one descriptor; empty when the time is over, nil waits without end.
    package static func poll(
        _ descriptor: Int32, _ events: PollEvents, timeoutNanoseconds: UInt64?
    ) throws(SystemError) -> PollEvents {
        let start = Monotonic.nanoseconds
        while true {
            var entry = pollfd(fd: descriptor, events: events.rawValue, revents: 0)
            let left = timeoutNanoseconds.map { limit in
                let passed = Monotonic.nanoseconds &- start
                return limit > passed ? limit - passed : 0
            }
            let count = Glibc.poll(&entry, 1, milliseconds(left))
            if count > 0 { return PollEvents(rawValue: entry.revents) }
            if count == 0 {
                if left == nil || left == 0 { return [] }
                continue
            }
            guard errno == EINTR else { throw .last("wait for descriptor \(descriptor)") }
        }
    }

    /// Milliseconds as `poll` wants them: rounded up, so that nobody wakes before the time; -1 means without end.
    package static func milliseconds(_ nanoseconds: UInt64?) -> Int32 {
        guard let nanoseconds else { return -1 }
        let whole = nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1)
        return Int32(min(whole, 3_600_000))  // an hour at most: callers loop, and the number always fits
    }
}
