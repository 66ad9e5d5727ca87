import Glibc
package import SystemSupport

/// Forwards TCP connections from one port to another host's, until it is asked to end.
///
/// One thread; nothing waits for one peer alone. What goes through is not looked at.
package final class RelayService {
    private struct Connection {
        var descriptors: [Int32]
        var pipes = [RelayPipe(), RelayPipe()]
        var isForwarding = false
        /// Addresses of the target that were not tried yet.
        var untried: ArraySlice<SocketAddress> = []
        /// What each descriptor is watched for.
        var interest: [PollEvents] = [[], []]
    }

    private enum Tag {
        static let listener: UInt64 = 0
        static let signals: UInt64 = 1
        static let stop: UInt64 = 2
        static let firstConnection: UInt64 = 16
    }

    /// Descriptors that are not connections' own.
    private static let spareDescriptors = 32
    /// Connections taken before the others get their turn.
    private static let acceptsPerTurn = 256
    /// How long no connection is taken when the kernel has none to give, in nanoseconds.
    private static let pause: UInt64 = 1_000_000_000

    private let configuration: RelayConfiguration
    private let targets: [SocketAddress]
    private let listener: Int32
    /// The port it listens on.
    package let port: Int
    private let set: DescriptorSet
    private let log: (String) -> Void
    private var state: RelayState
    private var connections: [Int: Connection] = [:]
    private var nextID = 0
    private var effects: [RelayEffect] = []
    private let scratch: UnsafeMutableRawBufferPointer
    private var pausedUntil: UInt64?
    private var bytes = 0

    /// Opens the port.
    ///
    /// - Throws: ``RelayError`` or `SystemError` when it cannot be opened, or the target's name has no address.
    package init(_ configuration: RelayConfiguration, log: @escaping (String) -> Void) throws {
        guard (0..<65_536).contains(configuration.port), (1..<65_536).contains(configuration.targetPort) else {
            throw RelayError(
                "a relay listens on a port and forwards to one, each 1 to 65535; it was given \(configuration.port) and "
                    + "\(configuration.targetPort)")
        }
        guard configuration.maximumConnections > 0 else {
            throw RelayError(
                "a relay for \(configuration.maximumConnections) connections forwards none; give at least 1")
        }
        self.configuration = configuration
        self.log = log
        let soft = Int(clamping: CurrentProcess.raiseDescriptorLimit().soft)
        // Two descriptors a connection.
        let possible = max(1, (soft - Self.spareDescriptors) / 2)
        if possible < configuration.maximumConnections {
            log(
                "the limit on open descriptors is \(soft), enough for \(possible) connections instead of "
                    + "\(configuration.maximumConnections); raise it with ulimit -Hn")
        }
        state = RelayState(
            limit: min(possible, configuration.maximumConnections),
            connectTimeout: configuration.connectTimeout.clampedNanoseconds,
            halfOpenTimeout: configuration.halfOpenTimeout.clampedNanoseconds)
        targets = try SocketAddress.resolve(configuration.targetHost, port: configuration.targetPort)
        listener = try RelaySocket.listen(configuration)
        port = SocketAddress.port(of: listener)
        set = try DescriptorSet()
        scratch = .allocate(byteCount: RelayPipe.chunkBytes, alignment: 16)
        try set.add(listener, .read, tag: Tag.listener)
    }

    deinit {
        for connection in connections.values {
            for descriptor in connection.descriptors where descriptor >= 0 { close(descriptor) }
        }
        close(listener)
        scratch.deallocate()
    }

    /// Forwards until a signal comes or `stop` is rung.
    package func run(signals: SignalDescriptor? = nil, stop: WakeUp? = nil) throws(SystemError) {
        if let signals { try set.add(signals.descriptor, .read, tag: Tag.signals) }
        if let stop { try set.add(stop.descriptor, .read, tag: Tag.stop) }
        log(
            "forwarding port \(port) to \(configuration.targetHost), port \(configuration.targetPort), for at most "
                + "\(configuration.maximumConnections) connections")
        while true {
            let deadline = [state.nextDeadline, pausedUntil].compactMap { $0 }.min()
            let before = Monotonic.nanoseconds
            let count = try set.wait(timeoutNanoseconds: deadline.map { $0 > before ? $0 - before : 0 })
            let now = Monotonic.nanoseconds
            for index in 0..<count {
                let ready = set[index]
                switch ready.tag {
                case Tag.listener: acceptAll(now)
                case Tag.signals, Tag.stop:
                    log("ending; \(state.accepted) connections, \(bytes) bytes, \(state.refused) connections too many")
                    return
                default: serve(ready, now)
                }
            }
            if let until = pausedUntil, until <= now {
                pausedUntil = nil
                try set.change(listener, .read, tag: Tag.listener)
            }
            handle(.tick, now)
        }
    }

    private func handle(_ event: RelayEvent, _ now: UInt64) {
        var events = [event]
        while !events.isEmpty {
            for event in events { state.handle(event, at: now, into: &effects) }
            events = []
            let list = effects
            effects.removeAll(keepingCapacity: true)
            for effect in list {
                switch effect {
                case .connect(let id): if let failure = connect(id) { events.append(.failed(id, failure)) }
                case .forward(let id): if let failure = forward(id) { events.append(.failed(id, failure)) }
                case .shutDown(let id, let side):
                    if let connection = connections[id] {
                        _ = shutdown(connection.descriptors[side.rawValue], Int32(SHUT_WR))
                    }
                case .close(let id): drop(id)
                case .log(let line): log(line)
                }
            }
        }
    }

    // MARK: Connections

    private func acceptAll(_ now: UInt64) {
        for _ in 0..<Self.acceptsPerTurn {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else {
                let code = errno
                if code == EINTR || code == ECONNABORTED { continue }
                if code != EAGAIN {
                    log("\(SystemError(code: code, attempt: "accept a connection").description); waiting a second")
                    pausedUntil = now + Self.pause
                    try? set.change(listener, [], tag: Tag.listener)
                }
                return
            }
            RelaySocket.prepare(descriptor)
            RelaySocket.setNonBlocking(descriptor)
            let id = nextID
            nextID += 1
            connections[id] = Connection(descriptors: [descriptor, -1], untried: targets[...])
            handle(.accepted(id), now)
        }
    }

    /// Begins to connect to the target's next address; returns why not.
    private func connect(_ id: Int) -> String? {
        var reason = "the target has no address"
        while let address = connections[id]?.untried.popFirst() {
            let descriptor = socket(
                address.family,
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            guard descriptor >= 0 else { return SystemError.last("make a socket").description }
            RelaySocket.prepare(descriptor)
            let code = address.withPointer { Glibc.connect(descriptor, $0, $1) }
            guard code == 0 || errno == EINPROGRESS else {
                reason = unreachable(errno)
                close(descriptor)
                continue
            }
            connections[id]?.descriptors[RelaySide.target.rawValue] = descriptor
            do throws(SystemError) {
                try set.add(descriptor, .write, tag: Self.tag(id, .target))
                connections[id]?.interest[RelaySide.target.rawValue] = .write
                return nil
            } catch {
                return error.description
            }
        }
        return reason
    }

    private func unreachable(_ code: Int32) -> String {
        SystemError(
            code: code, attempt: "connect to \(configuration.targetHost), port \(configuration.targetPort)",
            remedy: "check that the workflow runs there and listens on that port (workerPort, address)"
        ).description
    }

    private func forward(_ id: Int) -> String? {
        guard let connection = connections[id] else { return nil }
        connections[id]?.isForwarding = true
        do throws(SystemError) {
            try set.add(connection.descriptors[0], .read, tag: Self.tag(id, .client))
            connections[id]?.interest[0] = .read
            try watch(id, .target, .read)
        } catch {
            return error.description
        }
        return nil
    }

    private func drop(_ id: Int) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        for descriptor in connection.descriptors where descriptor >= 0 {
            set.remove(descriptor)
            close(descriptor)
        }
    }

    // MARK: Bytes

    private func serve(_ ready: DescriptorSet.Ready, _ now: UInt64) {
        let id = Int((ready.tag - Tag.firstConnection) / 2)
        guard let connection = connections[id] else { return }
        guard connection.isForwarding else { return finishConnecting(id, now) }
        var events: [RelayEvent] = []
        do throws(SystemError) {
            // A broken side says so for ever, and would be asked for ever where nothing is left to be read or written.
            if ready.events.contains(.error) || ready.events.contains(.hangUp) {
                let side = RelaySide(rawValue: Int((ready.tag - Tag.firstConnection) % 2)) ?? .client
                try RelaySocket.check(connection.descriptors[side.rawValue], "forward to a \(side)")
            }
            var moved = 0
            // Either side's readiness may be that of its reading or of its writing end.
            for side in RelaySide.allCases {
                let source = connection.descriptors[side.rawValue]
                let destination = connection.descriptors[side.other.rawValue]
                let progress =
                    try connections[id]?.pipes[side.rawValue].move(
                        from: source, to: destination, scratch: scratch, bytes: &moved) ?? .idle
                if progress == .ended { events.append(.ended(id, side)) }
            }
            bytes += moved
            if moved > 0 { events.insert(.moved(id), at: 0) }
            for side in RelaySide.allCases { try watch(id, side, wanted(id, side)) }
        } catch {
            events = [.failed(id, error.description)]
        }
        for event in events { handle(event, now) }
    }

    /// A side is read unless what it sent waits to be written, or it has ended; it is written when something waits.
    private func wanted(_ id: Int, _ side: RelaySide) -> PollEvents {
        guard let pipes = connections[id]?.pipes else { return [] }
        var events: PollEvents = []
        let outgoing = pipes[side.rawValue]
        if !outgoing.isOver, !outgoing.isBlocked { events.insert(.read) }
        if pipes[side.other.rawValue].isBlocked { events.insert(.write) }
        return events
    }

    private func watch(_ id: Int, _ side: RelaySide, _ events: PollEvents) throws(SystemError) {
        guard let connection = connections[id], connection.interest[side.rawValue] != events else { return }
        try set.change(connection.descriptors[side.rawValue], events, tag: Self.tag(id, side))
        connections[id]?.interest[side.rawValue] = events
    }

    private func finishConnecting(_ id: Int, _ now: UInt64) {
        guard let descriptor = connections[id]?.descriptors[RelaySide.target.rawValue], descriptor >= 0 else { return }
        let code = RelaySocket.fault(of: descriptor)
        if code == 0 { return handle(.connected(id), now) }
        set.remove(descriptor)
        close(descriptor)
        connections[id]?.descriptors[RelaySide.target.rawValue] = -1
        if connections[id]?.untried.isEmpty == false {
            if let failure = connect(id) { handle(.failed(id, failure), now) }
        } else {
            handle(.failed(id, unreachable(code)), now)
        }
    }

    private static func tag(_ id: Int, _ side: RelaySide) -> UInt64 {
        Tag.firstConnection + UInt64(id) * 2 + UInt64(side.rawValue)
    }
}
