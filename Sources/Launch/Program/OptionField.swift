import DataFlow

/// One option, as the declaration of its property tells it.
struct OptionField {
    /// What is read from the command line.
    enum Kind: Sendable, Equatable {
        case flag
        case wholeNumber
        case number
        case text
        /// One of these words.
        case choice([String])
    }

    /// The property's name.
    var property: String
    var kind: Kind
    /// The default, as words of a command line; empty for an optional without a value.
    var fallback: [String]
    var isOptional: Bool
    var isList: Bool
    var help: OptionHelp
    /// The JSON of a word that was given; `nil` when the word cannot be a value of the property's type.
    var json: (String) -> String?

    /// As it is written: `--shows-digits`.
    var flag: String { "--" + Self.dashed(property) }
    /// What switches a flag off: `--no-shows-digits`.
    var opposite: String { "--no-" + Self.dashed(property) }
    /// Whether a command line without it makes no sense.
    var isRequired: Bool { help.isPositional && !isOptional && !isList }

    /// `showsDigits` as `shows-digits`, `inputURL` as `input-url`.
    static func dashed(_ name: String) -> String {
        var result = ""
        var afterCapital = true
        for character in name {
            if character.isUppercase, !afterCapital { result.append("-") }
            afterCapital = character.isUppercase || character == "_"
            result += character == "_" ? "-" : character.lowercased()
        }
        return result
    }

    /// The fields of a type of options, in the order of their declaration.
    ///
    /// - Throws: ``UsageError`` for a property that no option can be: a mistake in the program, found at each start.
    static func fields<Options: ProgramOptions>(of type: Options.Type) throws(UsageError) -> [OptionField] {
        var fields: [OptionField] = []
        for child in Mirror(reflecting: Options()).children {
            guard let name = child.label else { continue }
            let help = Options.help[name] ?? OptionHelp("")
            guard let field = OptionField(property: name, value: child.value, help: help) else {
                throw UsageError(
                    "the property '\(name)' of \(type) cannot be an option: it is no number, text, Bool or "
                        + "enumeration with texts, nor an optional or an array of these")
            }
            fields.append(field)
        }
        if let stray = Options.help.keys.sorted().first(where: { key in !fields.contains { $0.property == key } }) {
            throw UsageError("the help of \(type) names '\(stray)', which is none of its properties")
        }
        return fields
    }

    private init?(property: String, value: Any, help: OptionHelp) {
        self.property = property
        self.help = help
        var type = Swift.type(of: value)
        var values = [value]
        isOptional = false
        isList = false
        if let optional = value as? any OptionalValue {
            type = optional.wrappedType
            values = optional.values
            isOptional = true
        }
        if let list = type as? any ListValue.Type {
            values = values.flatMap { ($0 as? any ListValue)?.values ?? [] }
            type = list.elementType
            isList = true
        }
        guard let reading = Reading(type) else { return nil }
        kind = reading.kind
        json = reading.json
        fallback = values.compactMap { Reading.word(of: $0) }
        guard fallback.count == values.count else { return nil }
    }
}

/// How words become values of a type.
private struct Reading {
    var kind: OptionField.Kind
    var json: (String) -> String?

    init?(_ type: Any.Type) {
        switch type {
        case is Bool.Type:
            kind = .flag
            json = { ["true", "false"].contains($0) ? $0 : nil }
        case let type as any FixedWidthInteger.Type:
            kind = .wholeNumber
            json = { word in Self.number(type, word).map { "\($0)" } }
        case is any BinaryFloatingPoint.Type:
            kind = .number
            json = { word in Double(word).map { $0.isFinite ? "\($0)" : Self.quoted("\($0)") } }
        case let type as any CaseIterable.Type:
            guard let words = Self.words(type) else { return nil }
            kind = .choice(words)
            json = { words.contains($0) ? Self.quoted($0) : nil }
        case let type as any Decodable.Type:
            kind = .text
            json = { word in
                let text = Self.quoted(word)
                return Self.accepts(type, text) ? text : nil
            }
            // A type that is made of several values takes no text, whatever the text.
            if !Self.isWord(type) { return nil }
        default: return nil
        }
    }

    private static func number<T: FixedWidthInteger>(_ type: T.Type, _ word: String) -> T? { T(word) }

    private static func words<T: CaseIterable>(_ type: T.Type) -> [String]? {
        let words = type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
        return words.count == type.allCases.count ? words : nil
    }

    /// Whether a text can be a value of the type at all: one that is not, is corrupted, and not of another kind.
    private static func isWord<T: Decodable>(_ type: T.Type) -> Bool {
        do {
            _ = try JSONText.decode(type, from: Array("\"\"".utf8))
            return true
        } catch DecodingError.typeMismatch {
            return false
        } catch {
            return true
        }
    }

    private static func accepts<T: Decodable>(_ type: T.Type, _ json: String) -> Bool {
        (try? JSONText.decode(type, from: Array(json.utf8))) != nil
    }

    static func quoted(_ text: String) -> String {
        (try? JSONText.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    /// A value as the word that gives it.
    static func word(of value: Any) -> String? {
        if let text = value as? String { return text }
        guard let value = value as? any Encodable, let json = try? JSONText.encode(value) else { return nil }
        if let text = try? JSONText.decode(String.self, from: json) { return text }
        return json.first == UInt8(ascii: "{") || json.first == UInt8(ascii: "[")
            ? nil : String(decoding: json, as: UTF8.self)
    }
}

/// Optionals of any type.
private protocol OptionalValue {
    var wrappedType: Any.Type { get }
    var values: [Any] { get }
}

extension Optional: OptionalValue {
    fileprivate var wrappedType: Any.Type { Wrapped.self }
    fileprivate var values: [Any] { map { [$0] } ?? [] }
}

/// Arrays of any type.
private protocol ListValue {
    static var elementType: Any.Type { get }
    var values: [Any] { get }
}

extension Array: ListValue {
    fileprivate static var elementType: Any.Type { Element.self }
    fileprivate var values: [Any] { self }
}
