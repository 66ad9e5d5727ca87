import Glibc
import SystemSupport
import Testing

@Suite("interchange, managers and client under a hostile network")
struct SimulationTests {
    /// Seeds that must be run however long it takes; `APUS_SIMULATION_SEEDS` asks for more.
    private static var minimum: UInt64 {
        if let text = getenv("APUS_SIMULATION_SEEDS"), let count = UInt64(String(cString: text)) { return count }
        #if DEBUG
            return 100
        #else
            return 1000
        #endif
    }
    /// Time in which more seeds are run, in nanoseconds; a part for each of the parallel runs.
    private static let budget: UInt64 = 8_000_000_000
    private static let lanes: UInt64 = 2

    @Test("every task ends exactly once, whatever breaks", arguments: 0..<2 as Range<UInt64>)
    func seeds(lane: UInt64) {
        if let text = getenv("APUS_SIMULATION_SEED"), let seed = UInt64(String(cString: text)) {
            if lane == 0 { run(seed, printsTrace: true) }
            return
        }
        let start = Monotonic.nanoseconds
        var seed = lane
        while seed < Self.minimum || Monotonic.nanoseconds - start < Self.budget {
            guard run(seed) else { return }
            seed += Self.lanes
        }
    }

    @discardableResult
    private func run(_ seed: UInt64, printsTrace: Bool = false) -> Bool {
        let simulation = Simulation(seed: seed)
        do {
            try simulation.run()
            if printsTrace { print(simulation.trace.joined(separator: "\n")) }
            return true
        } catch {
            let tail = simulation.trace.suffix(printsTrace ? .max : 40).joined(separator: "\n")
            Issue.record("seed \(seed): \(error); APUS_SIMULATION_SEED=\(seed) repeats it. It ended with:\n\(tail)")
            return false
        }
    }
}
