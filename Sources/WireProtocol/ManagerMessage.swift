import PickleCoding
package import WorkflowCore

/// What a manager sends to the interchange (wire document §7.1).
package enum ManagerMessage: Sendable {
    /// Are you there? Answered by an empty frame.
    case connectionProbe
    /// The manager presents itself.
    case registration(Registration)
    /// The manager lives.
    case heartbeat
    /// A task ended.
    case result(ResultEnvelope)
    /// A monitoring record of a worker: the pickle of the payload alone, as the hub takes it.
    case monitoring(payload: [UInt8])
    /// The manager asks to be drained (Parsl before October 2026).
    case drain
    /// The first frame of the older form of results: each later frame is a message of its own.
    case legacyResultsHeader
    /// An Apus manager takes this many tasks from now on.
    case capacity(Int)

    /// Reads a message.
    package static func parse(_ message: UnsafeRawBufferPointer) throws(WireError) -> ManagerMessage {
        if var scanner = EnvelopeScanner(message), let envelope = scanner.result() { return .result(envelope) }
        let document = try PickleDocument(envelope: message)
        let root = document.root
        guard let type = root["type"]?.stringValue else {
            throw WireError(.unknownMessage, "a message without a text 'type'")
        }
        switch type {
        case "connection_probe": return .connectionProbe
        case "registration": return .registration(try Registration(document: document))
        case "heartbeat": return .heartbeat
        case "drain": return .drain
        case "result":
            if root.count == 1 { return .legacyResultsHeader }
            return .result(try ResultEnvelope(root))
        case "monitoring":
            guard let payload = root["payload"] else {
                throw WireError(.badField, "a monitoring message without 'payload'")
            }
            return .monitoring(payload: try encodeAlone(payload))
        case "apus_capacity":
            guard let capacity = root["max_capacity"]?.intValue, capacity >= 0 else {
                throw WireError(.badField, "a capacity message without a 'max_capacity' of 0 or more")
            }
            return .capacity(capacity)
        default:
            throw WireError(.unknownMessage, "a message of type '\(type.prefix(40))'")
        }
    }

    /// `{'type': 'heartbeat'}`.
    package static let heartbeatBytes = encodeType("heartbeat")
    /// `{'type': 'connection_probe'}`.
    package static let probeBytes = encodeType("connection_probe")
    /// `{'type': 'drain'}`.
    package static let drainBytes = encodeType("drain")

    /// `{'type': 'apus_capacity', 'max_capacity': n}`.
    package static func encodeCapacity(_ capacity: Int) -> [UInt8] {
        var writer = PickleWriter()
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.field("type", "apus_capacity")
        writer.field("max_capacity", capacity)
        writer.setItems()
        writer.stop()
        return writer.finish()
    }

    /// A worker's record, `{'type': 'monitoring', 'payload': (MessageType, dict)}`.
    package static func encodeMonitoring(_ event: MonitoringEvent) -> [UInt8] {
        var writer = PickleWriter(reservingCapacity: 512)
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.field("type", "monitoring")
        writer.string("payload" as StaticString)
        writer.monitoring(event)
        writer.setItems()
        writer.stop()
        return writer.finish()
    }

    private static func encodeType(_ type: String) -> [UInt8] {
        var writer = PickleWriter()
        writer.header()
        writer.emptyDict()
        writer.field("type", type)
        writer.setItem()
        writer.stop()
        return writer.finish()
    }

    static func encodeAlone(_ value: PickleValue) throws(WireError) -> [UInt8] {
        var writer = PickleWriter(reservingCapacity: 1024)
        writer.header()
        do {
            try writer.value(value)
        } catch {
            throw WireError(.badField, "a monitoring payload that cannot be passed on: \(error)")
        }
        writer.stop()
        return writer.finish()
    }
}
