/// Where two values differ.
public enum PickleDifference {
    /// One line for each difference, with the path to it; empty if the values are equal.
    ///
    /// At most `limit` lines. Shared values are compared once for each pair in which they meet, so that cycles end.
    public static func lines(_ left: PickleValue, _ right: PickleValue, limit: Int = 50) -> [String] {
        struct Pair: Hashable {
            let left: UInt32
            let right: UInt32
        }
        var lines: [String] = []
        var seen: Set<Pair> = []
        var work: [(path: String, left: PickleValue, right: PickleValue)] = [("value", left, right)]
        while let (path, a, b) = work.popLast(), lines.count < limit {
            guard seen.insert(Pair(left: a.index, right: b.index)).inserted else { continue }
            guard a.kind == b.kind else {
                lines.append("\(path): \(a.summary) ≠ \(b.summary)")
                continue
            }
            if let pairs = a.pairs, let others = b.pairs {
                compare(pairs, others, path, &work, &lines)
                continue
            }
            if a.kind == .set || a.kind == .frozenSet {
                let (x, y) = (try? a.encoded(mode: .canonical), try? b.encoded(mode: .canonical))
                if x != y || x == nil { lines.append("\(path): \(a.summary) ≠ \(b.summary), other elements") }
                continue
            }
            let (parts, others) = (a.comparableParts, b.comparableParts)
            if parts.isEmpty, others.isEmpty {
                if a.plainText != b.plainText { lines.append("\(path): \(a.summary) ≠ \(b.summary)") }
                continue
            }
            if parts.count != others.count { lines.append("\(path): \(parts.count) parts ≠ \(others.count) parts") }
            for (part, other) in zip(parts, others).reversed() {
                work.append((path + part.name, part.value, other.value))
            }
        }
        return lines
    }

    private static func compare(
        _ pairs: [(key: PickleValue, value: PickleValue)], _ others: [(key: PickleValue, value: PickleValue)],
        _ path: String, _ work: inout [(path: String, left: PickleValue, right: PickleValue)], _ lines: inout [String]
    ) {
        func table(_ pairs: [(key: PickleValue, value: PickleValue)]) -> [[UInt8]: PickleValue] {
            var result: [[UInt8]: PickleValue] = [:]
            for (key, value) in pairs {
                if let bytes = try? key.encoded(mode: .canonical) { result[bytes] = value }
            }
            return result
        }
        let (left, right) = (table(pairs), table(others))
        for (key, value) in pairs.reversed() {
            guard let bytes = try? key.encoded(mode: .canonical) else { continue }
            if let other = right[bytes] {
                work.append(("\(path)[\(key.description)]", value, other))
            } else {
                lines.append("\(path): key \(key.description) only on the left")
            }
        }
        for (key, _) in others {
            if let bytes = try? key.encoded(mode: .canonical), left[bytes] == nil {
                lines.append("\(path): key \(key.description) only on the right")
            }
        }
    }
}

extension PickleValue {
    /// The parts that make a composite value, with the text that leads to each.
    fileprivate var comparableParts: [(name: String, value: PickleValue)] {
        if let items { return items.enumerated().map { ("[\($0)]", $1) } }
        if let id = persistentID { return [(".id", id)] }
        guard let callee, let arguments else { return [] }
        var parts: [(name: String, value: PickleValue)] = [(".callee", callee)]
        parts += arguments.enumerated().map { ("(\($0))", $1) }
        if let keywords = keywordArguments { parts.append((".keywords", keywords)) }
        parts += states.map { (".state", $0) }
        parts += appendedItems.enumerated().map { (".item[\($0)]", $1) }
        parts += addedElements.enumerated().map { (".element[\($0)]", $1) }
        for (key, value) in setPairs { parts += [(".key", key), (".value", value)] }
        return parts
    }

    /// A plain value in full, for comparison.
    fileprivate var plainText: [UInt8] { (try? canonicalJSON()) ?? [] }
}
