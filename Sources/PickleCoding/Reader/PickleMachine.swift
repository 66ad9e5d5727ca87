/// The stack machine that turns opcodes into the nodes of a document.
///
/// Nothing is called and nothing is looked up: a name is data, a call is a record. Every count is compared with what is
/// left, or with a limit, before memory is taken.
struct PickleMachine: ~Copyable {
    let bytes: ByteView
    let limits: PickleLimits
    var options: PickleReadingOptions

    var position = 0
    /// Where the opcode being run begins.
    var opcodeStart = 0
    /// The end of the bytes an argument may use: of the frame, or of the input.
    var limit: Int
    var insideFrame = false
    var announcedProtocol: UInt8 = 0

    var nodes = ContiguousArray<PickleNode>()
    var children = ContiguousArray<UInt32>()
    var records = ContiguousArray<CallRecord>()
    var extras = ContiguousArray<RecordExtra>()
    var tables = ContiguousArray<UInt32>()
    var side: [UInt8] = []
    /// Containers with keys, whose equal keys are merged at the end.
    var keyed = ContiguousArray<UInt32>()
    var nestingCandidates = 0
    var nextBuffer = 0
    /// Children and side bytes made by known calls, which copy their arguments.
    var copied = 0

    var stack = ContiguousArray<UInt32>()
    var marks = ContiguousArray<UInt32>()
    /// The height that no operand may lie below.
    var fence = 0
    var memo = PickleMemo()
    var hashes: [UInt32: UInt] = [:]
    /// What resolvers have been given and have said.
    var outside = OutsideValues()
    /// The texts of the last name that came as two lines.
    var lastName: (module: UInt32, name: UInt32)?
    /// The callee looked up last, and what it is.
    var lastCallee: (index: UInt32, call: KnownCall?)?

    init(_ bytes: ByteView, limits: PickleLimits, options: PickleReadingOptions) {
        self.bytes = bytes
        self.limits = limits
        self.options = options
        limit = bytes.count
        // A guess from the size saves most of the growing; small, so that a hostile size costs nothing.
        let guess = min(bytes.count / 6 + 4, 4_096)
        nodes.reserveCapacity(guess)
        stack.reserveCapacity(16)
    }

    /// Runs up to STOP and gives the index of the result.
    mutating func run() throws(PickleError) -> UInt32 {
        guard bytes.count <= limits.maxBytes else {
            throw PickleError(.limitExceeded, message: "\(bytes.count) bytes, the limit is \(limits.maxBytes)")
        }
        while true {
            if let root = try step() { return root }
        }
    }

    /// Finds the opcode that makes a node, by running up to it.
    mutating func offset(ofNode index: Int) -> Int? {
        do throws(PickleError) {
            while nodes.count <= index {
                if try step() != nil { return nil }
            }
            return opcodeStart
        } catch {
            return nil
        }
    }

    /// Runs one opcode; gives the result if it was STOP.
    @inline(__always)
    mutating func step() throws(PickleError) -> UInt32? {
        if position >= limit { try leaveFrame() }
        opcodeStart = position
        let byte = bytes[position]
        position &+= 1
        guard let opcode = PickleOpcode(rawValue: byte) else {
            throw PickleError(
                .unknownOpcode, offset: opcodeStart, message: "byte 0x\(String(byte, radix: 16)) is not an opcode")
        }
        switch opcode {
        case .binInt1: try push(PickleNode(.int, payload: UInt64(try u1())))
        case .shortBinUnicode: try pushText(length: Int(try u1()))
        case .memoize:
            let value = try top()
            try store(value, at: UInt64(memo.count))
        case .binPut:
            let index = try u1()
            try store(try top(), at: UInt64(index))
        case .binGet: try fetch(UInt64(try u1()))
        case .mark: try pushMark()
        case .binInt: try push(PickleNode(.int, payload: UInt64(bitPattern: Int64(Int32(bitPattern: try u4())))))
        case .binFloat:
            let start = try take(8)
            try push(PickleNode(.float, payload: bytes.load(start, as: UInt64.self).byteSwapped))
        case .stop: return try result()
        default: try runRare(opcode)
        }
        return nil
    }

    private mutating func runRare(_ opcode: PickleOpcode) throws(PickleError) {
        switch opcode {
        case .none: try push(PickleNode(.none))
        case .newTrue: try push(PickleNode(.bool, payload: 1))
        case .newFalse: try push(PickleNode(.bool, payload: 0))
        case .binInt2: try push(PickleNode(.int, payload: UInt64(try u2())))
        case .int: try pushTextInteger(line: try line())
        case .long: try pushTextLong(line: try line())
        case .long1: try pushLong(length: Int(try u1()))
        case .long4: try pushLong(length: try length4())
        case .float: try pushTextFloat(line: try line())
        case .string: try pushQuotedString(line: try line())
        case .shortBinString: try pushLegacyString(length: Int(try u1()))
        case .binString: try pushLegacyString(length: try length4())
        case .unicode: try pushEscapedText(line: try line())
        case .binUnicode: try pushText(length: Int(try u4()))
        case .binUnicode8: try pushText(length: try length8())
        case .shortBinBytes: try pushBytes(.bytes, length: Int(try u1()))
        case .binBytes: try pushBytes(.bytes, length: Int(try u4()))
        case .binBytes8: try pushBytes(.bytes, length: try length8())
        case .byteArray8: try pushBytes(.byteArray, length: try length8())
        case .nextBuffer: try pushBuffer()
        case .readonlyBuffer: try makeReadOnly()
        case .put: try store(try top(beforeLine: true), at: try index(line: try line()))
        case .longBinPut:
            let index = try u4()
            try store(try top(), at: UInt64(index))
        case .longBinGet: try fetch(UInt64(try u4()))
        case .get: try fetch(try index(line: try line()))
        case .pop: try pop()
        case .popMark: stack.removeLast(stack.count - (try popMark()))
        case .dup: try pushReference(try top())
        case .proto: try announce(try u1())
        case .frame: try enterFrame()
        case .emptyTuple, .tuple, .tuple1, .tuple2, .tuple3, .emptyList, .list, .append, .appends, .emptyDict, .dict,
            .setItem, .setItems, .emptySet, .addItems, .frozenSet:
            try runContainer(opcode)
        default: try runObject(opcode)
        }
    }

    private mutating func result() throws(PickleError) -> UInt32 {
        guard stack.count > fence, let top = stack.last else {
            throw failure(.stackUnderflow, "nothing above the topmost mark", expected: "a result")
        }
        return top
    }

    // MARK: Frames and protocol

    mutating func leaveFrame() throws(PickleError) {
        insideFrame = false
        limit = bytes.count
        guard position < limit else {
            throw PickleError(.truncated, offset: position, message: "the input ends", expected: "an opcode")
        }
    }

    private mutating func enterFrame() throws(PickleError) {
        let start = try take(8)
        try enterFrame(length: bytes.load(start, as: UInt64.self))
    }

    /// Begins a frame whose length has been read.
    mutating func enterFrame(length: UInt64) throws(PickleError) {
        guard !insideFrame || position >= limit else {
            throw failure(.badFrame, "a frame begins where another has \(limit - position) bytes left")
        }
        guard length <= UInt64(bytes.count - position) else {
            throw failure(
                .truncated, "a frame of \(length) bytes is announced, \(bytes.count - position) remain")
        }
        insideFrame = true
        limit = position + Int(length)
    }

    private mutating func announce(_ version: UInt8) throws(PickleError) {
        guard version <= 5 else {
            throw failure(.unsupportedProtocol, "protocol \(version)", expected: "at most 5")
        }
        announcedProtocol = version
    }

    // MARK: Arguments

    @inline(__always)
    mutating func take(_ size: Int) throws(PickleError) -> Int {
        guard size <= limit &- position else { throw overrun(size) }
        let start = position
        position &+= size
        return start
    }

    @inline(never)
    private func overrun(_ size: Int) -> PickleError {
        if size > bytes.count - position {
            return failure(.truncated, "an argument of \(size) bytes is announced, \(bytes.count - position) remain")
        }
        return failure(.badFrame, "an argument of \(size) bytes leaves the frame, which has \(limit - position) left")
    }

    @inline(__always)
    mutating func u1() throws(PickleError) -> UInt8 { bytes[try take(1)] }

    @inline(__always)
    mutating func u2() throws(PickleError) -> UInt16 { bytes.load(try take(2), as: UInt16.self) }

    @inline(__always)
    mutating func u4() throws(PickleError) -> UInt32 { bytes.load(try take(4), as: UInt32.self) }

    /// A signed four-byte length.
    mutating func length4() throws(PickleError) -> Int {
        let length = Int(Int32(bitPattern: try u4()))
        guard length >= 0 else { throw failure(.badLiteral, "the length \(length) is negative") }
        return length
    }

    /// An eight-byte length; what does not fit is longer than any input.
    mutating func length8() throws(PickleError) -> Int {
        let length = bytes.load(try take(8), as: UInt64.self)
        guard let size = Int(exactly: length) else {
            throw failure(.truncated, "an argument of \(length) bytes is announced, \(bytes.count - position) remain")
        }
        return size
    }

    /// The start and end of a line of text, without its newline.
    mutating func line() throws(PickleError) -> Range<Int> {
        guard let end = bytes.newline(from: position, before: limit) else {
            if insideFrame, bytes.newline(from: limit, before: bytes.count) != nil {
                throw failure(.badFrame, "a line leaves the frame")
            }
            throw failure(.truncated, "a line without its newline")
        }
        let range = position..<end
        position = end + 1
        return range
    }

    @inline(never)
    func failure(_ code: PickleError.Code, _ message: String, expected: String? = nil) -> PickleError {
        PickleError(
            code, offset: opcodeStart, opcode: opcodeStart < bytes.count ? bytes[opcodeStart] : nil, message: message,
            expected: expected)
    }
}
