// The executor's half of the conversation with the interchange, as a value: which tasks wait here, which are out
// there, what has to be acknowledged, and what must be sent again after a broken connection.
//
//     submitted ─▶ queued ─▶ (encode) ─▶ outstanding ─▶ result ─▶ delivered, then acknowledged
//                    ▲                        │
//                    └──── missing after a reconnect

import DequeModule

/// What a client of an interchange knows.
package struct ClientState: Sendable {
    /// What happens.
    package enum Event: Sendable, Equatable {
        /// A task was handed in; ids are given by the caller, each once.
        case submitted(Int)
        /// A task that ``Effect/encode(_:)`` named has this many bytes.
        case encoded(Int, bytes: Int)
        /// A task cannot be encoded.
        case encodingFailed(Int)
        /// A result came in, of this many bytes.
        case result(Int, bytes: Int)
        /// A task that has no outcome yet shall stop.
        case cancel(Int)
        /// The connection came back after it was lost.
        case reconnected
        /// The interchange answered a resume: it has never seen these, or lost them.
        case missing([Int])
        /// Time passes.
        case tick
    }

    /// What has to be done.
    package enum Effect: Sendable, Equatable {
        /// Encode this task and report its size.
        case encode(Int)
        /// Send the task encoded last.
        case send(Int)
        /// Report the result to whoever waits for it.
        case deliver(Int)
        /// Report that the task was cancelled; it has no other result.
        case endCancelled(Int, CancelledTask)
        /// Tell the interchange to stop the task, behind everything sent so far.
        case sendCancel(Int)
        /// The result was reported before, or never asked for: drop it.
        case ignoreResult(Int)
        /// Tell the interchange that these results are here.
        case acknowledge([Int])
        /// Tell the interchange what is waited for.
        case resume([Int])
    }

    /// Where a task was that was cancelled without the interchange's answer.
    package enum CancelledTask: Sendable, Equatable {
        /// It never left this process.
        case unsent
        /// The interchange does not have it.
        case missing
        /// The interchange cannot be asked to stop it; what comes of it is dropped.
        case unstoppable
    }

    /// The limits of one client.
    package struct Limits: Sendable {
        /// Bytes of unfinished task messages out there; one task is let through whatever its size.
        package var unfinishedBytes: Int
        /// Results after which they are acknowledged.
        package var acknowledgeCount = 512
        /// Bytes of results after which they are acknowledged.
        package var acknowledgeBytes = 1 << 20
        /// Nanoseconds after which results are acknowledged however few they are.
        package var acknowledgePeriod: UInt64 = 2_000_000_000

        /// Limits.
        package init(unfinishedBytes: Int) { self.unfinishedBytes = unfinishedBytes }
    }

    private let limits: Limits
    /// Whether the interchange has said that it speaks Apus; a stock one gets no acknowledgements.
    package var acknowledges = false
    /// Whether the interchange can be asked to stop tasks.
    package var cancels = false
    private var queue: Deque<Int> = []
    /// The bytes of each task out there.
    private var outstanding: [Int: Int] = [:]
    private var outstandingBytes = 0
    /// The task that is encoded and waits for room.
    private var held: (id: Int, bytes: Int)?
    /// The task that the caller is encoding.
    private var encoding: Int?
    private var finishedWhileEncoding = false
    /// Tasks out there that were cancelled and have no answer yet.
    private var cancelled: Set<Int> = []
    /// Cancelled tasks that are still in the queue, where they are passed over.
    private var skipped: Set<Int> = []
    private var unacknowledged: [Int] = []
    private var unacknowledgedBytes = 0
    private var lastAcknowledgement: UInt64 = 0

    /// A client that has sent nothing.
    package init(limits: Limits) { self.limits = limits }

    /// Tasks that have not left this process.
    package var queuedCount: Int { queue.count - skipped.count + (held == nil ? 0 : 1) }
    /// Tasks out there.
    package var outstandingCount: Int { outstanding.count }
    /// When ``Event/tick`` is next of use; `nil` for never.
    package var nextDeadline: UInt64? {
        unacknowledged.isEmpty ? nil : lastAcknowledgement + limits.acknowledgePeriod
    }

    /// How many tasks leave this process before one that has not; `nil` when it has left, or is not known.
    package func unsentBefore(_ id: Int) -> Int? {
        if held?.id == id || encoding == id { return 0 }
        let first = (held == nil ? 0 : 1) + (encoding == nil ? 0 : 1)
        return queue.firstIndex(of: id).map { $0 - queue.startIndex + first }
    }

    /// Takes one event at the time `now` (nanoseconds) and appends what has to be done about it.
    package mutating func handle(_ event: Event, at now: UInt64, into effects: inout [Effect]) {
        switch event {
        case .submitted(let id):
            queue.append(id)
            advance(&effects)
        case .encoded(let id, let bytes):
            if !finishedWhileEncoding { held = (id, bytes) }
            encoding = nil
            finishedWhileEncoding = false
            advance(&effects)
        case .encodingFailed:
            encoding = nil
            finishedWhileEncoding = false
            advance(&effects)
        case .result(let id, let bytes):
            result(id, bytes, now, &effects)
        case .cancel(let id):
            cancel(id, &effects)
        case .reconnected:
            guard acknowledges else { return }
            effects.append(.resume(outstanding.keys.sorted()))
        case .missing(let ids):
            for id in ids.reversed() {
                guard let bytes = outstanding.removeValue(forKey: id) else { continue }
                outstandingBytes -= bytes
                guard cancelled.remove(id) == nil else {
                    // A copy of it may be on the way yet, so that it is cancelled there all the same.
                    effects.append(.endCancelled(id, .missing))
                    effects.append(.sendCancel(id))
                    continue
                }
                queue.prepend(id)
            }
            // The question may have been lost as well.
            for id in cancelled.sorted() { effects.append(.sendCancel(id)) }
            advance(&effects)
        case .tick:
            if let due = nextDeadline, now >= due { acknowledge(now, &effects) }
        }
    }

    private mutating func cancel(_ id: Int, _ effects: inout [Effect]) {
        if let bytes = outstanding[id] {
            if cancels {
                guard cancelled.insert(id).inserted else { return }
                return effects.append(.sendCancel(id))
            }
            outstanding[id] = nil
            outstandingBytes -= bytes
            effects.append(.endCancelled(id, .unstoppable))
        } else if held?.id == id {
            held = nil
            effects.append(.endCancelled(id, .unsent))
        } else if encoding == id {
            guard !finishedWhileEncoding else { return }
            finishedWhileEncoding = true
            effects.append(.endCancelled(id, .unsent))
        } else {
            guard skipped.insert(id).inserted else { return }
            effects.append(.endCancelled(id, .unsent))
            // Before they are as many as the others: then each costs a constant.
            guard skipped.count > queue.count / 2 else { return }
            queue.removeAll { skipped.contains($0) }
            skipped = []
        }
        advance(&effects)
    }

    private mutating func result(_ id: Int, _ bytes: Int, _ now: UInt64, _ effects: inout [Effect]) {
        if let size = outstanding.removeValue(forKey: id) {
            outstandingBytes -= size
            if !cancelled.isEmpty { cancelled.remove(id) }
            effects.append(.deliver(id))
        } else if held?.id == id {
            // Declared missing, and then its result arrived after all: here, and in the next two cases.
            held = nil
            effects.append(.deliver(id))
        } else if encoding == id {
            finishedWhileEncoding = true
            effects.append(.deliver(id))
        } else if !skipped.contains(id), let index = queue.firstIndex(of: id) {
            queue.remove(at: index)
            effects.append(.deliver(id))
        } else {
            effects.append(.ignoreResult(id))
        }
        if acknowledges {
            if unacknowledged.isEmpty { lastAcknowledgement = now }
            unacknowledged.append(id)
            unacknowledgedBytes += bytes
            if unacknowledged.count >= limits.acknowledgeCount || unacknowledgedBytes >= limits.acknowledgeBytes {
                acknowledge(now, &effects)
            }
        }
        advance(&effects)
    }

    private mutating func acknowledge(_ now: UInt64, _ effects: inout [Effect]) {
        effects.append(.acknowledge(unacknowledged))
        unacknowledged.removeAll(keepingCapacity: true)
        unacknowledgedBytes = 0
        lastAcknowledgement = now
    }

    /// Sends the held task if there is room, and asks for the next one.
    private mutating func advance(_ effects: inout [Effect]) {
        if let task = held, outstanding.isEmpty || outstandingBytes + task.bytes <= limits.unfinishedBytes {
            held = nil
            outstanding[task.id] = task.bytes
            outstandingBytes += task.bytes
            effects.append(.send(task.id))
        }
        while held == nil, encoding == nil, let next = queue.popFirst() {
            if !skipped.isEmpty, skipped.remove(next) != nil { continue }
            encoding = next
            effects.append(.encode(next))
        }
    }

    /// Forgets everything and names what had not ended, oldest first.
    package mutating func abandon() -> [Int] {
        let left = outstanding.keys + queue.filter { !skipped.contains($0) } + (held.map { [$0.id] } ?? [])
        cancelled = []
        skipped = []
        outstanding = [:]
        outstandingBytes = 0
        queue = []
        held = nil
        return left.sorted()
    }

    /// What must hold after every event; a text for the first thing that does not.
    package func checkInvariants() -> String? {
        let sum = outstanding.values.reduce(0, +)
        if sum != outstandingBytes { return "\(sum) bytes are out, \(outstandingBytes) are counted" }
        if outstanding.count > 1, outstandingBytes > limits.unfinishedBytes {
            return "\(outstandingBytes) bytes are out, \(limits.unfinishedBytes) are allowed"
        }
        if let id = cancelled.first(where: { outstanding[$0] == nil }) { return "task \(id) is cancelled and not out" }
        if skipped.count > max(1, queue.count) { return "\(skipped.count) of \(queue.count) tasks are skipped" }
        if held != nil, encoding != nil { return "a task is held while another is encoded" }
        return nil
    }
}
