import TestSupport
import Testing

@Suite("MonteCarloPi", .tags(.realProcess), .blocking, .serialized)
struct MonteCarloPiTests {
    private let arguments = ["--tasks", "50", "--points", "20000"]

    @Test("the estimate is near π and the line at the end counts every task", arguments: placements)
    func estimate(placement: [String]) throws {
        let finished = try Example.run("MonteCarloPi", arguments + placement, in: TemporaryFolder())
        #expect(finished.code == 0, "\(finished.errors)")
        let line = #/^π ≈ ([0-9.]+) from 1000000 points; the error is [0-9.e-]+\n$/#
        let text = try #require(finished.output.firstMatch(of: line), "\(finished.output)")
        let estimate = try #require(Double(text.output.1))
        // The standard deviation for a million points is 0.0016; six of these are one run in a billion.
        #expect(abs(estimate - Double.pi) < 0.01)
        let place = placement.isEmpty ? "2 workers" : "2 threads"
        #expect(finished.errors.contains("apus: 51 tasks (0 failed) on \(place) in "))
        #expect(finished.errors.contains(#/ s: [0-9.]+ tasks/s\n/#))
    }

    @Test("the estimate is the same on one, two and four workers and on threads")
    func sameEverywhere() throws {
        let places = [["--workers", "1"], ["--workers", "2"], ["--workers", "4"], ["--on", "threads"]]
        let outputs = try places.map { place in
            try Example.run("MonteCarloPi", arguments + place, in: TemporaryFolder()).output
        }
        #expect(Set(outputs).count == 1, "\(outputs)")
    }
}
