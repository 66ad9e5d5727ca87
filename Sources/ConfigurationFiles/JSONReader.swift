/// JSON with the place of each value, which Foundation's reader does not tell.
struct JSONReader {
    /// Settings are four deep; what is deeper is none, and could exhaust the stack.
    private static let deepest = 32

    private let bytes: [UInt8]
    private var offset = 0
    private var line = 1
    private var column = 1

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads one value, which takes up the whole text.
    static func read(_ text: String) throws(SettingsSyntaxError) -> SettingsNode {
        var reader = JSONReader(Array(text.utf8))
        reader.skipSpace()
        guard reader.current != nil else { throw .empty }
        let node = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.current == nil else { throw reader.failure("there is more behind the end of the value") }
        return node
    }

    private var current: UInt8? { offset < bytes.count ? bytes[offset] : nil }
    private var position: SettingsNode.Position { .init(line: line, column: column) }

    private func failure(_ message: String) -> SettingsSyntaxError {
        .init(position: position, message: "this is no JSON: \(message)")
    }

    private mutating func advance() {
        let byte = bytes[offset]
        offset += 1
        if byte == 0x0A { (line, column) = (line + 1, 1) } else if byte & 0xC0 != 0x80 { column += 1 }
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { advance() }
    }

    private mutating func take(_ expected: UInt8) throws(SettingsSyntaxError) {
        guard current == expected else {
            let found = current.map { "'\(Character(Unicode.Scalar($0)))'" } ?? "the end"
            throw failure("'\(Character(Unicode.Scalar(expected)))' is expected, and here is \(found)")
        }
        advance()
    }

    private mutating func value(depth: Int) throws(SettingsSyntaxError) -> SettingsNode {
        guard depth <= Self.deepest else { throw failure("it is more than \(Self.deepest) levels deep") }
        let start = position
        switch current {
        case UInt8(ascii: "{"): return .init(position: start, content: .mapping(try members(depth)))
        case UInt8(ascii: "["): return .init(position: start, content: .sequence(try elements(depth)))
        case UInt8(ascii: "\""): return .init(position: start, content: .scalar(try string(), isQuoted: true))
        case nil: throw failure("a value is missing at the end")
        default: return try word(start)
        }
    }

    private mutating func members(_ depth: Int) throws(SettingsSyntaxError) -> [SettingsNode.Member] {
        var result: [SettingsNode.Member] = []
        var lines: [String: Int] = [:]
        advance()
        skipSpace()
        while current != UInt8(ascii: "}") {
            let start = position
            guard current == UInt8(ascii: "\"") else { throw failure("a key in double quotes is expected") }
            let key = try string()
            if let line = lines.updateValue(start.line, forKey: key) {
                throw .init(
                    position: start,
                    message: "'\(key)' is there more than once, first in line \(line); a key has one value")
            }
            skipSpace()
            try take(UInt8(ascii: ":"))
            skipSpace()
            result.append(.init(key: key, position: start, value: try value(depth: depth + 1)))
            try separator(before: UInt8(ascii: "}"))
        }
        advance()
        return result
    }

    private mutating func elements(_ depth: Int) throws(SettingsSyntaxError) -> [SettingsNode] {
        var result: [SettingsNode] = []
        advance()
        skipSpace()
        while current != UInt8(ascii: "]") {
            result.append(try value(depth: depth + 1))
            try separator(before: UInt8(ascii: "]"))
        }
        advance()
        return result
    }

    /// A comma with something behind it, or the end.
    private mutating func separator(before end: UInt8) throws(SettingsSyntaxError) {
        skipSpace()
        guard current != end else { return }
        try take(UInt8(ascii: ","))
        skipSpace()
        guard current != end else { throw failure("there is nothing behind the comma") }
    }

    private mutating func string() throws(SettingsSyntaxError) -> String {
        advance()
        var content: [UInt8] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"): content.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20: throw failure("a text goes over the end of the line, or holds a control character")
            default:
                content.append(byte)
                advance()
            }
        }
        throw failure("a text has no closing '\"'")
    }

    private mutating func escape() throws(SettingsSyntaxError) -> Unicode.Scalar {
        advance()
        let letter = current
        if letter != nil { advance() }
        switch letter {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let first = try unit()
            if let scalar = Unicode.Scalar(first) { return scalar }
            guard first < 0xDC00, current == UInt8(ascii: "\\") else { throw failure("half a pair of surrogates") }
            advance()
            try take(UInt8(ascii: "u"))
            let second = try unit()
            guard (0xDC00...0xDFFF).contains(second) else { throw failure("half a pair of surrogates") }
            let code = 0x10000 + (UInt32(first) - 0xD800) << 10 + UInt32(second) - 0xDC00
            guard let scalar = Unicode.Scalar(code) else { throw failure("half a pair of surrogates") }
            return scalar
        default: throw failure("there is no such escape in a text")
        }
    }

    private mutating func unit() throws(SettingsSyntaxError) -> UInt16 {
        let digits = bytes[offset...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw failure("four hexadecimal digits are expected after \\u") }
        for _ in 0..<4 { advance() }
        return unit
    }

    /// `true`, `false`, `null` or a number.
    private mutating func word(_ start: SettingsNode.Position) throws(SettingsSyntaxError) -> SettingsNode {
        var letters: [UInt8] = []
        while let byte = current, Self.isWordByte(byte) {
            letters.append(byte)
            advance()
        }
        let word = String(decoding: letters, as: UTF8.self)
        if word == "null" { return .init(position: start, content: .nothing) }
        guard word == "true" || word == "false" || (Double(word) != nil && Self.isNumber(letters)) else {
            throw .init(position: start, message: "this is no JSON: a value is expected; a text needs double quotes")
        }
        return .init(position: start, content: .scalar(word, isQuoted: false))
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        let character = Character(Unicode.Scalar(byte))
        return byte < 0x80 && (character.isLetter || character.isNumber || "+-.".contains(character))
    }

    /// What `Double` reads beyond JSON's numbers begins otherwise: infinities, hexadecimals, `+1`, `.5`, `01`.
    private static func isNumber(_ letters: [UInt8]) -> Bool {
        let digits = letters.first == UInt8(ascii: "-") ? letters.dropFirst() : letters[...]
        guard let first = digits.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        guard first == UInt8(ascii: "0"), let second = digits.dropFirst().first else { return true }
        return second == UInt8(ascii: ".") || second == UInt8(ascii: "e") || second == UInt8(ascii: "E")
    }
}
