/// Conversions of long integers between decimal digits and two's complement.
enum BigDecimal {
    /// The magnitude of a number given as ASCII digits, as little-endian limbs.
    static func magnitude(ofDigits view: ByteView) -> [UInt64] {
        var limbs: [UInt64] = []
        var index = 0
        while index < view.count {
            let size = min(18, view.count - index)
            var chunk: UInt64 = 0
            var scale: UInt64 = 1
            for position in index..<(index + size) {
                chunk = chunk * 10 + UInt64(view[position] - 0x30)
                scale *= 10
            }
            var carry = chunk
            for limb in limbs.indices {
                let (high, low) = limbs[limb].multipliedFullWidth(by: scale)
                let (sum, overflow) = low.addingReportingOverflow(carry)
                limbs[limb] = sum
                carry = high &+ (overflow ? 1 : 0)
            }
            if carry > 0 { limbs.append(carry) }
            index += size
        }
        return limbs
    }

    /// The two's complement bytes, little-endian, of a magnitude and a sign; not necessarily the shortest.
    static func twosComplement(_ magnitude: [UInt64], negative: Bool) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(magnitude.count * 8 + 1)
        for limb in magnitude {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: limb >> shift))
            }
        }
        bytes.append(0)
        if negative { negate(&bytes) }
        return bytes
    }

    /// Whether a two's complement number is below zero, and its magnitude in limbs.
    static func magnitude(ofTwosComplement view: ByteView) -> (negative: Bool, limbs: [UInt64]) {
        var bytes = view.array
        let negative = bytes.last.map { $0 >= 0x80 } ?? false
        if negative {
            negate(&bytes)
            bytes.append(0)
        }
        var limbs: [UInt64] = []
        for start in stride(from: 0, to: bytes.count, by: 8) {
            var limb: UInt64 = 0
            for index in (start..<min(start + 8, bytes.count)).reversed() { limb = limb << 8 | UInt64(bytes[index]) }
            limbs.append(limb)
        }
        while limbs.last == 0 { limbs.removeLast() }
        return (negative, limbs)
    }

    /// The decimal digits of a two's complement number, with a sign if below zero; quadratic.
    static func decimal(ofTwosComplement view: ByteView) -> String {
        var (negative, limbs) = magnitude(ofTwosComplement: view)
        guard !limbs.isEmpty else { return "0" }
        var chunks: [UInt64] = []
        let scale: UInt64 = 1_000_000_000_000_000_000
        while !limbs.isEmpty {
            var remainder: UInt64 = 0
            for index in limbs.indices.reversed() {
                let (quotient, rest) = scale.dividingFullWidth((remainder, limbs[index]))
                limbs[index] = quotient
                remainder = rest
            }
            chunks.append(remainder)
            while limbs.last == 0 { limbs.removeLast() }
        }
        var text = negative ? "-" : ""
        text += String(chunks.removeLast())
        for chunk in chunks.reversed() {
            let digits = String(chunk)
            text += String(repeating: "0", count: 18 - digits.utf8.count) + digits
        }
        return text
    }

    /// The lower-case hexadecimal digits, with `0x` and a sign if below zero.
    static func hexadecimal(ofTwosComplement view: ByteView) -> String {
        let (negative, limbs) = magnitude(ofTwosComplement: view)
        var text = negative ? "-0x" : "0x"
        text += String(limbs.last ?? 0, radix: 16)
        for limb in limbs.dropLast().reversed() {
            let digits = String(limb, radix: 16)
            text += String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }
        return text
    }

    /// How many bits the absolute value has.
    static func bitCount(ofTwosComplement view: ByteView) -> Int {
        let (_, limbs) = magnitude(ofTwosComplement: view)
        guard let last = limbs.last else { return 0 }
        return limbs.count * 64 - last.leadingZeroBitCount
    }

    /// The double nearest to a long integer, and whether it is exactly that.
    static func double(ofTwosComplement view: ByteView) -> (value: Double, isExact: Bool) {
        let (negative, limbs) = magnitude(ofTwosComplement: view)
        guard let last = limbs.last else { return (0, true) }
        let bits = limbs.count * 64 - last.leadingZeroBitCount
        guard bits <= 1_024 else { return (negative ? -.infinity : .infinity, false) }
        // The highest 64 bits, with everything below folded into the lowest bit, round as the whole number does.
        let shift = bits - 64
        guard shift > 0 else {
            let value = Double(last)
            return (negative ? -value : value, UInt64(exactly: value) == last)
        }
        let (word, offset) = (shift / 64, UInt64(shift % 64))
        var top = limbs[word] >> offset
        if offset > 0, word + 1 < limbs.count { top |= limbs[word + 1] << (64 - offset) }
        var sticky = limbs[..<word].contains { $0 != 0 }
        if offset > 0, limbs[word] << (64 - offset) != 0 { sticky = true }
        let exact = !sticky && top & 0x7FF == 0
        let magnitude = Double(sticky ? top | 1 : top)
        let scaled = magnitude * Double(sign: .plus, exponent: shift, significand: 1)
        return (negative ? -scaled : scaled, exact)
    }

    private static func negate(_ bytes: inout [UInt8]) {
        var carry = true
        for index in bytes.indices {
            bytes[index] = ~bytes[index]
            if carry {
                bytes[index] &+= 1
                carry = bytes[index] == 0
            }
        }
    }
}
