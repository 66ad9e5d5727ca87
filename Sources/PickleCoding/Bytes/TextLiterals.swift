/// The text forms of protocol 0.
enum TextLiterals {
    /// A float as Python's `repr` writes it, or nil.
    static func float(_ view: ByteView) -> Double? {
        var view = view
        if view.count > 0, view[view.count - 1] == 0x0D { view = view.slice(0, view.count - 1) }
        var index = 0
        func digits() -> Int {
            let start = index
            while index < view.count, view[index] >= 0x30, view[index] <= 0x39 { index += 1 }
            return index - start
        }
        if index < view.count, view[index] == 0x2B || view[index] == 0x2D { index += 1 }
        let body = view.slice(index, view.count - index).string.lowercased()
        if body == "inf" || body == "infinity" { return view[0] == 0x2D ? -.infinity : .infinity }
        if body == "nan" { return view[0] == 0x2D ? -Double.nan : .nan }
        var seen = digits()
        if index < view.count, view[index] == 0x2E {
            index += 1
            seen += digits()
        }
        guard seen > 0 else { return nil }
        if index < view.count, view[index] | 0x20 == 0x65 {
            index += 1
            if index < view.count, view[index] == 0x2B || view[index] == 0x2D { index += 1 }
            guard digits() > 0 else { return nil }
        }
        guard index == view.count else { return nil }
        return Double(view.string)
    }

    /// The content of a quoted 8-bit string, or nil.
    static func quoted(_ view: ByteView) -> [UInt8]? {
        guard view.count >= 2, view[0] == 0x27 || view[0] == 0x22, view[view.count - 1] == view[0] else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(view.count)
        let end = view.count - 1
        var index = 1
        while index < end {
            let byte = view[index]
            index += 1
            guard byte == 0x5C else {
                result.append(byte)
                continue
            }
            guard index < end else { return nil }
            let escape = view[index]
            index += 1
            switch escape {
            case 0x5C, 0x27, 0x22: result.append(escape)
            case UInt8(ascii: "a"): result.append(7)
            case UInt8(ascii: "b"): result.append(8)
            case UInt8(ascii: "f"): result.append(12)
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "r"): result.append(13)
            case UInt8(ascii: "t"): result.append(9)
            case UInt8(ascii: "v"): result.append(11)
            case 0x0A: break
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                var value = Int(escape - 0x30)
                var digits = 1
                while digits < 3, index < end, view[index] >= 0x30, view[index] <= 0x37 {
                    value = value * 8 + Int(view[index] - 0x30)
                    index += 1
                    digits += 1
                }
                result.append(UInt8(truncatingIfNeeded: value))
            case UInt8(ascii: "x"):
                guard index + 2 <= end, let high = hex(view[index]), let low = hex(view[index + 1]) else { return nil }
                result.append(UInt8(high << 4 | low))
                index += 2
            default:
                result.append(0x5C)
                result.append(escape)
            }
        }
        return result
    }

    /// Appends raw-unicode-escape text as UTF-8 and says whether it has surrogates; nil if an escape is broken.
    static func unescape(_ view: ByteView, into result: inout [UInt8]) -> Bool? {
        var surrogates = false
        var index = 0
        while index < view.count {
            let byte = view[index]
            guard byte == 0x5C else {
                append(scalar: UInt32(byte), to: &result)
                index += 1
                continue
            }
            var run = 1
            while index + run < view.count, view[index + run] == 0x5C { run += 1 }
            let after = index + run
            let letter = after < view.count ? view[after] : 0
            guard run % 2 == 1, letter == UInt8(ascii: "u") || letter == UInt8(ascii: "U") else {
                for _ in 0..<run { result.append(0x5C) }
                index = after
                continue
            }
            for _ in 0..<(run - 1) { result.append(0x5C) }
            let size = letter == UInt8(ascii: "u") ? 4 : 8
            guard after + size < view.count else { return nil }
            var scalar: UInt32 = 0
            for position in (after + 1)...(after + size) {
                guard let digit = hex(view[position]) else { return nil }
                scalar = scalar << 4 | UInt32(digit)
            }
            guard scalar <= 0x10FFFF else { return nil }
            if scalar >= 0xD800 && scalar <= 0xDFFF { surrogates = true }
            append(scalar: scalar, to: &result)
            index = after + size + 1
        }
        return surrogates
    }

    /// Appends a code point as UTF-8; surrogates become three bytes of their own.
    static func append(scalar: UInt32, to result: inout [UInt8]) {
        switch scalar {
        case 0..<0x80: result.append(UInt8(scalar))
        case 0x80..<0x800:
            result.append(UInt8(0xC0 | scalar >> 6))
            result.append(UInt8(0x80 | scalar & 0x3F))
        case 0x800..<0x10000:
            result.append(UInt8(0xE0 | scalar >> 12))
            result.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            result.append(UInt8(0x80 | scalar & 0x3F))
        default:
            result.append(UInt8(0xF0 | scalar >> 18))
            result.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            result.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            result.append(UInt8(0x80 | scalar & 0x3F))
        }
    }

    static func hex(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46: Int(byte) - 0x41 + 10
        case 0x61...0x66: Int(byte) - 0x61 + 10
        default: nil
        }
    }
}
