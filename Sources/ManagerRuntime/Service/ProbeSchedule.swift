/// When a manager that has got no answer asks again: less and less often, and not all managers at the same moment.
///
/// A thousand managers of a large job start within the same second. The first question goes at once, so a single manager
/// waits for nothing; the later ones are spread by chance, which follows from the manager's name alone, so that a run
/// can be repeated.
struct ProbeSchedule: Sendable {
    /// The first pause at the most, in nanoseconds.
    static let firstPause: UInt64 = 500_000_000
    /// The longest pause, in nanoseconds.
    static let longestPause: UInt64 = 8_000_000_000

    private var chance: UInt64
    private var pause = ProbeSchedule.firstPause

    /// The pauses of the manager with this name.
    init(name: String) {
        // FNV-1a: equal for equal names, in every process.
        chance = name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// The next pause: between half of its length and all of it, and twice as long each time.
    mutating func next() -> UInt64 {
        let half = pause / 2
        pause = min(pause * 2, Self.longestPause)
        return half + fraction(of: half)
    }

    /// A part of a whole, by chance.
    mutating func fraction(of whole: UInt64) -> UInt64 {
        // SplitMix64.
        chance &+= 0x9e37_79b9_7f4a_7c15
        var mixed = chance
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return (mixed ^ (mixed >> 31)) % (whole + 1)
    }

    /// Milliseconds before a broken connection is tried again: libzmq adds as much by chance, and doubles it up to
    /// ``longestReconnect``.
    mutating func reconnectMilliseconds() -> Int32 { Int32(60 + fraction(of: 80)) }

    /// Milliseconds between two tries at the most: thousands of managers must not keep a host busy that is down.
    static let longestReconnect: Int32 = 2000
}
