/// Names and values that the API takes.
package enum ObjectName {
    /// A name for an object: small letters, digits and hyphens, a letter first and no hyphen last (RFC 1123, RFC 1035).
    ///
    /// Different texts get different names, unless they differ in nothing but what is replaced and are short.
    ///
    /// - Parameters:
    ///   - text: any text.
    ///   - length: the most characters; a job's pods have six more than the job, and 63 at most.
    package static func label(_ text: String, length: Int = 57) -> String {
        var name = String(
            text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : Character("-") })
        if name.first?.isLetter != true { name = "x" + name }
        if name.count > length {
            // The end tells blocks and runs apart; what is cut out is replaced by a hash of the whole.
            let hash = String(hash(text), radix: 36)
            let rest = length - hash.count - 2
            name = "\(name.prefix(rest - rest / 2))-\(hash)-\(name.suffix(rest / 2))"
        }
        while name.last == "-" { name.removeLast() }
        return name
    }

    /// A label's value: letters, digits, `-`, `_` and `.`, at most 63, beginning and ending with a letter or digit.
    package static func labelValue(_ text: String) -> String {
        func isPlain(_ character: Character) -> Bool {
            character.isASCII && (character.isLetter || character.isNumber)
        }
        var value = String(
            text.map { isPlain($0) || "-_.".contains($0) ? $0 : Character("_") }.prefix(63))
        while let last = value.last, !isPlain(last) { value.removeLast() }
        while let first = value.first, !isPlain(first) { value.removeFirst() }
        return value
    }

    /// Whether a text is a DNS label.
    package static func isLabel(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 63 && !text.hasPrefix("-") && !text.hasSuffix("-")
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }

    /// Whether a text is a quantity: a number, and perhaps a unit of the API.
    package static func isQuantity(_ text: String) -> Bool {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number >= 0 else { return false }
        let unit = String(text.dropFirst(digits.count))
        let units = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
        return units.contains(unit)
    }

    /// FNV-1a, 64 bits: not for secrets, only to tell names apart.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
