/// SHA-256 (FIPS 180-4), for names in the cache: equal names must mean equal programs.
struct ContentHash {
    private var material: [UInt8] = []

    /// Adds a field; its length goes in too, so that no two lists of fields look alike.
    mutating func add(_ field: some Collection<UInt8>) {
        withUnsafeBytes(of: UInt64(field.count).littleEndian) { material.append(contentsOf: $0) }
        material.append(contentsOf: field)
    }

    /// Adds a text.
    mutating func add(_ text: String) { add(Array(text.utf8)) }

    /// The hash of all fields, in 64 hexadecimal digits.
    var hexadecimal: String { Self.hexadecimal(of: material) }

    /// The hash of some bytes, in 64 hexadecimal digits.
    static func hexadecimal(of bytes: [UInt8]) -> String {
        var padded = bytes
        padded.append(0x80)
        padded.append(contentsOf: repeatElement(0, count: (120 - padded.count % 64) % 64))
        withUnsafeBytes(of: UInt64(bytes.count * 8).bigEndian) { padded.append(contentsOf: $0) }

        var state = initial
        var schedule = [UInt32](repeating: 0, count: 64)
        for block in stride(from: 0, to: padded.count, by: 64) {
            for i in 0..<16 {
                schedule[i] = padded[(block + 4 * i)..<(block + 4 * i + 4)].reduce(0) { $0 << 8 | UInt32($1) }
            }
            for i in 16..<64 {
                let a = schedule[i - 15]
                let b = schedule[i - 2]
                let first = rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)
                let second = rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10)
                schedule[i] = schedule[i - 16] &+ first &+ schedule[i - 7] &+ second
            }
            compress(&state, schedule)
        }
        return state.map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    private static func compress(_ state: inout [UInt32], _ schedule: [UInt32]) {
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for i in 0..<64 {
            let choice = (e & f) ^ (~e & g)
            let first = h &+ (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ choice &+ constants[i] &+ schedule[i]
            let majority = (a & b) ^ (a & c) ^ (b & c)
            let second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ majority
            (h, g, f, e) = (g, f, e, d &+ first)
            (d, c, b, a) = (c, b, a, first &+ second)
        }
        for (i, word) in [a, b, c, d, e, f, g, h].enumerated() { state[i] &+= word }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

    /// The first 32 bits of the fractional parts of the square roots of the first eight primes.
    private static let initial: [UInt32] = primes.prefix(8).map { fraction(Double($0).squareRoot()) }

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
    private static let constants: [UInt32] = primes.map { cubeRootFraction($0) }

    private static let primes: [UInt64] = (2...311).filter { n in !(2..<n).contains { n % $0 == 0 } }

    private static func fraction(_ value: Double) -> UInt32 {
        UInt32((value - value.rounded(.down)) * 4_294_967_296)
    }

    /// By bisection over integers: the largest r with r³ ≤ prime · 2⁹⁶ is the cube root times 2³².
    private static func cubeRootFraction(_ prime: UInt64) -> UInt32 {
        var low: UInt64 = 0
        var high: UInt64 = 7 << 32  // 311 is less than 7³
        let limit = UInt128(prime) << 96
        while high - low > 1 {
            let middle = (low + high) / 2
            let square = UInt128(middle) * UInt128(middle)
            let (cube, overflow) = square.multipliedReportingOverflow(by: UInt128(middle))
            if overflow || cube > limit { high = middle } else { low = middle }
        }
        return UInt32(truncatingIfNeeded: low)
    }
}
