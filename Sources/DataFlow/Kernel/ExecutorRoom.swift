import DequeModule

/// How many unfinished calls an executor has, how many it may have, and who waits for room.
struct ExecutorRoom {
    /// Calls of the executor that have not ended, those that wait for arguments included.
    private(set) var unfinished = 0
    /// How many there may be; `nil`: any number.
    private(set) var limit: Int?
    private var waiting: Deque<Waiter> = []

    private struct Waiter {
        var ticket: RoomTicket
        var continuation: UnsafeContinuation<Void, Never>
    }

    /// How many wait for a place.
    var waitingCount: Int { waiting.count }

    init(limit: Int?) { self.limit = limit }

    /// Takes a place; false when there is none.
    ///
    /// - Parameter force: takes one beyond the limit.
    mutating func enter(force: Bool) -> Bool {
        if !force, let limit, unfinished >= limit || !waiting.isEmpty { return false }
        unfinished += 1
        return true
    }

    /// Gives a place back, at once to the one who has waited longest, if there is room.
    mutating func leave() -> UnsafeContinuation<Void, Never>? {
        unfinished -= 1
        guard let limit, unfinished < limit, let next = waiting.popFirst() else { return nil }
        unfinished += 1
        next.ticket.hasPlace = true
        return next.continuation
    }

    /// Waits for a place.
    mutating func wait(_ ticket: RoomTicket, _ continuation: UnsafeContinuation<Void, Never>) {
        waiting.append(Waiter(ticket: ticket, continuation: continuation))
    }

    /// Takes one out who does not want to wait any longer; `nil` when the place has been given already.
    mutating func giveUp(_ ticket: RoomTicket) -> UnsafeContinuation<Void, Never>? {
        guard let index = waiting.firstIndex(where: { $0.ticket === ticket }) else { return nil }
        return waiting.remove(at: index).continuation
    }

    /// Lets everybody in: the workflow ends, and what comes is refused elsewhere.
    mutating func open() -> [UnsafeContinuation<Void, Never>] {
        limit = nil
        unfinished += waiting.count
        defer { waiting = [] }
        return waiting.map { waiter in
            waiter.ticket.hasPlace = true
            return waiter.continuation
        }
    }
}

/// Stands for one wait for room.
final class RoomTicket: @unchecked Sendable {  // why: touched under the kernel's lock only
    var hasPlace = false
    var isCancelled = false
}
