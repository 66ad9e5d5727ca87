import HeapModule

/// A clock that jumps from one thing to do to the next.
final class VirtualTime {
    private struct Entry: Comparable {
        let time: UInt64
        let sequence: Int
        let action: () throws -> Void

        static func < (left: Entry, right: Entry) -> Bool {
            (left.time, left.sequence) < (right.time, right.sequence)
        }

        static func == (left: Entry, right: Entry) -> Bool { left.sequence == right.sequence }
    }

    private(set) var now: UInt64 = 1_000_000_000_000
    private var entries = Heap<Entry>()
    private var sequence = 0

    /// Seconds since the start, for traces.
    var seconds: Double { Double(now - 1_000_000_000_000) / 1e9 }

    /// Does something later; things due at one moment are done in the order in which they were asked for.
    func schedule(after delay: UInt64, _ action: @escaping () throws -> Void) {
        sequence += 1
        entries.insert(Entry(time: now + delay, sequence: sequence, action: action))
    }

    /// Does the next thing; false when there is none.
    func step() throws -> Bool {
        guard let entry = entries.popMin() else { return false }
        now = entry.time
        try entry.action()
        return true
    }
}

extension UInt64 {
    static func milliseconds(_ count: Double) -> UInt64 { UInt64(count * 1e6) }
    static func seconds(_ count: Double) -> UInt64 { UInt64(count * 1e9) }
}
