import WorkflowCore

/// What a setting accepts.
package struct SettingType: Sendable, Equatable {
    /// What is accepted besides words.
    package enum Base: Sendable, Equatable {
        /// Nothing else.
        case onlyWords
        case boolean
        case integer(ClosedRange<Int>)
        /// With or without decimals.
        case number(ClosedRange<Double>)
        /// At least so long.
        case duration(atLeast: Duration)
        /// Bytes, at least so many.
        case size(atLeast: Int)
        /// So many ports or more, next to each other.
        case ports(atLeast: Int)
        /// A text that is not empty; the phrase says what it is.
        case text(String)
        /// A directory that is there, or can be made.
        case directory
        /// A file that can be written.
        case writableFile
        /// Files that can be read.
        case readableFiles
        /// Texts that are not empty; the phrase says what they are.
        case items(String)
        /// `NAME=value`, each name once.
        case assignments
        /// How workers are bound to processors.
        case affinity
        /// Labels of nodes.
        case labels
        /// One of these words and a number from 1 on: `windowed 3`.
        case counts([String])
    }

    /// Words with a meaning of their own, such as `automatic`.
    package var words: [String]
    package var base: Base

    /// A type.
    package init(words: [String] = [], _ base: Base = .onlyWords) {
        self.words = words
        self.base = base
    }

    /// What is accepted, as a phrase that goes on "it takes …".
    package var accepted: String {
        var choices = words.map { "`\($0)`" }
        var rest = ""
        if case .counts(let counted) = base {
            choices += counted.map { "`\($0) N`" }
            rest = ", where N is 1 or more"
        } else if let basePhrase {
            choices.append(basePhrase)
        }
        guard choices.count > 1 else { return (choices.first ?? "nothing") + rest }
        return choices.dropLast().joined(separator: ", ") + " or " + choices[choices.count - 1] + rest
    }

    private var basePhrase: String? {
        switch base {
        case .onlyWords, .counts: nil
        case .labels: "a list of labels such as `[gpu=a100, fast-disk]`, each of letters, digits and `-_./`"
        case .boolean: "`true` or `false`"
        case .integer(let range) where range.upperBound == .max: "a whole number, \(range.lowerBound) or more"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range):
            "a number from \(SettingUnits.text(range.lowerBound)) to \(SettingUnits.text(range.upperBound))"
        case .duration(let least):
            "a duration such as `30 s`, `5 min` or `00:10:00`, \(SettingUnits.text(least)) or longer"
        case .size(let least): "a size such as `64 MiB` or `2 GB`, \(SettingUnits.text(bytes: least)) or more"
        case .ports(let count): "a range such as `54000-54999`, at least \(count) ports between 1 and 65535"
        case .text(let phrase): phrase
        case .directory: "a directory that can be read and written, or made"
        case .writableFile: "the path of a file that can be written"
        case .readableFiles: "a list of files that can be read"
        case .items(let phrase): phrase
        case .affinity:
            "`none`, `block`, `block-reverse`, `alternating` or lists such as `list:0-3:4-7`, one for each worker"
        case .assignments: "a list such as `[NAME=value, OTHER=value]`, each name once"
        }
    }

    /// Reads a value.
    ///
    /// - Throws: why the input does not fit, as a phrase that goes on "it is …".
    package func value(of input: SettingInput) throws(SettingMismatch) -> SettingValue {
        switch input {
        case .text(let text, let isQuoted):
            if words.contains(text) { return .word(text) }
            if isQuoted, !takesText { throw SettingMismatch(reason: "\(input.shown)") }
            guard let value = value(ofText: text) else { throw SettingMismatch(reason: input.shown) }
            return value
        case .list(let items):
            guard takesList, !items.isEmpty, items.allSatisfy({ Self.isPath($0) }) else {
                throw SettingMismatch(reason: input.shown)
            }
            if base == .assignments, let fault = Self.assignmentFault(items) { throw SettingMismatch(reason: fault) }
            if base == .labels, let fault = NodeLabels.fault(ofNode: items) {
                throw SettingMismatch(reason: "a list in which \(fault)")
            }
            return .list(items)
        case .mapping, .nothing:
            throw SettingMismatch(reason: input.shown)
        }
    }

    /// Whether a value in quotes can be what is meant: `"2"` is no number, but `"30 s"` is a duration.
    private var takesText: Bool {
        switch base {
        case .boolean, .integer, .number: false
        default: true
        }
    }

    /// Whether the value may be several texts.
    private var takesList: Bool {
        switch base {
        case .readableFiles, .items, .assignments, .labels: true
        default: false
        }
    }

    /// What is wrong with items that should be `NAME=value`; nil when they are.
    ///
    /// It names the variables alone, since their values may be secret.
    private static func assignmentFault(_ items: [String]) -> String? {
        var names: Set<Substring> = []
        for (number, item) in items.enumerated() {
            let name = item.prefix { $0 != "=" }
            let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard name.endIndex < item.endIndex, isName, let first = name.first, !first.isNumber else {
                return "a list whose item \(number + 1) is not of the form NAME=value"
            }
            guard names.insert(name).inserted else { return "a list with \(name) in it twice" }
        }
        return nil
    }

    private func value(ofText text: String) -> SettingValue? {
        switch base {
        case .onlyWords: return nil
        case .counts(let counted):
            let parts = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, counted.contains(parts[0]), let number = Self.integer(parts[1]), number >= 1 else {
                return nil
            }
            return .text(text)
        case .labels: return NodeLabels.fault(ofNode: [text]) == nil ? .list([text]) : nil
        case .boolean: return text == "true" ? .boolean(true) : text == "false" ? .boolean(false) : nil
        case .integer(let range):
            guard let number = Self.integer(text), range.contains(number) else { return nil }
            return .integer(number)
        case .number(let range):
            guard let number = SettingUnits.number(text), range.contains(number) else { return nil }
            return .number(number)
        case .duration(let least):
            guard let duration = SettingUnits.duration(text), duration >= least else { return nil }
            return .duration(duration)
        case .size(let least):
            guard let count = SettingUnits.size(text), count >= least else { return nil }
            return .integer(count)
        case .ports(let count):
            let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Self.integer(String($0)) }
            guard ends.count == 2, let first = ends[0], let last = ends[1] else { return nil }
            guard first >= 1, last <= 65_535, last - first + 1 >= count else { return nil }
            return .ports(first...last)
        case .text, .directory, .writableFile:
            return Self.isPath(text) ? .text(text) : nil
        case .readableFiles, .items: return Self.isPath(text) ? .list([text]) : nil
        case .affinity: return (try? CPUAffinity(parsing: text)) == nil ? nil : .text(text)
        case .assignments: return Self.assignmentFault([text]) == nil ? .list([text]) : nil
        }
    }

    /// A sign and digits: `Int` also reads a `+`, which nobody writes on purpose.
    private static func integer(_ text: String) -> Int? {
        text.first == "+" ? nil : Int(text)
    }

    /// What the C library can take for a name.
    private static func isPath(_ text: String) -> Bool { !text.isEmpty && !text.utf8.contains(0) }

    /// The form of a value that ``value(of:)`` reads as the same.
    package func input(for value: SettingValue) -> SettingInput {
        switch value {
        case .word(let word): .text(word, isQuoted: false)
        case .boolean(let flag): .text(flag ? "true" : "false", isQuoted: false)
        case .integer(let number):
            if case .size = base {
                .text(SettingUnits.text(bytes: number), isQuoted: false)
            } else {
                .text(String(number), isQuoted: false)
            }
        case .number(let number): .text(SettingUnits.text(number), isQuoted: false)
        case .text(let text): .text(text, isQuoted: false)
        case .duration(let duration): .text(SettingUnits.text(duration), isQuoted: false)
        case .ports(let range): .text("\(range.lowerBound)-\(range.upperBound)", isQuoted: false)
        case .list(let items): .list(items)
        }
    }
}

/// Why an input is no value of a setting's type.
package struct SettingMismatch: Error, Equatable {
    /// What came instead, as it is shown.
    package var reason: String
}

extension SettingType {
    /// Reads a value from the environment, where everything is text: items of a list have commas between them.
    package func value(ofVariable text: String) throws(SettingMismatch) -> SettingValue {
        if takesList, !words.contains(text) {
            return try value(of: .list(text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)))
        }
        return try value(of: .text(text, isQuoted: false))
    }
}

extension SettingType {
    /// Whether the type's numbers are bytes.
    package var isSize: Bool {
        if case .size = base { true } else { false }
    }
}
