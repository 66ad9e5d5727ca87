import DataFlow

/// The texts of `--help`.
struct ProgramHelp {
    let commands: ProgramCommands

    /// How the program is used, in a line or two.
    var usage: String {
        let program = commands.program
        var lines: [String] = []
        if let main = commands.main {
            lines.append("usage: " + ([program] + Self.synopsis(main.fields)).joined(separator: " "))
        } else {
            lines.append("usage: \(program) [ARGUMENT…]")
        }
        lines.append("       \(program) COMMAND …")
        if commands.main?.fields.contains(where: { $0.help.isPositional }) != false {
            lines.append("       \(program) -- ARGUMENT…, where the first one is called like a command")
        }
        return lines.joined(separator: "\n")
    }

    /// The whole help of the program.
    var text: String {
        var sections = [usage]
        if let summary = commands.main?.summary, !summary.isEmpty { sections.append(summary) }
        if let fields = commands.main?.fields { sections += Self.sections(fields) }
        sections.append(Self.section("Commands", commandRows))
        if !commands.harnesses.isEmpty {
            sections.append(
                Self.section("Harnesses, for 'run'", commands.harnesses.map { ($0.name, $0.summary) }))
        }
        if !commands.apps.isEmpty {
            sections.append(Self.section("Tasks, for 'call'", commands.apps.map { ($0.title, "") }))
        }
        return sections.joined(separator: "\n\n") + "\n"
    }

    /// The help of one harness.
    func text(of harness: Harness) throws(UsageError) -> String {
        let fields = try harness.fields()
        let words = ["usage:", commands.program, "run", harness.name, "--"] + Self.synopsis(fields)
        var sections = [words.joined(separator: " ")]
        if !harness.summary.isEmpty { sections.append(harness.summary) }
        sections += Self.sections(fields)
        return sections.joined(separator: "\n\n") + "\n"
    }

    private var commandRows: [(String, String)] {
        var rows = [
            ("tasks [--json]", "what the program's apps are called, and their types"),
            ("describe [TASK] [--json]", "all there is to know of the program, or of one task"),
            ("call TASK --json '[…]'", "call one task, print its result; also --on, --workers"),
        ]
        if !commands.harnesses.isEmpty {
            rows.append(("run HARNESS -- ARGUMENT…", "start another entry point; run HARNESS --help"))
        }
        return rows
    }

    private static func synopsis(_ fields: [OptionField]) -> [String] {
        fields.filter { $0.help.isPositional }.map { field in
            let name = OptionHelpText.name(of: field)
            return (field.isRequired ? name : "[\(name)]") + (field.isList ? "…" : "")
        } + ["[OPTION…]"]
    }

    private static func sections(_ fields: [OptionField]) -> [String] {
        var sections: [String] = []
        let positional = fields.filter { $0.help.isPositional }
        if !positional.isEmpty { sections.append(section("Arguments", positional.map(OptionHelpText.row))) }
        let written = fields.filter { !$0.help.isPositional }
        if !written.isEmpty { sections.append(section("Options", written.map(OptionHelpText.row))) }
        let common = CommonOptions.Offer(beside: fields.map(\.flag))
        if !common.kinds.isEmpty { sections.append(section("Options of every run", common.kinds.map(\.row))) }
        return sections
    }

    /// A heading and rows in two columns; what is too wide for the first column has a line of its own.
    private static func section(_ title: String, _ rows: [(String, String)]) -> String {
        let width = min(28, rows.map(\.0.count).max() ?? 0)
        let lines = rows.map { left, right in
            if right.isEmpty { return "  " + left }
            let indent = left.count <= width ? left.padded(to: width) : left + "\n  " + "".padded(to: width)
            return "  \(indent)  \(right)"
        }
        return "\(title):\n" + lines.joined(separator: "\n")
    }
}

/// How one option stands in a help text.
enum OptionHelpText {
    /// As it is named in texts: `--tasks`, or `FOLDER`.
    static func name(of field: OptionField) -> String {
        guard field.help.isPositional else { return field.flag }
        return field.help.placeholder ?? OptionField.dashed(field.property).uppercased()
    }

    /// `--tasks N` and `how many tasks, 1 to 1000000 (400)`.
    static func row(_ field: OptionField) -> (String, String) {
        var left = name(of: field)
        var right = field.help.text
        if !field.help.isPositional, field.kind != .flag { left += " " + placeholder(of: field) }
        if field.kind == .flag, field.fallback == ["true"] { left = field.opposite }
        if let range = field.help.range { right += ", \(range.lowerBound) to \(range.upperBound)" }
        if field.isList, !field.help.isPositional { right += "; may be given several times" }
        if field.kind != .flag, !field.isRequired, field.fallback.contains(where: { !$0.isEmpty }) {
            right += " (\(field.fallback.joined(separator: " ")))"
        }
        return (left, right)
    }

    private static func placeholder(of field: OptionField) -> String {
        if let placeholder = field.help.placeholder { return placeholder }
        return switch field.kind {
        case .flag: ""
        case .wholeNumber: "N"
        case .number: "X"
        case .text: "TEXT"
        case .choice(let words): words.joined(separator: "|")
        }
    }
}
