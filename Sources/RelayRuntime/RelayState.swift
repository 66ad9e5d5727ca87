/// One side of a forwarded connection.
package enum RelaySide: Int, Sendable, CaseIterable {
    /// Whoever connected to the relay.
    case client
    /// Where it forwards to.
    case target

    /// The side across.
    package var other: RelaySide { self == .client ? .target : .client }
}

/// What happened to a connection, which its service gave a number.
package enum RelayEvent: Sendable, Equatable {
    /// Somebody connected.
    case accepted(Int)
    /// The target answered.
    case connected(Int)
    /// Bytes went through.
    case moved(Int)
    /// A side sends no more, and all it sent has been passed on.
    case ended(Int, RelaySide)
    /// A side is gone, or the target cannot be reached.
    case failed(Int, String)
    /// Time has passed.
    case tick
}

/// What a relay does about it.
package enum RelayEffect: Sendable, Equatable {
    /// Connect to the target.
    case connect(Int)
    /// Pass bytes both ways.
    case forward(Int)
    /// Tell a side that the other one sends no more.
    case shutDown(Int, RelaySide)
    /// Close both sides.
    case close(Int)
    /// Worth a line.
    case log(String)
}

/// What a relay knows and decides, without any I/O.
///
/// It knows nothing of what goes through: encryption and its keys stay between the two ends.
package struct RelayState: Sendable {
    private struct Link: Sendable {
        var isConnected = false
        var hasEnded: RelaySide?
        /// When it is given up; nil while both sides are open.
        var deadline: UInt64?
    }

    private let limit: Int
    private let connectTimeout: UInt64
    private let halfOpenTimeout: UInt64
    private var links: [Int: Link] = [:]
    /// Whether the last refusal has been logged, so that a flood is one line.
    private var isFull = false
    private var earliest: UInt64?
    /// Connections forwarded since the start.
    package private(set) var accepted = 0
    /// Connections closed at once, since there were too many.
    package private(set) var refused = 0

    /// A relay without connections.
    ///
    /// - Parameters:
    ///   - limit: connections at once.
    ///   - connectTimeout: nanoseconds that a connection to the target may take.
    ///   - halfOpenTimeout: nanoseconds that one direction may be silent after the other has ended.
    package init(limit: Int, connectTimeout: UInt64, halfOpenTimeout: UInt64) {
        self.limit = limit
        self.connectTimeout = connectTimeout
        self.halfOpenTimeout = halfOpenTimeout
    }

    /// Connections at this moment.
    package var count: Int { links.count }

    /// When ``RelayEvent/tick`` is due; nil when nothing waits for time to pass.
    package var nextDeadline: UInt64? { earliest }

    /// Takes note of one event and appends what is to be done.
    package mutating func handle(_ event: RelayEvent, at now: UInt64, into effects: inout [RelayEffect]) {
        switch event {
        case .accepted(let id): accept(id, at: now, into: &effects)
        case .connected(let id):
            guard links[id]?.isConnected == false else { return }
            links[id]?.isConnected = true
            links[id]?.deadline = nil
            effects.append(.forward(id))
        case .moved(let id):
            // A direction that still carries something may take as long as it likes.
            guard links[id]?.hasEnded != nil else { return }
            setDeadline(id, after: halfOpenTimeout, at: now)
        case .ended(let id, let side):
            guard let link = links[id], link.isConnected, link.hasEnded != side else { return }
            if link.hasEnded != nil { return close(id, into: &effects) }
            links[id]?.hasEnded = side
            effects.append(.shutDown(id, side.other))
            setDeadline(id, after: halfOpenTimeout, at: now)
        case .failed(let id, let reason):
            guard links[id] != nil else { return }
            effects.append(.log("connection \(id): \(reason)"))
            close(id, into: &effects)
        case .tick: expire(at: now, into: &effects)
        }
    }

    private mutating func accept(_ id: Int, at now: UInt64, into effects: inout [RelayEffect]) {
        guard links.count < limit else {
            refused += 1
            if !isFull {
                effects.append(
                    .log("there are \(links.count) connections, which is the limit; more are closed at once"))
            }
            isFull = true
            effects.append(.close(id))
            return
        }
        accepted += 1
        links[id] = Link()
        effects.append(.connect(id))
        setDeadline(id, after: connectTimeout, at: now)
    }

    private mutating func close(_ id: Int, into effects: inout [RelayEffect]) {
        links[id] = nil
        if isFull {
            isFull = false
            effects.append(.log("there is room again; \(refused) connections were closed at once so far"))
        }
        effects.append(.close(id))
    }

    private mutating func setDeadline(_ id: Int, after time: UInt64, at now: UInt64) {
        let (sum, overflow) = now.addingReportingOverflow(time)
        let deadline = overflow ? UInt64.max : sum
        links[id]?.deadline = deadline
        earliest = min(earliest ?? .max, deadline)
    }

    /// Looks at all connections, which happens only when one of them may be due.
    private mutating func expire(at now: UInt64, into effects: inout [RelayEffect]) {
        guard let due = earliest, due <= now else { return }
        earliest = nil
        for (id, link) in links.sorted(by: { $0.key < $1.key }) {
            guard let deadline = link.deadline else { continue }
            guard deadline <= now else {
                earliest = min(earliest ?? .max, deadline)
                continue
            }
            let reason =
                link.isConnected
                ? "one side has ended, and nothing came from the other for \(halfOpenTimeout / 1_000_000_000) s"
                : "the target did not answer within \(connectTimeout / 1_000_000_000) s"
            effects.append(.log("connection \(id): \(reason)"))
            close(id, into: &effects)
        }
    }

    /// What is wrong, for tests; nil when nothing is.
    package var fault: String? {
        if links.count > limit { return "\(links.count) connections, and the limit is \(limit)" }
        for (id, link) in links {
            let waits = !link.isConnected || link.hasEnded != nil
            if waits != (link.deadline != nil) {
                return "connection \(id) has a deadline and should not, or the reverse"
            }
            if let deadline = link.deadline, (earliest ?? .max) > deadline { return "nobody looks at connection \(id)" }
        }
        return nil
    }
}
