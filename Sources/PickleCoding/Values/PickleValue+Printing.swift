extension PickleValue: CustomStringConvertible {
    /// The value as Python would print it, on several lines if it is large; shared values are shown once, long ones cut.
    public var description: String {
        var printer = ValuePrinter(storage: storage)
        return printer.text(of: index)
    }
}

/// Prints values for people, without recursion and with a budget.
private struct ValuePrinter {
    enum Step {
        case value(UInt32, depth: Int)
        case text(String)
    }

    let storage: PickleStorage
    private var out = ""
    private var steps: [Step] = []
    private var labels: [UInt32: Int] = [:]
    /// How many values are shown before the rest is left out.
    private var budget = 2_000
    /// How much of a text or of bytes is shown.
    private static let longest = 200
    /// Deeper values are not indented further.
    private static let indentation = 40

    init(storage: PickleStorage) { self.storage = storage }

    mutating func text(of root: UInt32) -> String {
        steps = [.value(root, depth: 0)]
        while let step = steps.popLast() {
            switch step {
            case .text(let text): out += text
            case .value(let index, let depth): visit(index, depth)
            }
        }
        return out
    }

    private mutating func visit(_ index: UInt32, _ depth: Int) {
        guard budget > 0 else {
            out += "…"
            return
        }
        budget -= 1
        let value = PickleValue(storage, index)
        switch value.kind {
        case .none, .bool: out += value.summary
        case .int: out += value.node.length <= 512 || value.node.tag == .int ? value.integerText ?? "" : value.summary
        case .float: out += PythonText.float(value.node.float)
        case .string: out += value.stringValue.map { Self.quoted($0) } ?? value.summary
        case .bytes: out += "b'" + hex(value) + "'"
        case .byteArray: out += "bytearray(b'" + hex(value) + "')"
        case .buffer: out += "buffer(b'" + hex(value) + "')"
        case .global: out += value.global.map { "\($0.module).\($0.name)" } ?? ""
        case .persistentID: composite(index, depth, "persistent_id(", [value.persistentID].compactMap { $0 }, ")")
        case .list: composite(index, depth, "[", value.items ?? [], "]")
        case .tuple: composite(index, depth, "(", value.items ?? [], value.count == 1 ? ",)" : ")")
        case .set:
            composite(index, depth, value.count == 0 ? "set(" : "{", value.items ?? [], value.count == 0 ? ")" : "}")
        case .frozenSet: composite(index, depth, "frozenset({", value.items ?? [], "})")
        case .dict: pairs(index, depth, "{", value.pairs ?? [], "}")
        default: record(index, value, depth)
        }
    }

    /// Opens a composite value, or refers to where it was shown.
    private mutating func open(_ index: UInt32) -> Bool {
        if let label = labels[index] {
            out += "<the value shown as #\(label)>"
            return false
        }
        labels[index] = labels.count + 1
        return true
    }

    private func indent(_ depth: Int) -> String {
        "\n" + String(repeating: "  ", count: min(depth, Self.indentation))
    }

    private mutating func composite(
        _ index: UInt32, _ depth: Int, _ opening: String, _ items: [PickleValue], _ closing: String
    ) {
        guard items.isEmpty || open(index) else { return }
        out += opening
        var next: [Step] = []
        let wide = items.count > 8 || items.contains { $0.count > 8 }
        for (position, item) in items.prefix(budget + 1).enumerated() {
            if wide { next.append(.text(indent(depth + 1))) } else if position > 0 { next.append(.text(" ")) }
            next.append(.value(item.index, depth: depth + 1))
            if position + 1 < items.count { next.append(.text(",")) }
        }
        if wide { next.append(.text(indent(depth))) }
        next.append(.text(closing))
        steps += next.reversed()
    }

    private mutating func pairs(
        _ index: UInt32, _ depth: Int, _ opening: String, _ pairs: [(key: PickleValue, value: PickleValue)],
        _ closing: String
    ) {
        guard pairs.isEmpty || open(index) else { return }
        out += opening
        var next: [Step] = []
        for (position, pair) in pairs.prefix(budget + 1).enumerated() {
            if pairs.count > 1 { next.append(.text(indent(depth + 1))) }
            next.append(.value(pair.key.index, depth: depth + 1))
            next.append(.text(": "))
            next.append(.value(pair.value.index, depth: depth + 1))
            if position + 1 < pairs.count { next.append(.text(",")) }
        }
        if pairs.count > 1 { next.append(.text(indent(depth))) }
        next.append(.text(closing))
        steps += next.reversed()
    }

    private mutating func record(_ index: UInt32, _ value: PickleValue, _ depth: Int) {
        if let text = PythonTypes.readable(value) {
            out += text
            return
        }
        guard open(index) else { return }
        var next: [Step] = []
        if let callee = value.callee { next.append(.value(callee.index, depth: depth)) }
        next.append(.text(value.kind == .newObject ? ".__new__(" : "("))
        for (position, argument) in (value.arguments ?? []).enumerated() {
            if position > 0 { next.append(.text(", ")) }
            next.append(.value(argument.index, depth: depth + 1))
        }
        next.append(.text(")"))
        func part(_ name: String, _ items: [PickleValue]) {
            for item in items { next += [.text(indent(depth + 1) + name), .value(item.index, depth: depth + 1)] }
        }
        part("keywords ", [value.keywordArguments].compactMap { $0 })
        part("item ", value.appendedItems)
        part("element ", value.addedElements)
        for (key, item) in value.setPairs {
            next += [
                .text(indent(depth + 1)), .value(key.index, depth: depth + 1), .text(": "),
                .value(item.index, depth: depth + 1),
            ]
        }
        part("state ", value.states)
        steps += next.reversed()
    }

    private static func quoted(_ text: String) -> String {
        let shown = text.prefix(longest)
        var result = "'"
        for scalar in shown.unicodeScalars {
            switch scalar {
            case "'": result += "\\'"
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ", "\u{7F}": result += "\\x" + hex(UInt8(scalar.value))
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "'" + (shown.count < text.count ? "… (\(text.count) characters)" : "")
    }

    private static func hex(_ byte: UInt8) -> String { String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }

    private func hex(_ value: PickleValue) -> String {
        let bytes = unsafe value.withBytes { unsafe [UInt8]($0.prefix(Self.longest / 4)) } ?? []
        let text = bytes.map { byte in
            (0x20..<0x7F).contains(byte) && byte != 0x5C && byte != 0x27
                ? String(UnicodeScalar(byte)) : "\\x" + Self.hex(byte)
        }
        return text.joined() + (bytes.count < value.count ? "… (\(value.count) bytes)" : "")
    }
}

extension PythonTypes {
    /// One line for a value of the library that says everything, or nil.
    static func readable(_ value: PickleValue) -> String? {
        switch value.kind {
        case .dateTime:
            guard let time = PackedTime.dateTime(packedBytes(value)) else { return nil }
            return "datetime(\(time.dateText)T\(time.timeText)\(zoneText(value)))"
        case .date: return PackedTime.date(packedBytes(value)).map { "date(\($0.dateText))" }
        case .time: return PackedTime.time(packedBytes(value)).map { "time(\($0.timeText)\(zoneText(value)))" }
        case .timeDelta:
            return timeDelta(value).map { "timedelta(\($0.days) days, \($0.seconds) s, \($0.microseconds) µs)" }
        case .decimal: return decimal(value).map { "Decimal('\($0)')" }
        default:
            if let text = uuid(value) { return "UUID('\(text)')" }
            if let array = numpyArray(value) {
                return "ndarray(\(array.element.text), shape \(array.shape), \(array.block.count) bytes)"
            }
            if let number = number(value) {
                switch number.value {
                case .int(let int): return "numpy \(int)"
                case .double(let double): return "numpy \(PythonText.float(double))"
                }
            }
            return nil
        }
    }

    private static func zoneText(_ value: PickleValue) -> String {
        guard let zone = value.arguments?.dropFirst().first, !zone.isNone else { return "" }
        guard zone.kind == .timeZone, let offset = timeDelta(zone.arguments?.first) else { return " in a zone" }
        let minutes = (offset.days * 86_400 + offset.seconds) / 60
        let sign = minutes < 0 ? "-" : "+"
        return sign + PackedTime.padded(abs(minutes) / 60, 2) + ":" + PackedTime.padded(abs(minutes) % 60, 2)
    }
}
