/// A value in a script's header, in TOML's notation.
enum HeaderValue: Equatable {
    /// Text in double quotes.
    case string(String)
    /// `true` or `false`.
    case boolean(Bool)
    /// Texts in brackets.
    case strings([String])

    /// Reads one value, which takes up all of the text but for a comment behind it.
    init(_ text: Substring) throws(HeaderProblem) {
        var reader = Reader(rest: text)
        self = try reader.value()
        reader.skipSpaces()
        guard reader.rest.isEmpty || reader.rest.first == "#" else {
            throw HeaderProblem("there is more behind the value: '\(reader.rest)'")
        }
    }

    private struct Reader {
        var rest: Substring

        mutating func value() throws(HeaderProblem) -> HeaderValue {
            switch rest.first {
            case "\"": return .string(try string())
            case "[": return .strings(try array())
            default:
                let word = rest.prefix { $0.isLetter || $0.isNumber }
                guard word == "true" || word == "false" else {
                    throw HeaderProblem(
                        "'\(rest)' is no value; there are \"strings\", true, false and [\"arrays\", \"of strings\"]")
                }
                rest = rest.dropFirst(word.count)
                return .boolean(word == "true")
            }
        }

        private mutating func array() throws(HeaderProblem) -> [String] {
            rest.removeFirst()
            var result: [String] = []
            while true {
                skipSpaces()
                if rest.first == "]" { break }
                guard rest.first == "\"" else {
                    throw HeaderProblem("an array holds strings in double quotes, with commas between, on one line")
                }
                result.append(try string())
                skipSpaces()
                if rest.first == "," {
                    rest.removeFirst()
                } else if rest.first != "]" {
                    throw HeaderProblem("in the array, ',' or ']' is missing before '\(rest)'")
                }
            }
            rest.removeFirst()
            return result
        }

        private mutating func string() throws(HeaderProblem) -> String {
            rest.removeFirst()
            var result = ""
            while let character = rest.popFirst() {
                switch character {
                case "\"": return result
                case "\\":
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
            throw HeaderProblem("a string has no closing '\"'")
        }

        mutating func skipSpaces() { rest = rest.drop { $0 == " " || $0 == "\t" } }
    }
}
