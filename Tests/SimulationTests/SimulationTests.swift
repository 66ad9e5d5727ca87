import Glibc
import TestSupport
import Testing

@Suite("interchange, managers and client under a hostile network", .paced)
struct SimulationTests {
    /// How many seeds are run; `APUS_SIMULATION_SEEDS` asks for others.
    private static var count: UInt64 {
        if let text = getenv("APUS_SIMULATION_SEEDS"), let count = UInt64(String(cString: text)) { return count }
        #if DEBUG
            return UInt64(Thoroughness.count(few: 40, many: 400))
        #else
            return UInt64(Thoroughness.count(few: 1000, many: 10_000))
        #endif
    }
    private static let lanes: UInt64 = 2

    @Test("every task ends exactly once, whatever breaks", arguments: 0..<2 as Range<UInt64>)
    func seeds(lane: UInt64) {
        if let text = getenv("APUS_SIMULATION_SEED"), let seed = UInt64(String(cString: text)) {
            if lane == 0 { run(seed, printsTrace: true) }
            return
        }
        for seed in stride(from: lane, to: Self.count, by: Int(Self.lanes)) {
            guard run(seed) else { return }
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
