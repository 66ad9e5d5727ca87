import PickleCoding

/// What the interchange sends on the results channel.
///
/// A stock executor is sent results alone.
package enum ExecutorMessage: Sendable {
    /// A task ended.
    case result(ResultEnvelope)
    /// A monitoring record, as the pickle of its payload alone.
    case monitoring(payload: [UInt8])
    /// Something happened to a manager.
    case notice(ExecutorNotice)

    /// Reads a message.
    package static func parse(_ message: UnsafeRawBufferPointer) throws(WireError) -> ExecutorMessage {
        if var scanner = EnvelopeScanner(message), let envelope = scanner.result() { return .result(envelope) }
        let document = try PickleDocument(envelope: message)
        let root = document.root
        switch root["type"]?.stringValue {
        case "result":
            return .result(try ResultEnvelope(root))
        case "monitoring":
            guard let payload = root["payload"]?.bytesValue else {
                throw WireError(.badField, "a monitoring message without 'payload'")
            }
            return .monitoring(payload: payload)
        case "apus_notice":
            return .notice(try ExecutorNotice(root))
        default:
            throw WireError(.unknownMessage, "a message of type '\(root["type"]?.stringValue?.prefix(40) ?? "none")'")
        }
    }

    /// Writes `{'type': 'monitoring', 'payload': bytes}`.
    package static func encodeMonitoring(payload: [UInt8]) -> [UInt8] {
        var writer = PickleWriter(reservingCapacity: payload.count + 64)
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.field("type", "monitoring")
        writer.string("payload" as StaticString)
        writer.bytes(payload)
        writer.setItems()
        writer.stop()
        return writer.finish()
    }

    /// Writes a notice.
    package static func encodeNotice(_ notice: ExecutorNotice) -> [UInt8] {
        var writer = PickleWriter()
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.field("type", "apus_notice")
        writer.field("notice", notice.kind.rawValue)
        writer.field("manager", notice.manager)
        writer.field("block_id", notice.blockID)
        writer.field("worker_count", notice.workerCount)
        writer.field("text", notice.text)
        writer.setItems()
        writer.stop()
        return writer.finish()
    }
}

/// Something that happened to a manager, told to an Apus executor.
package struct ExecutorNotice: Sendable, Equatable {
    /// What happened.
    package enum Kind: String, Sendable {
        /// It can be given tasks.
        case managerRegistered = "manager_registered"
        /// It was silent, or its connection closed.
        case managerLost = "manager_lost"
        /// It may not take part.
        case managerRefused = "manager_refused"
        /// It was asked to end, having finished its tasks.
        case managerDrained = "manager_drained"
    }

    /// What happened.
    package var kind: Kind
    /// To which manager.
    package var manager: String
    /// Its block.
    package var blockID: String
    /// Its worker processes.
    package var workerCount: Int
    /// Why, for people.
    package var text: String

    /// Describes an event.
    package init(kind: Kind, manager: String, blockID: String, workerCount: Int, text: String) {
        self.kind = kind
        self.manager = manager
        self.blockID = blockID
        self.workerCount = workerCount
        self.text = text
    }

    init(_ value: PickleValue) throws(WireError) {
        guard let kind = value["notice"]?.stringValue.flatMap(Kind.init(rawValue:)),
            let manager = value["manager"]?.stringValue, let block = value["block_id"]?.stringValue,
            let workers = value["worker_count"]?.intValue, let text = value["text"]?.stringValue
        else {
            throw WireError(.badField, "a notice with missing fields")
        }
        self.init(kind: kind, manager: manager, blockID: block, workerCount: workers, text: text)
    }
}

/// What an Apus executor sends back on the results channel: the results that have arrived.
package enum ExecutorAcknowledgement {
    /// Writes `{'type': 'apus_acknowledged', 'ids': packed ids}`.
    package static func encode(_ ids: [Int]) -> [UInt8] {
        var writer = PickleWriter(reservingCapacity: ids.count * 8 + 64)
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.field("type", "apus_acknowledged")
        writer.string("ids" as StaticString)
        writer.bytes(PackedIDs.encode(ids))
        writer.setItems()
        writer.stop()
        return writer.finish()
    }

    /// Reads an acknowledgement.
    package static func parse(_ message: UnsafeRawBufferPointer) throws(WireError) -> [Int] {
        let root = try PickleDocument(envelope: message).root
        guard root["type"]?.stringValue == "apus_acknowledged" else {
            throw WireError(.unknownMessage, "a message on the results channel that is no acknowledgement")
        }
        return try PackedIDs.decode(root["ids"]?.bytesValue)
    }
}
