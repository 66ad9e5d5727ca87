/// Why a pickle could not be read or written.
///
/// The code says what kind of fault it is, the offset where in the bytes it lies, and the message what was found and what
/// was expected.
public struct PickleError: Error, Sendable, Hashable {
    /// The kind of a fault; an open set of words, the same that the command line prints.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The word for the code.
        public let description: String
        private init(_ word: String) { description = word }

        /// The input ends inside an argument or before STOP, or a frame is longer than the input.
        public static let truncated = Self("truncated")
        /// An argument leaves its frame, or a frame begins inside another.
        public static let badFrame = Self("badFrame")
        /// There is no such opcode.
        public static let unknownOpcode = Self("unknownOpcode")
        /// The pickle announces a protocol above 5.
        public static let unsupportedProtocol = Self("unsupportedProtocol")
        /// Too few items lie above the topmost mark.
        public static let stackUnderflow = Self("stackUnderflow")
        /// The opcode needs a mark and there is none.
        public static let missingMark = Self("missingMark")
        /// A text argument is malformed, a length or index is negative, or a name is empty.
        public static let badLiteral = Self("badLiteral")
        /// The bytes are not UTF-8, or not in the encoding asked for.
        public static let badEncoding = Self("badEncoding")
        /// The memo has no entry of that index.
        public static let missingMemo = Self("missingMemo")
        /// An operand is of the wrong kind.
        public static let typeMismatch = Self("typeMismatch")
        /// A dictionary was given an odd number of items.
        public static let oddItems = Self("oddItems")
        /// A list, dictionary, set or the like was used as a key or element of a set.
        public static let unhashable = Self("unhashable")
        /// The extension code is not positive or not registered.
        public static let badExtension = Self("badExtension")
        /// The pickle has a persistent id and nobody asked for them.
        public static let persistentID = Self("persistentId")
        /// The pickle asks for an out-of-band buffer and none is left.
        public static let missingBuffer = Self("missingBuffer")
        /// A limit of the reader or writer was reached.
        public static let limitExceeded = Self("limitExceeded")
        /// The pickle names something outside the allow-list.
        public static let forbiddenGlobal = Self("forbiddenGlobal")
        /// The protocol cannot express the value.
        public static let unsupported = Self("unsupported")
    }

    /// The kind of the fault.
    public var code: Code
    /// Where the opcode at fault begins, counted from the first byte.
    public var offset: Int?
    /// The opcode at fault.
    public var opcode: UInt8?
    /// What was found.
    public var message: String
    /// What would have been right, if one thing would.
    public var expected: String?

    /// Makes an error.
    public init(_ code: Code, offset: Int? = nil, opcode: UInt8? = nil, message: String, expected: String? = nil) {
        self.code = code
        self.offset = offset
        self.opcode = opcode
        self.message = message
        self.expected = expected
    }
}

extension PickleError: CustomStringConvertible {
    /// One line: code, offset, opcode, what was found and what was expected.
    public var description: String {
        var text = code.description
        if let offset { text += " offset \(offset)" }
        text += ": "
        if let opcode { text += (PickleOpcode(rawValue: opcode)?.name ?? "opcode \(opcode)") + ": " }
        text += message
        if let expected { text += "; expected \(expected)" }
        return text
    }
}
