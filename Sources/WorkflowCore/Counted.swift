/// Numbers with their nouns, as texts say them.
package enum Counted {
    /// "1 node", "2 nodes".
    package static func text(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// "1 processor", "2.5 processors".
    package static func text(_ number: Double, _ noun: String) -> String {
        let rounded = (number * 100).rounded() / 100
        if let whole = Int(exactly: rounded) { return text(whole, noun) }
        return "\(rounded) \(noun)s"
    }

    /// "a", "a and b", "a, b and c"; with a limit of two "a, b and 1 more".
    package static func list(_ items: [String], limit: Int = .max) -> String {
        if items.count > limit {
            return items.prefix(limit).joined(separator: ", ") + " and \(items.count - limit) more"
        }
        guard items.count > 1 else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " and " + items[items.count - 1]
    }
}
