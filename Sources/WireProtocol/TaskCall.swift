import PickleCoding

/// The buffer of an Apus task: Parsl's three serialised objects (function, arguments, keyword arguments), each behind
/// its length in decimal and a newline (wire document §9).
///
/// The function is plain data, `{'apus_task': name, 'version': n}`, so a Python reader can load it too, and no
/// opcode that calls anything is ever written.
package struct TaskCall: Sendable, Equatable {
    /// The registered name.
    package var name: String
    /// The declared version.
    package var version: Int
    /// Where the pickle of the argument tuple lies in the parsed bytes.
    package var arguments: Range<Int>

    /// The parts that do not change between calls of one app: everything but the arguments.
    package struct Template: Sendable {
        /// Length, newline and body of the function.
        let prefix: [UInt8]

        /// Prepares calls of one app.
        package init(name: String, version: Int) {
            var writer = PickleWriter()
            writer.raw(SerializedObject.prefix)
            writer.header()
            writer.emptyDict()
            writer.mark()
            writer.field("apus_task", name)
            writer.field("version", version)
            writer.setItems()
            writer.stop()
            let function = writer.finish()
            prefix = Array(String(function.count).utf8) + [0x0a] + function
        }
    }

    /// `8\n02\n` and the pickle of an empty dict: no keyword arguments.
    private static let emptyKeywords: [UInt8] = Array("8\n02\n".utf8) + [0x80, 0x04, 0x7d, 0x94, 0x2e]

    /// Bytes of the buffer that ``write(_:arguments:to:)`` produces.
    static func byteCount(_ template: Template, argumentCount: Int) -> Int {
        template.prefix.count + argumentPrefix(argumentCount).count + argumentCount + emptyKeywords.count
    }

    /// Produces the buffer of one call, piece by piece.
    static func write(_ template: Template, arguments: [UInt8], to sink: ([UInt8]) -> Void) {
        sink(template.prefix)
        sink(argumentPrefix(arguments.count))
        sink(arguments)
        sink(emptyKeywords)
    }

    private static func argumentPrefix(_ count: Int) -> [UInt8] {
        Array(String(count + SerializedObject.prefix.count).utf8) + [0x0a] + SerializedObject.prefix
    }

    /// Writes the buffer of one call.
    package static func encode(_ template: Template, arguments: [UInt8]) -> [UInt8] {
        var buffer: [UInt8] = []
        buffer.reserveCapacity(byteCount(template, argumentCount: arguments.count))
        write(template, arguments: arguments) { buffer.append(contentsOf: $0) }
        return buffer
    }

    /// Writes the buffer of one call.
    package static func encode(name: String, version: Int, arguments: [UInt8]) -> [UInt8] {
        encode(Template(name: name, version: version), arguments: arguments)
    }

    /// Reads the buffer that begins at `offset` of `bytes`.
    ///
    /// - Throws: ``WireError`` when it is not the buffer of an Apus task.
    package static func parse(_ bytes: UnsafeRawBufferPointer, range: Range<Int>) throws(WireError) -> TaskCall {
        var position = range.lowerBound
        let function = try segment(bytes, &position, range.upperBound)
        let arguments = try segment(bytes, &position, range.upperBound)
        let document = try PickleDocument(envelope: UnsafeRawBufferPointer(rebasing: bytes[function]))
        guard let name = document.root["apus_task"]?.stringValue, let version = document.root["version"]?.intValue
        else {
            throw WireError(
                .badField, "the task's function is not an Apus task; Swift workers run registered Swift tasks only")
        }
        return TaskCall(name: name, version: version, arguments: arguments)
    }

    /// The app's name, for messages about a task that is not going to be run; `nil` when there is none.
    package static func name(in bytes: UnsafeRawBufferPointer, range: Range<Int>) -> String? {
        try? parse(bytes, range: range).name
    }

    /// Reads one length-prefixed serialised object and returns where its body lies.
    private static func segment(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int, _ end: Int
    ) throws(WireError) -> Range<Int> {
        var length = 0
        var digits = 0
        while position < end, bytes[position] != 0x0a {
            let digit = bytes[position]
            // 18 digits fit an Int; no real length has more.
            guard (0x30...0x39).contains(digit), digits < 18 else {
                throw WireError(.malformed, "a task buffer whose segment length is no decimal number")
            }
            length = length * 10 + Int(digit - 0x30)
            digits += 1
            position += 1
        }
        position += 1
        guard digits > 0, position <= end, length <= end - position else {
            throw WireError(.malformed, "a task buffer that ends inside a segment")
        }
        let whole = position..<(position + length)
        position = whole.upperBound
        guard let body = SerializedObject.body(of: UnsafeRawBufferPointer(rebasing: bytes[whole])) else {
            throw WireError(.badField, "a task buffer with a segment that is neither data (02) nor a callable (C2)")
        }
        return (whole.lowerBound + body.lowerBound)..<whole.upperBound
    }
}
