/// What can be asked of a running workflow: one line, `apus 1 explain task=12`.
package enum OperatorQuestion: Sendable, Equatable {
    /// The blocks of each executor.
    case blocks
    /// The managers of each executor.
    case managers
    /// How many calls are in which state, and the first ones that have not ended.
    case tasks(limit: Int, state: String?)
    /// Why one call is where it is.
    case explain(Int)

    /// The version of the questions.
    static let version = 1
    /// The longest question, in bytes; what is longer is none.
    static let longest = 512
    /// The most calls that are listed at once.
    package static let mostTasks = 1000

    /// The line, without its end.
    package var line: String {
        let words =
            switch self {
            case .blocks: "blocks"
            case .managers: "managers"
            case .tasks(let limit, let state): "tasks limit=\(limit)" + (state.map { " state=\($0)" } ?? "")
            case .explain(let task): "explain task=\(task)"
            }
        return "apus \(Self.version) \(words)"
    }

    /// Reads a line.
    ///
    /// - Throws: why it is no question.
    package init(line: String) throws(OperatorError) {
        let words = line.split(separator: " ").map(String.init)
        guard words.count >= 3, words[0] == "apus", let version = Int(words[1]) else {
            throw OperatorError("this is no question; one reads `apus \(Self.version) tasks`")
        }
        guard version == Self.version else {
            throw OperatorError(
                "the question is of version \(version), and this workflow answers version \(Self.version); use the `apus` "
                    + "that was built with the workflow's library")
        }
        var values: [String: String] = [:]
        for word in words.dropFirst(3) {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, values.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw OperatorError("'\(SettingText.short(word))' is not of the form name=value, or is there twice")
            }
        }
        func number(_ name: String, _ range: ClosedRange<Int>) throws(OperatorError) -> Int? {
            guard let text = values.removeValue(forKey: name) else { return nil }
            guard let number = Int(text), range.contains(number) else {
                throw OperatorError(
                    "\(name) is \(SettingText.short(text)); it is from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        switch words[2] {
        case "blocks": self = .blocks
        case "managers": self = .managers
        case "tasks":
            let limit = try number("limit", 0...Self.mostTasks)
            self = .tasks(limit: limit ?? 100, state: values.removeValue(forKey: "state"))
        case "explain":
            guard let task = try number("task", 0...Int.max) else { throw OperatorError("explain needs task=NUMBER") }
            self = .explain(task)
        default:
            throw OperatorError(
                "there is no question '\(SettingText.short(words[2]))'; there are blocks, managers, tasks and explain")
        }
        if let name = values.keys.sorted().first {
            throw OperatorError("\(words[2]) takes no '\(SettingText.short(name))'")
        }
    }
}

/// A question that has no answer, and why.
package struct OperatorError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was tried, what came back, what to do.
    package var description: String

    /// An error with this text.
    package init(_ description: String) { self.description = description }
}
