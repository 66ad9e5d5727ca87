import SystemSupport

/// How much the tests try that take random inputs.
///
/// `make unit` is for every change, and takes few; `make test-extra` sets `APUS_THOROUGH_TESTS=1` and takes many.
package enum Thoroughness {
    /// Whether many are asked for.
    package static let isThorough = EnvironmentVariables.get("APUS_THOROUGH_TESTS") == "1"

    /// So many inputs, rounds or calls.
    package static func count(few: Int, many: Int) -> Int { isThorough ? many : few }

    /// The seeds 1, 2 and so on.
    package static func seeds(few: Int, many: Int) -> ClosedRange<UInt64> { 1...UInt64(count(few: few, many: many)) }
}
