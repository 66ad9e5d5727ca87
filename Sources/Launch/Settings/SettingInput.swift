/// What stands in a file or in the environment in the place of a value, before it is known what is expected there.
package enum SettingInput: Sendable, Equatable {
    /// A word, number or text; quotes say that it is a text.
    case text(String, isQuoted: Bool)
    /// Several texts.
    case list([String])
    /// Keys with values.
    case mapping
    /// Nothing: a key with no value, or `null`.
    case nothing

    /// How the input is named in an error.
    package var shown: String {
        switch self {
        case .text(let text, false): SettingText.short(text)
        case .text(let text, true): "the text '\(SettingText.short(text))' in quotes"
        case .list(let items): "a list of \(items.count)"
        case .mapping: "a mapping"
        case .nothing: "empty"
        }
    }
}

/// A value that fits its setting.
package enum SettingValue: Sendable, Equatable {
    /// One of the words that the setting knows.
    case word(String)
    /// `true` or `false`.
    case boolean(Bool)
    /// A whole number, or a number of bytes.
    case integer(Int)
    /// A number with decimals.
    case number(Double)
    /// A text or a path.
    case text(String)
    /// A span of time.
    case duration(Duration)
    /// Ports, the last one included.
    case ports(ClosedRange<Int>)
    /// Paths, or other texts.
    case list([String])
}

/// Texts of errors.
package enum SettingText {
    /// A text as it is shown: no longer than a line, and nothing in it that could steer a terminal.
    package static func short(_ text: String) -> String {
        let printable = text.unicodeScalars.prefix(80).map { scalar -> Character in
            scalar.properties.generalCategory == .control || scalar.properties.generalCategory == .format
                ? "\u{FFFD}" : Character(scalar)
        }
        return String(printable) + (text.unicodeScalars.count > 80 ? "…" : "")
    }
}
