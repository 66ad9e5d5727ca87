/// Shows the opcodes of a pickle without running them.
public enum PickleDisassembler {
    /// One line per opcode, `OFFSET NAME [ARGUMENT]`, and `end OFFSET highest N` after STOP.
    ///
    /// Only the opcodes and their arguments are looked at, not the stack.
    public static func lines(of bytes: [UInt8], limits: PickleLimits = PickleLimits()) throws(PickleError) -> [UInt8] {
        try PickleSource.array(bytes).withView { view throws(PickleError) in
            var scanner = OpcodeScanner(view, limits: limits)
            var out = ByteStorage(reservingCapacity: 1 << 12)
            while let (opcode, argument) = try scanner.next() {
                JSONText.put("\(scanner.start) \(opcode.name)", into: &out)
                if let argument {
                    out.append(0x20)
                    argument.write(into: &out)
                }
                out.append(0x0A)
            }
            JSONText.put("end \(scanner.position) highest \(scanner.highest)\n", into: &out)
            return out.finish()
        }
    }
}

/// Reads opcodes and their arguments one after another.
struct OpcodeScanner: ~Copyable {
    /// An argument as it stands in the stream.
    enum Argument {
        case bool(Bool)
        case int(Int)
        case unsigned(UInt64)
        case long([UInt8])
        case float(Double)
        case text([UInt8])
        case bytes([UInt8])
    }

    private var machine: PickleMachine
    private(set) var start = 0
    private(set) var highest = 0
    private var ended = false

    init(_ view: ByteView, limits: PickleLimits) {
        machine = PickleMachine(view, limits: limits, options: .inert)
    }

    var position: Int { machine.position }

    /// The next opcode and its argument; nil after STOP.
    mutating func next() throws(PickleError) -> (PickleOpcode, Argument?)? {
        if ended { return nil }
        if machine.position >= machine.limit { try machine.leaveFrame() }
        start = machine.position
        machine.opcodeStart = start
        let byte = try machine.u1()
        guard let opcode = PickleOpcode(rawValue: byte) else {
            throw PickleError(
                .unknownOpcode, offset: start, message: "byte 0x\(String(byte, radix: 16)) is not an opcode")
        }
        highest = max(highest, opcode.protocolVersion)
        if opcode == .stop { ended = true }
        let argument = try argument(opcode.argument)
        // Frames are checked as when reading, or a stream could mean one thing here and another there.
        if opcode == .frame, case .unsigned(let length) = argument { try machine.enterFrame(length: length) }
        return (opcode, argument)
    }

    private mutating func argument(_ form: PickleOpcode.Argument) throws(PickleError) -> Argument? {
        switch form {
        case .none: return nil
        case .u1: return .int(Int(try machine.u1()))
        case .u2: return .int(Int(try machine.u2()))
        case .u4: return .int(Int(try machine.u4()))
        case .u8: return .unsigned(machine.bytes.load(try machine.take(8), as: UInt64.self))
        case .i4: return .int(Int(Int32(bitPattern: try machine.u4())))
        case .f8:
            return .float(Double(bitPattern: machine.bytes.load(try machine.take(8), as: UInt64.self).byteSwapped))
        case .long1: return .long(try blob(Int(try machine.u1())))
        case .long4: return .long(try blob(try machine.length4()))
        case .text1: return .text(try text(Int(try machine.u1())))
        case .text4: return .text(try text(Int(try machine.u4())))
        case .text8: return .text(try text(try machine.length8()))
        case .bytes1, .string1: return .bytes(try blob(Int(try machine.u1())))
        case .bytes4: return .bytes(try blob(Int(try machine.u4())))
        case .bytes8: return .bytes(try blob(try machine.length8()))
        case .string4: return .bytes(try blob(try machine.length4()))
        case .integerLine:
            let line = try machine.line()
            return try pushed { machine throws(PickleError) in try machine.pushTextInteger(line: line) }
        case .longLine:
            let line = try machine.line()
            return try pushed { machine throws(PickleError) in try machine.pushTextLong(line: line) }
        case .floatLine:
            let line = try machine.line()
            return try pushed { machine throws(PickleError) in try machine.pushTextFloat(line: line) }
        case .unicodeLine:
            let line = try machine.line()
            return try pushed { machine throws(PickleError) in try machine.pushEscapedText(line: line) }
        case .stringLine:
            let line = try machine.line()
            guard let content = TextLiterals.quoted(machine.bytes.slice(line.lowerBound, line.count)) else {
                throw machine.failure(.badLiteral, "the string is not quoted or has a broken escape")
            }
            return .bytes(content)
        case .indexLine: return .unsigned(try machine.index(line: try machine.line()))
        case .asciiLine: return .text(try line())
        case .nameLines: return .text(try line() + [0x20] + (try line()))
        }
    }

    private mutating func blob(_ length: Int) throws(PickleError) -> [UInt8] {
        machine.bytes.slice(try machine.take(length), length).array
    }

    private mutating func text(_ length: Int) throws(PickleError) -> [UInt8] {
        let content = machine.bytes.slice(try machine.take(length), length)
        guard content.checkText() != .invalid else { throw machine.failure(.badEncoding, "the text is not UTF-8") }
        return content.array
    }

    private mutating func line() throws(PickleError) -> [UInt8] {
        let line = try machine.line()
        let content = machine.bytes.slice(line.lowerBound, line.count)
        guard content.checkText() != .invalid else { throw machine.failure(.badEncoding, "the text is not UTF-8") }
        return content.array
    }

    /// Lets the machine read a text form, and takes what it pushed.
    private mutating func pushed(
        _ body: (inout PickleMachine) throws(PickleError) -> Void
    ) throws(PickleError) -> Argument? {
        try body(&machine)
        defer { machine.forgetValues() }
        guard let node = machine.nodes.last else { return nil }
        switch node.tag {
        case .bool: return .bool(node.payload != 0)
        case .int: return .int(node.int)
        case .float: return .float(node.float)
        case .string: return .text(machine.payload(node) { $0.array })
        default: return .long(machine.payload(node) { $0.array })
        }
    }
}

extension PickleMachine {
    /// Drops all values, so that scanning a long stream takes no memory.
    mutating func forgetValues() {
        nodes.removeAll(keepingCapacity: true)
        stack.removeAll(keepingCapacity: true)
        side.removeAll(keepingCapacity: true)
    }
}

extension OpcodeScanner.Argument {
    /// Writes the argument as JSON.
    func write(into out: inout ByteStorage) {
        switch self {
        case .bool(let value): JSONText.put(value ? "true" : "false", into: &out)
        case .int(let value): JSONText.integer(value, into: &out)
        case .unsigned(let value):
            if let small = Int(exactly: value) {
                JSONText.integer(small, into: &out)
            } else {
                JSONText.put("{\"int\":\"\(value)\"}", into: &out)
            }
        case .long(let bytes):
            PickleSource.array(bytes).withView { view in
                let node = PickleMachine.integerNode(view, start: 0, flags: .side)
                if node.tag == .int {
                    JSONText.integer(node.int, into: &out)
                } else {
                    JSONText.integer(view.slice(0, node.length), into: &out)
                }
            }
        case .float(let value): JSONText.float(value, into: &out)
        case .text(let bytes): JSONText.string(bytes, into: &out)
        case .bytes(let bytes):
            JSONText.put("{\"bytes\":\"", into: &out)
            JSONText.base64(bytes, into: &out)
            JSONText.put("\"}", into: &out)
        }
    }
}
