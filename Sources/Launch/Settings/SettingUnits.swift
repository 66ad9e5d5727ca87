/// Durations and sizes as people write them.
package enum SettingUnits {
    private static let nanoseconds: [(unit: String, size: Int)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("min", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1000), ("ns", 1),
    ]
    private static let bytes: [(unit: String, size: Int)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1),
    ]

    /// `30 s`, `1.5 h`, `250 ms` or `00:10:00`; nil for anything else, and for what is longer than 292 years.
    package static func duration(_ text: String) -> Duration? {
        let total = clock(text) ?? amount(text, units: nanoseconds)
        return total.map { .nanoseconds($0) }
    }

    /// `64 MiB`, `1.5 GB`, `512 B`; nil for anything else.
    package static func size(_ text: String) -> Int? { amount(text, units: bytes) }

    /// A number with at most four decimals, without sign, exponent and names such as `inf`; nil for anything else.
    package static func number(_ text: String) -> Double? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isPlain = zip(parts, [9, 4]).allSatisfy { part, digits in
            (1...digits).contains(part.count) && part.allSatisfy { $0.isASCII && $0.isNumber }
        }
        return (1...2).contains(parts.count) && isPlain ? Double(text) : nil
    }

    /// The form that ``number(_:)`` reads as the same.
    package static func text(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }

    /// The shortest form that ``duration(_:)`` reads as the same.
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let total = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
        guard total != 0 else { return "0 s" }
        // A day is shown as 24 h: nobody asks for days but in hours.
        return text(total, units: Array(nanoseconds.dropFirst()))
    }

    /// The shortest form that ``size(_:)`` reads as the same.
    package static func text(bytes count: Int) -> String {
        text(count, units: bytes.filter { $0.unit.contains("i") || $0.unit == "B" })
    }

    private static func text(_ total: Int, units: [(unit: String, size: Int)]) -> String {
        let best = units.first { total != 0 && total.isMultiple(of: $0.size) } ?? units[units.count - 1]
        return "\(total / best.size) \(best.unit)"
    }

    /// A number with or without decimals, a space or none, a unit: exactly, without floating point.
    private static func amount(_ text: String, units: [(unit: String, size: Int)]) -> Int? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let rest = text[number.endIndex...].drop { $0 == " " }
        guard let size = units.first(where: { $0.unit == rest })?.size else { return nil }
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = Int(parts[0]) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: size)
        guard !overflow else { return nil }
        guard parts.count == 2 else { return product }
        guard (1...9).contains(parts[1].count), let digits = Int(parts[1]) else { return nil }
        let scale = (0..<parts[1].count).reduce(1) { result, _ in result * 10 }
        // What is finer than the smallest unit is a mistake: 0.0000001 ms, half a byte.
        let fraction = Int128(digits) * Int128(size)
        guard fraction.isMultiple(of: Int128(scale)) else { return nil }
        let (sum, tooLarge) = product.addingReportingOverflow(Int(fraction / Int128(scale)))
        return tooLarge ? nil : sum
    }

    /// Hours, minutes and seconds, as Parsl writes periods.
    private static func clock(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }) else { return nil }
        guard (1...6).contains(parts[0].count), parts[1].count == 2, parts[2].count == 2 else { return nil }
        guard let hours = Int(parts[0]), let minutes = Int(parts[1]), let seconds = Int(parts[2]) else { return nil }
        guard minutes < 60, seconds < 60 else { return nil }
        return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000
    }
}
