/// A value in a script's header, in TOML's notation.
indirect enum HeaderValue: Equatable {
    /// Text in quotes.
    case string(String)
    /// `true` or `false`.
    case boolean(Bool)
    /// Values in brackets.
    case array([HeaderValue])
    /// Keys with values in braces, in their order.
    case table([Member])

    /// A key of a table and its value.
    struct Member: Equatable {
        var key: String
        var value: HeaderValue
    }

    /// The texts of an array of texts; `nil` for everything else.
    var strings: [String]? {
        guard case .array(let values) = self else { return nil }
        var texts: [String] = []
        for value in values {
            guard case .string(let text) = value else { return nil }
            texts.append(text)
        }
        return texts
    }
}

/// Reads keys and values of a header.
struct HeaderReader {
    private var rest: Substring
    /// How deep brackets and braces are open: within them, lines are no more than space.
    private var depth = 0

    /// - Parameter text: all of the header, its lines without the marks before them.
    init(_ text: String) { rest = text[...] }

    /// The place in the text: how many lines are above it.
    private(set) var line = 0

    /// The next key with its value; `nil` at the end.
    mutating func member() throws(HeaderProblem) -> HeaderValue.Member? {
        skipLines()
        guard !rest.isEmpty else { return nil }
        let key = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
        let word = rest.prefix { !$0.isNewline }.trimmingSpaces()
        rest.removeFirst(key.count)
        skipSpaces()
        guard !key.isEmpty, rest.first == "=" else { throw HeaderProblem("'\(word)' is not 'key = value'") }
        rest.removeFirst()
        skipSpaces()
        return HeaderValue.Member(key: key, value: try value())
    }

    /// Refuses what stands behind a value in its line.
    mutating func endOfLine() throws(HeaderProblem) {
        skipSpaces()
        let behind = rest.prefix { !$0.isNewline }
        guard behind.isEmpty else { throw HeaderProblem("there is more behind the value: '\(behind)'") }
    }

    private mutating func value() throws(HeaderProblem) -> HeaderValue {
        switch rest.first {
        case "\"", "'": return .string(try string())
        case "[":
            var values: [HeaderValue] = []
            try list(until: "]") { reader throws(HeaderProblem) in values.append(try reader.value()) }
            return .array(values)
        case "{":
            var members: [HeaderValue.Member] = []
            try list(until: "}") { reader throws(HeaderProblem) in
                guard let member = try reader.member() else { throw HeaderProblem("the table has no closing '}'") }
                guard !members.contains(where: { $0.key == member.key }) else {
                    throw HeaderProblem("'\(member.key)' stands in a table for the second time")
                }
                members.append(member)
            }
            return .table(members)
        default:
            let word = rest.prefix { $0.isLetter || $0.isNumber }
            guard word == "true" || word == "false" else {
                let found = rest.prefix { !$0.isNewline }
                throw HeaderProblem(
                    "'\(found)' is no value; there are \"strings\", true, false, [\"arrays\"] and { tables = true }")
            }
            rest = rest.dropFirst(word.count)
            return .boolean(word == "true")
        }
    }

    private mutating func list(
        until end: Character, _ item: (inout HeaderReader) throws(HeaderProblem) -> Void
    ) throws(HeaderProblem) {
        let kind = end == "]" ? "array" : "table"
        rest.removeFirst()
        depth += 1
        defer { depth -= 1 }
        while true {
            skipSpaces()
            if rest.isEmpty { throw HeaderProblem("the \(kind) has no closing '\(end)'") }
            if rest.first == end { break }
            try item(&self)
            skipSpaces()
            if rest.first == "," {
                rest.removeFirst()
            } else if rest.first != end {
                let found = rest.prefix { !$0.isNewline }
                throw HeaderProblem("in the \(kind), ',' or '\(end)' is missing before '\(found)'")
            }
        }
        rest.removeFirst()
    }

    private mutating func string() throws(HeaderProblem) -> String {
        let quote = rest.removeFirst()
        var result = ""
        while let character = rest.popFirst(), !character.isNewline {
            switch character {
            case quote: return result
            // In single quotes TOML knows no escapes.
            case "\\" where quote == "\"":
                switch rest.popFirst() {
                case "\"": result.append("\"")
                case "\\": result.append("\\")
                case "t": result.append("\t")
                case let other:
                    let escape = other.map(String.init) ?? ""
                    throw HeaderProblem("'\\\(escape)' is none of the escapes \\\", \\\\ and \\t")
                }
            default: result.append(character)
            }
        }
        throw HeaderProblem("a string has no closing '\(quote)'")
    }

    /// Skips what means nothing: spaces, a remark to the end of the line, and within brackets the line's end.
    private mutating func skipSpaces() {
        while let first = rest.first {
            if first == " " || first == "\t" {
                rest.removeFirst()
            } else if first == "#" {
                rest = rest.drop { !$0.isNewline }
            } else if first.isNewline, depth > 0 {
                rest.removeFirst()
                line += 1
            } else {
                return
            }
        }
    }

    private mutating func skipLines() {
        skipSpaces()
        while rest.first?.isNewline == true {
            rest.removeFirst()
            line += 1
            skipSpaces()
        }
    }
}
