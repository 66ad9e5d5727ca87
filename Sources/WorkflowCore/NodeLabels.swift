/// The rules of labels: short words, such as `gpu=a100` or `fast-disk`, that nodes carry and calls ask for.
package enum NodeLabels {
    /// The most labels of one node, and of one call.
    package static let most = 64
    /// The most labels that a text names; there may be a host for each of thousands of nodes.
    package static let mostShown = 12
    /// The most characters of a label.
    package static let longest = 128
    /// The variable by which a node says what its labels are.
    package static let variable = "APUS_NODE_LABELS"

    /// What labels look like, as a phrase.
    package static let form =
        "a word or key=value of letters, digits and -_./, at most \(longest) characters, such as gpu=a100"

    /// What is wrong with a label; `nil` when it is one.
    package static func fault(of label: String) -> String? {
        let parts = label.utf8.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
        let isLabel =
            label.utf8.count <= longest && (1...2).contains(parts.count)
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(isAllowed) }
        return isLabel ? nil : "'\(shown(label))' is no label; a label is \(form)"
    }

    /// What is wrong with labels that somebody gives to a node; `nil` when they can be had.
    package static func fault(ofNode labels: some Collection<String>) -> String? {
        for label in labels {
            if let fault = fault(of: label) { return fault }
            if label.hasPrefix(hostPrefix) {
                return
                    "'\(shown(label))' is no label to be given: \(hostPrefix) stands before the name of the node, and "
                    + "each manager adds that itself"
            }
        }
        return labels.count > most ? "\(labels.count) labels are too many; a node has at most \(most)" : nil
    }

    /// The labels of a text with commas between them; blanks and empty parts are passed over.
    package static func split(_ text: String) -> [String] {
        text.split(separator: ",").map { part in
            let trimmed = part.drop { $0.isWhitespace }
            return String(trimmed.reversed().drop { $0.isWhitespace }.reversed())
        }.filter { !$0.isEmpty }
    }

    /// The label that names a node; `nil` when its name can be in none.
    package static func host(_ name: String) -> String? {
        let label = hostPrefix + name
        return fault(of: label) == nil ? label : nil
    }

    /// What stands before the name of a node.
    package static let hostPrefix = "host="

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "/"):
            true
        default: false
        }
    }

    /// No longer than a line, and with nothing in it that could steer a terminal.
    private static func shown(_ text: String) -> String {
        let safe = text.unicodeScalars.prefix(80).map {
            $0.properties.generalCategory == .control ? "?" : Character($0)
        }
        return String(safe) + (text.unicodeScalars.count > 80 ? "…" : "")
    }
}
