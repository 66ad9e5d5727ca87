internal import Glibc
package import SystemSupport

/// Something a poller watches that is ready.
package struct Readiness: Sendable, Equatable {
    /// The number it was added under.
    package let id: Int
    /// Reading will not block; true as well when the other side of a descriptor has closed or failed.
    package let readable: Bool
    /// Writing will not block.
    package let writable: Bool

    /// Describes readiness.
    package init(id: Int, readable: Bool, writable: Bool) {
        self.id = id
        self.readable = readable
        self.writable = writable
    }
}

/// Waits for sockets and plain descriptors together, on one thread.
///
/// The cost of a wait grows with the number of sockets (few), not with that of descriptors (pidfds, streams, timers), and
/// waiting allocates nothing. libzmq's descriptor of a socket only says that its state may have changed, so sockets
/// are asked before a sleep unless they are known to be empty, and again when their descriptor fires.
package final class Poller {
    private struct Entry {
        var id: Int
        var socket: Socket?
        var descriptor: Int32
        var interest: PollEvents
        /// Already in `ready` in this round.
        var reported = false
    }

    private let set: DescriptorSet
    private var entries: [Entry?] = []
    private var free: [Int] = []
    private var indexOfID: [Int: Int] = [:]
    private var socketIndices: [Int] = []
    private var ready: [Readiness] = []

    /// Makes a poller that watches nothing.
    package init() throws(ZeroMQError) {
        do throws(SystemError) { set = try DescriptorSet() } catch { throw .system(error) }
    }

    /// Watches a socket.
    package func add(_ socket: Socket, _ interest: PollEvents = .read, id: Int) throws(ZeroMQError) {
        let descriptor = try socket.wakeUpDescriptor
        try insert(Entry(id: id, socket: socket, descriptor: descriptor, interest: interest), kernelInterest: .read)
    }

    /// Watches a plain descriptor, until it is removed; remove it before closing it.
    package func add(descriptor: Int32, _ interest: PollEvents, id: Int) throws(ZeroMQError) {
        try insert(
            Entry(id: id, socket: nil, descriptor: descriptor, interest: interest), kernelInterest: interest)
    }

    /// Changes what is watched for; empty stays silent, but for a descriptor's end or failure.
    package func setInterest(id: Int, _ interest: PollEvents) throws(ZeroMQError) {
        guard let index = indexOfID[id], let entry = entries[index] else {
            throw ZeroMQError(
                code: .invalidArgument, attempt: "change the interest of \(id)", reason: "nothing is watched under it")
        }
        guard entry.interest != interest else { return }
        if entry.socket == nil {
            do throws(SystemError) {
                try set.change(entry.descriptor, interest, tag: UInt64(index))
            } catch {
                throw .system(error)
            }
        }
        entries[index]?.interest = interest
    }

    /// Watches it no more; an unknown number is no error.
    package func remove(id: Int) {
        guard let index = indexOfID.removeValue(forKey: id), let entry = entries[index] else { return }
        set.remove(entry.descriptor)
        entries[index] = nil
        free.append(index)
        if entry.socket != nil { socketIndices.removeAll { $0 == index } }
    }

    /// Waits until something is ready or the time is over; nil waits without end.
    ///
    /// The result is empty when the time is over, and also after an interruption by a signal: go round again.
    package func wait(timeoutNanoseconds: UInt64? = nil) throws(ZeroMQError) -> [Readiness] {
        ready.removeAll(keepingCapacity: true)
        for index in socketIndices {
            entries[index]?.reported = false
            if mayBeReady(index) { try report(socketAt: index) }
        }
        if !ready.isEmpty, entries.count - free.count == socketIndices.count { return ready }

        let deadline = timeoutNanoseconds.map { limit in
            let (sum, overflow) = Monotonic.nanoseconds.addingReportingOverflow(limit)
            return overflow ? UInt64.max : sum
        }
        var timeout = ready.isEmpty ? timeoutNanoseconds : 0
        while true {
            let count: Int
            do throws(SystemError) { count = try set.wait(timeoutNanoseconds: timeout) } catch { throw .system(error) }
            for position in 0..<count { try report(set[position]) }
            // A socket's descriptor may fire with nothing to report: commands between threads. Then sleep on.
            if !ready.isEmpty || count == 0 { break }
            if let deadline {
                let now = Monotonic.nanoseconds
                if now >= deadline { break }
                timeout = deadline - now
            }
        }
        return ready
    }

    /// Waits as `wait(timeoutNanoseconds:)` does, and calls `body` for each thing that is ready.
    package func wait(
        timeoutNanoseconds: UInt64?, _ body: (Readiness) throws(ZeroMQError) -> Void
    ) throws(ZeroMQError) {
        for item in try wait(timeoutNanoseconds: timeoutNanoseconds) { try body(item) }
    }

    private func report(_ fired: DescriptorSet.Ready) throws(ZeroMQError) {
        let index = Int(fired.tag)
        guard let entry = entries[index] else { return }
        if entry.socket != nil {
            if !entry.reported { try report(socketAt: index) }
            return
        }
        let ended = !fired.events.isDisjoint(with: [.hangUp, .error])
        ready.append(
            Readiness(
                id: entry.id, readable: fired.events.contains(.read) || ended, writable: fired.events.contains(.write)))
    }

    /// Whether a socket has to be asked before a sleep; one that is known to be empty wakes its descriptor.
    private func mayBeReady(_ index: Int) -> Bool {
        guard let entry = entries[index], let socket = entry.socket else { return false }
        return !socket.isKnownEmpty || entry.interest.contains(.write)
    }

    private func report(socketAt index: Int) throws(ZeroMQError) {
        guard let entry = entries[index], let socket = entry.socket else { return }
        let events = try socket.events
        let readable = events.contains(.readable) && entry.interest.contains(.read)
        let writable = events.contains(.writable) && entry.interest.contains(.write)
        socket.isKnownEmpty = !events.contains(.readable)
        guard readable || writable else { return }
        entries[index]?.reported = true
        ready.append(Readiness(id: entry.id, readable: readable, writable: writable))
    }

    private func insert(_ entry: Entry, kernelInterest: PollEvents) throws(ZeroMQError) {
        guard indexOfID[entry.id] == nil else {
            throw ZeroMQError(
                code: .invalidArgument, attempt: "watch descriptor \(entry.descriptor) as \(entry.id)",
                reason: "something else is watched under this number", remedy: "remove it first")
        }
        let index = free.popLast() ?? entries.count
        do throws(SystemError) {
            try set.add(entry.descriptor, kernelInterest, tag: UInt64(index))
        } catch {
            if index < entries.count { free.append(index) }
            throw .system(error)
        }
        if index == entries.count { entries.append(entry) } else { entries[index] = entry }
        indexOfID[entry.id] = index
        if entry.socket != nil { socketIndices.append(index) }
    }
}

extension ZeroMQError {
    static func system(_ error: SystemError) -> ZeroMQError {
        var result = ZeroMQError(code: .system, attempt: error.attempt, reason: error.reason, remedy: error.remedy)
        result.errno = error.code
        return result
    }
}
