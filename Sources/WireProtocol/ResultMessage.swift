import PickleCoding

/// Where the parts of one result message lie: `{'type': 'result', 'task_id': int, 'result' or 'exception': bytes}`.
package struct ResultEnvelope: Sendable, Equatable {
    /// How a task ended.
    package enum Kind: Sendable, Equatable {
        /// With a value.
        case result
        /// With an error.
        case exception
    }

    /// The number the executor gave the task.
    package var taskID: Int
    /// How the task ended.
    package var kind: Kind
    /// Where the serialised value or error lies in the message.
    package var payload: Range<Int>

    /// Describes a result message.
    package init(taskID: Int, kind: Kind, payload: Range<Int>) {
        self.taskID = taskID
        self.kind = kind
        self.payload = payload
    }

    /// Reads one result message.
    package static func parse(_ message: UnsafeRawBufferPointer) throws(WireError) -> ResultEnvelope {
        if var scanner = EnvelopeScanner(message), let envelope = scanner.result() { return envelope }
        return try PickleDocument.reading(message) { root throws(WireError) in try ResultEnvelope(root) }
    }

    init(_ value: PickleValue) throws(WireError) {
        guard value["type"]?.stringValue == "result" else {
            throw WireError(.unknownMessage, "a message whose 'type' is not 'result'")
        }
        guard let taskID = value["task_id"]?.intValue else {
            throw WireError(.badField, "a result without an integer 'task_id'")
        }
        if let range = value["result"]?.bytesRange {
            self.init(taskID: taskID, kind: .result, payload: range)
        } else if let range = value["exception"]?.bytesRange {
            self.init(taskID: taskID, kind: .exception, payload: range)
        } else {
            throw WireError(.badField, "the result of task \(taskID) has neither 'result' nor 'exception' of bytes")
        }
    }

    /// Writes a result message.
    package static func encode(taskID: Int, kind: Kind, payload: [UInt8]) -> [UInt8] {
        var writer = header(taskID: taskID, kind: kind, payloadCount: payload.count)
        writer.bytes(payload)
        writer.setItems()
        writer.stop()
        return writer.finish()
    }

    /// Writes a result message whose payload is `02\n` and then `body`, the form of plain data (wire document §9).
    package static func encode(taskID: Int, kind: Kind, serialized body: [UInt8]) -> [UInt8] {
        var writer = header(taskID: taskID, kind: kind, payloadCount: body.count + SerializedObject.prefix.count)
        writer.bytesHeader(count: body.count + SerializedObject.prefix.count)
        writer.raw(SerializedObject.prefix)
        writer.raw(body)
        writer.setItems()
        writer.stop()
        return writer.finish()
    }

    private static func header(taskID: Int, kind: Kind, payloadCount: Int) -> PickleWriter {
        var writer = PickleWriter(reservingCapacity: payloadCount + 64)
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.string("type" as StaticString)
        writer.string("result" as StaticString)
        writer.string("task_id" as StaticString)
        writer.int(taskID)
        switch kind {
        case .result: writer.string("result" as StaticString)
        case .exception: writer.string("exception" as StaticString)
        }
        return writer
    }
}

extension EnvelopeScanner {
    /// Reads a result dict, to its STOP; `nil` outside the small grammar.
    mutating func result() -> ResultEnvelope? {
        guard nextOpcode() == 0x7d, nextOpcode() == 0x28 else { return nil }
        var taskID: Int?
        var payload: Range<Int>?
        var kind = ResultEnvelope.Kind.result
        var typed = false
        while let opcode = nextOpcode() {
            if opcode == 0x75 {
                guard let taskID, let payload, typed, nextOpcode() == 0x2e else { return nil }
                return ResultEnvelope(taskID: taskID, kind: kind, payload: payload)
            }
            guard case .text(let key)? = scalar(opcode), let next = nextOpcode(), let value = scalar(next) else {
                return nil
            }
            switch value {
            case .text(let text) where matches(key, "type"):
                guard matches(text, "result") else { return nil }
                typed = true
            case .integer(let number) where matches(key, "task_id"):
                taskID = number
            case .bytes(let range) where matches(key, "result"):
                payload = range
            case .bytes(let range) where matches(key, "exception"):
                payload = range
                kind = .exception
            default:
                return nil
            }
        }
        return nil
    }
}

/// Parsl's frame around one serialised object: an identifier, a newline, the body (wire document §9).
package enum SerializedObject {
    /// `02\n`: plain data, which Parsl writes with dill and any unpickler reads.
    package static let prefix: [UInt8] = [0x30, 0x32, 0x0a]

    /// Where the body lies in a serialised object; `nil` when the identifier is not that of data (`02`) or a callable (`C2`).
    package static func body(of payload: UnsafeRawBufferPointer) -> Range<Int>? {
        guard payload.count >= 3, payload[1] == 0x32, payload[2] == 0x0a, payload[0] == 0x30 || payload[0] == 0x43
        else { return nil }
        return 3..<payload.count
    }
}
