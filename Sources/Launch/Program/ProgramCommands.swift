import DataFlow
import SystemSupport
import WorkflowCore

/// What every program answers by itself: `--help`, `tasks`, `describe`, `call` and `run`.
///
/// The first word on the command line decides. All other words, and all words behind a first `--`, are the program's own.
struct ProgramCommands {
    /// The program's own words, and what it makes of them: for a body with options.
    struct Main {
        var summary: String
        var fields: [OptionField]
    }

    /// What `call` and `describe` know.
    let apps: [AppCard]
    /// What `run` knows.
    let harnesses: [Harness]
    /// The options of the program's body, when it has some.
    var main: Main?
    /// What the program is called in texts.
    let program: String

    /// The words that are commands.
    enum Word: String, CaseIterable {
        case help = "--help"
        case tasks
        case describe
        case call
        case run
    }

    /// What is to be done about a command line.
    enum Answer: Sendable {
        /// Nothing: the words are the program's.
        case none
        /// Print this and end well.
        case text(String)
        /// Run this in place of the body.
        case job(ProgramJob)
    }

    /// Decides about a command line, whose first word is not the program.
    ///
    /// - Parameters:
    ///   - words: all words behind the program's name.
    ///   - answersCommands: whether more than `--help` is a command.
    func answer(_ words: [String], answersCommands: Bool) throws(UsageError) -> Answer {
        guard let first = words.first, let word = Word(rawValue: first), answersCommands || word == .help else {
            return .none
        }
        try checkNames()
        let rest = Array(words.dropFirst())
        switch word {
        case .help: return .text(ProgramHelp(commands: self).text)
        case .tasks:
            let json = try onlyJSON(rest, command: "tasks").json
            return .text(try ProgramListing(apps: apps, program: program).tasks(json: json))
        case .describe:
            let (json, name) = try onlyJSON(rest, command: "describe", takesTask: true)
            let listing = ProgramListing(apps: apps, program: program)
            if let name { return .text(try listing.describe(try app(named: name), json: json)) }
            return .text(try listing.describe(json: json))
        case .call: return .job(try call(rest))
        case .run: return try run(rest)
        }
    }

    private func checkNames() throws(UsageError) {
        var seen: Set<String> = []
        for harness in harnesses where !seen.insert(harness.name).inserted {
            throw UsageError("two harnesses have one name: '\(harness.name)'; rename one")
        }
    }

    /// Reads `[TASK] [--json]`.
    private func onlyJSON(
        _ words: [String], command: String, takesTask: Bool = false
    ) throws(UsageError) -> (json: Bool, task: String?) {
        var json = false
        var task: String?
        for word in words {
            if word == "--json" {
                json = true
            } else if word.hasPrefix("--") {
                throw UsageError("unknown option '\(word)'; '\(command)' has --json")
            } else if takesTask, task == nil {
                task = word
            } else {
                throw UsageError("unexpected argument '\(word)' behind '\(command)'")
            }
        }
        return (json, task)
    }

    private func app(named name: String) throws(UsageError) -> AppCard {
        if let app = apps.first(where: { $0.definition.name == name }) { return app }
        throw Self.unknown("task", name, among: apps.map(\.definition.name))
    }

    private static func unknown(_ kind: String, _ name: String, among names: [String]) -> UsageError {
        if names.isEmpty { return UsageError("there is no \(kind) '\(name)': this program has none") }
        if let nearest = NearestName.find(name, among: names) {
            return UsageError("there is no \(kind) '\(name)'; did you mean '\(nearest)'?")
        }
        let listed = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
        return UsageError("there is no \(kind) '\(name)'; there are \(listed)")
    }

    // MARK: call

    private func call(_ words: [String]) throws(UsageError) -> ProgramJob {
        var common = CommonOptions()
        let offer = CommonOptions.Offer()
        var json: [UInt8]?
        var name: String?
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                if name != nil { throw UsageError("unexpected argument '\(word)' behind 'call'; quote the JSON array") }
                name = word
                continue
            }
            var option = OptionWord(word)
            if option.name == "--json" {
                json = try Self.jsonBytes(try option.value(&rest, "a JSON array after it, such as '[1, \"two\"]'"))
            } else if let kind = offer.kind(of: option.name) {
                try common.take(kind, &option, &rest)
            } else {
                let known = offer.flags + ["--json"]
                let nearest = NearestName.find(option.name, among: known).map { "; did you mean '\($0)'?" } ?? ""
                throw UsageError("unknown option '\(option.name)'\(nearest)")
            }
            try option.finish()
        }
        try common.check()
        guard let name else { throw UsageError("call needs a task: call TASK --json '[…]'") }
        let app = try app(named: name)
        let takesNothing = app.signature.parameters.isEmpty
        guard let json = json ?? (takesNothing ? Array("[]".utf8) : nil) else {
            throw UsageError("call needs --json with the arguments, an array, for \(app.title)")
        }
        do throws(JSONArgumentError) {
            try app.check(json)
        } catch {
            throw UsageError("\(error); it is \(app.title)")
        }
        return ProgramJob(common: common) { ProgramOutput.write(try await app.call(json)) }
    }

    /// The text itself; `-` stands for the standard input.
    private static func jsonBytes(_ text: String) throws(UsageError) -> [UInt8] {
        guard text == "-" else { return Array(text.utf8) }
        do {
            return try StandardInput.readAll()
        } catch {
            throw UsageError("\(error)")
        }
    }

    // MARK: run

    private func run(_ words: [String]) throws(UsageError) -> Answer {
        guard let name = words.first, !name.hasPrefix("-") else {
            let names = harnesses.map(\.name).joined(separator: ", ")
            throw UsageError(
                harnesses.isEmpty
                    ? "'run' starts a harness, and this program has none"
                    : "run needs the name of a harness: \(names)")
        }
        guard let harness = harnesses.first(where: { $0.name == name }) else {
            throw Self.unknown("harness", name, among: harnesses.map(\.name))
        }
        var rest = Array(words.dropFirst())
        if rest.first == "--" {
            rest.removeFirst()
        } else if rest.first == "--help" {
            return .text(try ProgramHelp(commands: self).text(of: harness))
        }
        if rest == ["--help"] { return .text(try ProgramHelp(commands: self).text(of: harness)) }
        return .job(try harness.prepare(rest))
    }
}

/// The program's own output: results as JSON.
enum ProgramOutput {
    /// Prints one line in one piece, after what the program has printed itself.
    static func write(_ json: [UInt8]) { print(String(decoding: json, as: UTF8.self)) }
}
