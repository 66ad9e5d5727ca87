import PickleCoding

/// What the interchange sends to a manager (wire document §7.3).
///
/// A probe is answered by an empty frame instead.
package enum InterchangeMessage: Sendable {
    /// The interchange lives.
    case heartbeat
    /// The manager shall end.
    case shutdown
    /// Tasks to run.
    case tasks([TaskEnvelope])
    /// An Apus registration was accepted.
    case welcome
    /// An Apus registration was refused, and why.
    case refused(String)
    /// To an Apus manager: the interchange lives, and has passed on the results of these tasks.
    case acknowledged([Int])
    /// To an Apus manager: these tasks shall be stopped.
    case cancel([Int])

    /// 2³²−1, Parsl's code for a heartbeat.
    static let heartbeatCode = 0xffff_ffff
    /// 2³²−2, Parsl's code for the end.
    static let shutdownCode = 0xffff_fffe

    /// Reads a message.
    package static func parse(_ message: UnsafeRawBufferPointer) throws(WireError) -> InterchangeMessage {
        // Codes are ten bytes; anything longer that begins with a container is tasks, nearly always.
        if message.count > 32, let tasks = try? TaskEnvelope.parseBatch(message) { return .tasks(tasks) }
        let document = try PickleDocument(envelope: message)
        let root = document.root
        if let code = root.intValue {
            switch code {
            case heartbeatCode: return .heartbeat
            case shutdownCode: return .shutdown
            default: throw WireError(.unknownMessage, "the code \(code) from the interchange")
            }
        }
        if let apus = root["apus"] {
            if let acknowledged = apus["acknowledged"]?.bytesValue {
                return .acknowledged(try PackedIDs.decode(acknowledged))
            }
            if let text = apus["refused"]?.stringValue { return .refused(text) }
            if let cancelled = apus["cancel"]?.bytesValue { return .cancel(try PackedIDs.decode(cancelled)) }
            return .welcome
        }
        return .tasks(try TaskEnvelope.parseBatch(message))
    }

    /// The pickle of 4294967295.
    package static let heartbeatBytes = encodeCode(heartbeatCode)
    /// The pickle of 4294967294.
    package static let shutdownBytes = encodeCode(shutdownCode)

    /// `{'apus': {'welcome': 1}}`.
    package static func encodeWelcome() -> [UInt8] {
        encodeApus { writer in writer.field("welcome", 1) }
    }

    /// `{'apus': {'refused': text}}`.
    package static func encodeRefused(_ text: String) -> [UInt8] {
        encodeApus { writer in writer.field("refused", text) }
    }

    /// `{'apus': {'acknowledged': packed ids}}`.
    package static func encodeAcknowledged(_ ids: [Int]) -> [UInt8] {
        encodeApus { writer in
            writer.string("acknowledged" as StaticString)
            writer.bytes(PackedIDs.encode(ids))
        }
    }

    /// `{'apus': {'cancel': packed ids}}`.
    package static func encodeCancel(_ ids: [Int]) -> [UInt8] {
        encodeApus { writer in
            writer.string("cancel" as StaticString)
            writer.bytes(PackedIDs.encode(ids))
        }
    }

    private static func encodeApus(_ field: (inout PickleWriter) -> Void) -> [UInt8] {
        var writer = PickleWriter()
        writer.header()
        writer.emptyDict()
        writer.string("apus" as StaticString)
        writer.emptyDict()
        field(&writer)
        writer.setItem()
        writer.setItem()
        writer.stop()
        return writer.finish()
    }

    private static func encodeCode(_ code: Int) -> [UInt8] {
        var writer = PickleWriter()
        writer.header()
        writer.int(code)
        writer.stop()
        return writer.finish()
    }
}
