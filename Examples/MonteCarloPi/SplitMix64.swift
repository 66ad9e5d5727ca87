/// A small random generator that gives the same numbers for the same seed everywhere.
///
/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014; constants from there.
struct SplitMix64 {
    private var state: UInt64

    init(seed: UInt64) {
        // Neighbouring seeds must not give overlapping sequences: start far apart.
        state = seed &* 0xd134_2543_de82_ef95
    }

    /// A number in 0..<1.
    mutating func nextUnit() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        // The upper 53 bits are as many as a Double holds.
        return Double(mixed >> 11) * 0x1p-53
    }
}
