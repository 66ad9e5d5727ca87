/// Numbers written as text inside library types.
enum Numerals {
    /// Integers of fractions beyond this many bytes stay records: reducing them would be quadratic.
    static let fractionBytes = 2_048

    /// Whether text is a numeral that Python's Decimal takes: digits with point and exponent, nan, inf.
    static func isDecimal(_ view: ByteView) -> Bool {
        var index = 0
        func digits() -> Int {
            let start = index
            while index < view.count, view[index] >= 0x30, view[index] <= 0x39 { index += 1 }
            return index - start
        }
        func word(_ text: StaticString) -> Bool {
            let size = text.utf8CodeUnitCount
            guard view.count - index >= size else { return false }
            let letters = Array(text.description.utf8)
            for offset in 0..<size where view[index + offset] | 0x20 != letters[offset] { return false }
            index += size
            return true
        }
        if index < view.count, view[index] == 0x2B || view[index] == 0x2D { index += 1 }
        if word("infinity") || word("inf") { return index == view.count }
        if word("snan") || word("nan") {
            _ = digits()
            return index == view.count
        }
        var seen = digits()
        if index < view.count, view[index] == 0x2E {
            index += 1
            seen += digits()
        }
        guard seen > 0 else { return false }
        if index < view.count, view[index] | 0x20 == 0x65 {
            index += 1
            if index < view.count, view[index] == 0x2B || view[index] == 0x2D { index += 1 }
            guard digits() > 0 else { return false }
        }
        return index == view.count
    }

    /// Numerator and denominator of `[sign]digits[/digits]`.
    static func fraction(_ view: ByteView, maxDigits: Int) -> (negative: Bool, top: [UInt64], bottom: [UInt64])? {
        var index = 0
        var negative = false
        if view.count > 0, view[0] == 0x2B || view[0] == 0x2D {
            negative = view[0] == 0x2D
            index = 1
        }
        func number() -> [UInt64]? {
            let start = index
            while index < view.count, view[index] >= 0x30, view[index] <= 0x39 { index += 1 }
            guard index > start, index - start <= maxDigits else { return nil }
            return BigDecimal.magnitude(ofDigits: view.slice(start, index - start))
        }
        guard let top = number() else { return nil }
        if index == view.count { return (negative, top, [1]) }
        guard view[index] == 0x2F else { return nil }
        index += 1
        guard let bottom = number(), index == view.count, !bottom.isEmpty else { return nil }
        return (negative, top, bottom)
    }

    /// A fraction in lowest terms, as text with a slash.
    static func lowest(negative: Bool, _ top: [UInt64], _ bottom: [UInt64]) -> String {
        if top.isEmpty { return "0/1" }
        let divisor = gcd(top, bottom)
        let (numerator, denominator) = (quotient(top, divisor), quotient(bottom, divisor))
        return (negative ? "-" : "") + decimal(numerator) + "/" + decimal(denominator)
    }

    private static func decimal(_ limbs: [UInt64]) -> String {
        PickleSource.array(BigDecimal.twosComplement(limbs, negative: false)).withView {
            BigDecimal.decimal(ofTwosComplement: $0)
        }
    }

    private static func trimmed(_ limbs: [UInt64]) -> [UInt64] {
        var limbs = limbs
        while limbs.last == 0 { limbs.removeLast() }
        return limbs
    }

    private static func isLess(_ a: [UInt64], _ b: [UInt64]) -> Bool {
        if a.count != b.count { return a.count < b.count }
        for index in a.indices.reversed() where a[index] != b[index] { return a[index] < b[index] }
        return false
    }

    /// `a - b`, where `a` is not less than `b`.
    private static func subtract(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
        var result = a
        var borrow: UInt64 = 0
        for index in result.indices {
            let (part, first) = result[index].subtractingReportingOverflow(index < b.count ? b[index] : 0)
            let (rest, second) = part.subtractingReportingOverflow(borrow)
            result[index] = rest
            borrow = first || second ? 1 : 0
            if borrow == 0, index >= b.count { break }
        }
        return trimmed(result)
    }

    private static func half(_ a: [UInt64], by bits: Int) -> [UInt64] {
        var result = Array(a.dropFirst(bits / 64))
        let shift = UInt64(bits % 64)
        if shift > 0 {
            for index in result.indices {
                let high = index + 1 < result.count ? result[index + 1] << (64 - shift) : 0
                result[index] = result[index] >> shift | high
            }
        }
        return trimmed(result)
    }

    private static func trailingZeros(_ a: [UInt64]) -> Int {
        for (index, limb) in a.enumerated() where limb != 0 { return index * 64 + limb.trailingZeroBitCount }
        return 0
    }

    /// The greatest common divisor of two numbers above zero, by halving and subtracting.
    private static func gcd(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
        var (a, b) = (a, b)
        let common = min(trailingZeros(a), trailingZeros(b))
        a = half(a, by: trailingZeros(a))
        while !b.isEmpty {
            b = half(b, by: trailingZeros(b))
            if isLess(b, a) { swap(&a, &b) }
            b = subtract(b, a)
        }
        return double(a, by: common)
    }

    private static func double(_ a: [UInt64], by bits: Int) -> [UInt64] {
        var result = [UInt64](repeating: 0, count: bits / 64) + a
        let shift = UInt64(bits % 64)
        if shift > 0 {
            var carry: UInt64 = 0
            for index in result.indices {
                let next = result[index] >> (64 - shift)
                result[index] = result[index] << shift | carry
                carry = next
            }
            if carry > 0 { result.append(carry) }
        }
        return result
    }

    /// The quotient of two numbers, bit by bit.
    private static func quotient(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] {
        if b == [1] { return a }
        if a.count == 1, b.count == 1 { return [a[0] / b[0]] }
        var result = [UInt64](repeating: 0, count: a.count)
        var rest: [UInt64] = []
        for bit in stride(from: a.count * 64 - 1, through: 0, by: -1) {
            rest = double(rest, by: 1)
            if a[bit / 64] >> UInt64(bit % 64) & 1 == 1 {
                if rest.isEmpty { rest = [1] } else { rest[0] |= 1 }
            }
            if !isLess(rest, b) {
                rest = subtract(rest, b)
                result[bit / 64] |= 1 << UInt64(bit % 64)
            }
        }
        return trimmed(result)
    }
}
