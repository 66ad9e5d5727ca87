package import Launch

/// Merged settings as a person or a program reads them; secrets are masked.
package enum SettingsListing {
    /// What stands in the place of a secret.
    private static let mask = "********"

    /// One line for each key: YAML's notation, with the source as a comment.
    package static func text(_ settings: LoadedSettings) -> String {
        let lines = settings.entries.map { entry in
            (text: "\(entry.path): \(shown(entry))", source: entry.source.description)
        }
        let width = lines.map(\.text.count).max() ?? 0
        return lines.map { line in
            line.text + String(repeating: " ", count: width - line.text.count) + "  # \(line.source)\n"
        }.joined()
    }

    /// One object: `settings`, an array of `key`, `value`, `source` (`default`, `file` or `environment`), and where.
    package static func json(_ settings: LoadedSettings) -> String {
        let rows = settings.entries.map { entry in
            var fields = ["\"key\": \(quoted(entry.path))", "\"value\": \(jsonValue(entry))"]
            switch entry.source {
            case .fallback: fields.append("\"source\": \"default\"")
            case .file(let path, let line, let column):
                fields += [
                    "\"source\": \"file\"", "\"file\": \(quoted(path))", "\"line\": \(line)", "\"column\": \(column)",
                ]
            case .environment(let variable):
                fields += ["\"source\": \"environment\"", "\"variable\": \(quoted(variable))"]
            }
            if entry.setting.isSecret { fields.append("\"secret\": true") }
            return "    {" + fields.joined(separator: ", ") + "}"
        }
        return "{\n  \"settings\": [\n" + rows.joined(separator: ",\n") + "\n  ]\n}\n"
    }

    /// A value in YAML's notation, as it may stand in a file.
    package static func yaml(_ input: SettingInput) -> String {
        switch input {
        case .text(let text, _): return scalar(text)
        case .list(let items): return "[" + items.map(quoted).joined(separator: ", ") + "]"
        case .mapping, .nothing: return ""
        }
    }

    private static func shown(_ entry: LoadedSettings.Entry) -> String {
        entry.setting.isSecret ? mask : yaml(entry.setting.type.input(for: entry.value))
    }

    private static func jsonValue(_ entry: LoadedSettings.Entry) -> String {
        if entry.setting.isSecret { return quoted(mask) }
        switch entry.value {
        case .boolean(let flag): return flag ? "true" : "false"
        case .integer(let number) where !entry.setting.type.isSize: return String(number)
        case .number(let number): return SettingUnits.text(number)
        default: break
        }
        switch entry.setting.type.input(for: entry.value) {
        case .list(let items): return "[" + items.map(quoted).joined(separator: ", ") + "]"
        case .text(let text, _): return quoted(text)
        case .mapping, .nothing: return "null"
        }
    }

    /// Plain where YAML reads it as it is, else in quotes.
    private static func scalar(_ text: String) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                || "/._- ".unicodeScalars.contains(scalar)
        }
        let first = text.unicodeScalars.first.map { !" -".unicodeScalars.contains($0) } ?? false
        guard isPlain, first, text.last != " ", text != "null" else { return quoted(text) }
        return text
    }

    /// A text in JSON's quotes, which YAML reads too.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\u{0}"..<"\u{20}", "\u{7F}"..."\u{9F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
