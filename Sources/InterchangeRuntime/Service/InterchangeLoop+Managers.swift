import SystemSupport
import WireProtocol
import ZeroMQ

// What comes from managers, and from whoever else finds the port.

extension InterchangeLoop {
    @discardableResult
    func readManagers(_ now: UInt64) throws(ZeroMQError) -> Int {
        var count = 0
        while count < Self.messagesPerTurn, let first = try sockets.managers.receive() {
            count += 1
            let identity = first.withUnsafeBytes { ManagerIdentity($0) }
            guard first.hasMore, let body = try sockets.managers.receive() else {
                log.log(.warning, "a message of one frame from manager \(identity): dropped")
                continue
            }
            if body.hasMore {
                try readLegacy(identity, header: body, now)
            } else {
                try handle(body, from: identity, now)
            }
        }
        return count
    }

    /// Pools before October 2026 send results as parts behind a header (wire document §0).
    private func readLegacy(
        _ identity: ManagerIdentity, header: consuming Message, _ now: UInt64
    ) throws(ZeroMQError) {
        let isLegacy = header.withUnsafeBytes { bytes in
            if case .legacyResultsHeader? = try? ManagerMessage.parse(bytes) { true } else { false }
        }
        guard isLegacy else {
            let dropped = try sockets.managers.discardRest()
            log.log(.warning, "a message of \(dropped + 2) frames from manager \(identity): dropped")
            return
        }
        while let part = try sockets.managers.receive() {
            let isLast = !part.hasMore
            try handle(part, from: identity, now)
            if isLast { return }
        }
    }

    private func handle(
        _ body: consuming Message, from identity: ManagerIdentity, _ now: UInt64
    ) throws(ZeroMQError) {
        if state.wantsDescriptors, let descriptor = body.sourceDescriptor {
            handle(.located(identity, descriptor: descriptor), at: now)
        }
        let message: ManagerMessage
        do throws(WireError) {
            message = try body.withUnsafeBytes { bytes throws(WireError) in try ManagerMessage.parse(bytes) }
        } catch {
            malformedCount += 1
            log.log(.warning, "message \(malformedCount) that cannot be read, from manager \(identity): \(error)")
            return
        }
        switch message {
        case .result(let envelope):
            let size = body.count
            currentResult = consume body
            handle(.result(identity, taskID: envelope.taskID, size: size), at: now)
            currentResult = nil
        case .heartbeat:
            handle(.heartbeat(identity), at: now)
        case .monitoring(let payload):
            currentPayload = payload
            handle(.monitoring(identity), at: now)
            currentPayload = []
        case .connectionProbe:
            log.log(.debug, "manager \(identity) asks whether anybody is there")
            send(Message(), to: identity)
        case .registration(let registration):
            // What closed before this connection was made must not be taken for it: descriptors are used again.
            try readConnections(now)
            if registration.uid != identity.description {
                log.log(.warning, "manager \(identity) calls itself \(registration.uid); its socket's name counts")
            }
            let arrival = ManagerArrival(
                registration: registration, descriptor: body.sourceDescriptor,
                drainDelay: Self.delay(until: registration.drainTime))
            handle(.registration(identity, arrival), at: now)
            warnOfDescriptors()
        case .drain:
            handle(.drainRequested(identity), at: now)
        case .capacity(let capacity):
            handle(.capacity(identity, capacity), at: now)
        case .legacyResultsHeader:
            log.log(.debug, "manager \(identity) sent an empty list of results")
        }
    }

    /// Nanoseconds from now until a moment on the wall's clock; nil for never.
    private static func delay(until seconds: Double) -> UInt64? {
        guard seconds.isFinite else { return seconds < 0 ? 0 : nil }
        let delay = seconds - WallClock.seconds
        return delay <= 0 ? 0 : UInt64(min(delay, 1e9) * 1e9)
    }

    func readConnections(_ now: UInt64) throws(ZeroMQError) {
        while let event = try sockets.connections.next() {
            guard event.kind == .disconnected, let descriptor = event.descriptor else { continue }
            handle(.disconnected(descriptor: descriptor), at: now)
        }
    }
}
