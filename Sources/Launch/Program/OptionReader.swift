import DataFlow
import SystemSupport

/// Reads options of one type, and those that every run has, from a command line.
struct OptionReader<Options: ProgramOptions> {
    let fields: [OptionField]
    private let common: CommonOptions.Offer

    /// - Throws: ``UsageError`` for a type that cannot be options.
    init() throws(UsageError) {
        fields = try OptionField.fields(of: Options.self)
        common = CommonOptions.Offer(beside: fields.map(\.flag))
    }

    /// Reads all words, and lets the options refuse.
    func read(_ words: [String]) throws(UsageError) -> (options: Options, common: CommonOptions) {
        var given: [String: [String]] = [:]
        var positional: [String] = []
        var commonOptions = CommonOptions()
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                positional += rest
                break
            }
            guard word.hasPrefix("-"), word != "-", Double(word) == nil else {
                positional.append(word)
                continue
            }
            var option = OptionWord(word)
            if let common = common.kind(of: option.name) {
                try commonOptions.take(common, &option, &rest)
            } else {
                try take(&option, &rest, &given)
            }
            try option.finish()
        }
        try commonOptions.check()
        try distribute(positional, &given)
        return (try decode(given), commonOptions)
    }

    private func take(
        _ option: inout OptionWord, _ rest: inout ArraySlice<String>, _ given: inout [String: [String]]
    ) throws(UsageError) {
        let written = fields.filter { !$0.help.isPositional }
        if let field = written.first(where: { $0.flag == option.name }) {
            if field.kind == .flag {
                given[field.property] = ["true"]
            } else {
                let value = try option.value(&rest, "\(Self.article(field)) after it")
                // Of an option that is given twice the last word counts.
                given[field.property] = field.isList ? (given[field.property] ?? []) + [value] : [value]
            }
        } else if let field = written.first(where: { $0.kind == .flag && $0.opposite == option.name }) {
            given[field.property] = ["false"]
        } else {
            let known = written.map(\.flag) + common.flags + ["--help"]
            let nearest = NearestName.find(option.name, among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw UsageError("unknown option '\(option.name)'\(nearest)")
        }
    }

    private func distribute(_ words: [String], _ given: inout [String: [String]]) throws(UsageError) {
        var rest = words[...]
        for field in fields where field.help.isPositional {
            if field.isList {
                if !rest.isEmpty { given[field.property] = Array(rest) }
                rest = []
            } else if let word = rest.popFirst() {
                given[field.property] = [word]
            } else if field.isRequired {
                throw UsageError("\(OptionHelpText.name(of: field)) is missing: \(field.help.text)")
            }
        }
        if let word = rest.first { throw UsageError("unexpected argument '\(word)'") }
    }

    /// Writes down what was given, and the defaults of the rest, and decodes it: so a type's own initialiser is used.
    private func decode(_ given: [String: [String]]) throws(UsageError) -> Options {
        var members: [String] = []
        for field in fields {
            let words = given[field.property] ?? field.fallback
            var values: [String] = []
            for word in words {
                guard let json = field.json(word), Self.isIn(field.help.range, word) else {
                    throw UsageError("\(OptionHelpText.name(of: field)) is '\(word)'; \(Self.accepted(field))")
                }
                values.append(json)
            }
            if field.isList {
                members.append("\"\(field.property)\":[\(values.joined(separator: ","))]")
            } else if let value = values.last {
                members.append("\"\(field.property)\":\(value)")
            }
        }
        do {
            let options = try JSONText.decode(Options.self, from: Array("{\(members.joined(separator: ","))}".utf8))
            try options.validate()
            return options
        } catch {
            throw UsageError("\(error)")
        }
    }

    private static func isIn(_ range: ClosedRange<Int>?, _ word: String) -> Bool {
        guard let range else { return true }
        return Int(word).map { range.contains($0) } ?? false
    }

    private static func article(_ field: OptionField) -> String {
        switch field.kind {
        case .wholeNumber, .number: "a number"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .flag, .text: field.help.placeholder == "FILE" ? "a file name" : "a value"
        }
    }

    private static func accepted(_ field: OptionField) -> String {
        if let range = field.help.range {
            return "it is a whole number from \(range.lowerBound) to \(range.upperBound)"
        }
        return switch field.kind {
        case .flag: "it is true or false"
        case .wholeNumber: "it is a whole number"
        case .number: "it is a number"
        case .choice(let words): "it is one of \(words.joined(separator: ", "))"
        case .text: "that is not what it takes"
        }
    }
}

/// One word that begins with dashes: `--name`, or `--name=value`.
struct OptionWord {
    let name: String
    private let attached: String?
    private var isUsed = false

    init(_ word: String) {
        if word.hasPrefix("--"), let equals = word.firstIndex(of: "=") {
            name = String(word[..<equals])
            attached = String(word[word.index(after: equals)...])
        } else {
            name = word
            attached = nil
        }
    }

    /// The value behind the name: after `=`, else the next word, unless that is an option.
    mutating func value(_ rest: inout ArraySlice<String>, _ needed: String) throws(UsageError) -> String {
        isUsed = true
        if let attached { return attached }
        guard let word = rest.first, !word.hasPrefix("--"), !word.isEmpty else {
            throw UsageError("\(name) needs \(needed)")
        }
        rest.removeFirst()
        return word
    }

    /// Refuses a value that nobody asked for.
    func finish() throws(UsageError) {
        if let attached, !isUsed { throw UsageError("\(name) takes no value, and '\(attached)' was given") }
    }
}
