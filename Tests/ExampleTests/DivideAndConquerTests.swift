import TestSupport
import Testing

@Suite("DivideAndConquer", .tags(.realProcess), .blocking, .serialized)
struct DivideAndConquerTests {
    private func run(_ words: [String]) throws -> (value: Double, parts: Int) {
        let finished = try Example.run("DivideAndConquer", words, in: TemporaryFolder())
        #expect(finished.code == 0, "\(finished.errors)")
        let line = #/^π ≈ ([0-9.]+), from ([0-9]+) intervals; it is off by [0-9.e-]+\n$/#
        let text = try #require(finished.output.firstMatch(of: line), "\(finished.output)")
        return (try #require(Double(text.output.1)), try #require(Int(text.output.2)))
    }

    @Test("the area is as good as the tolerance, and a smaller one takes more intervals", arguments: placements)
    func tolerance(placement: [String]) throws {
        let coarse = try run(["--tolerance", "1e-4"] + placement)
        #expect(abs(coarse.value - Double.pi) < 1e-4)
        let fine = try run(["--tolerance", "1e-7"] + placement)
        #expect(abs(fine.value - Double.pi) < 1e-7)
        #expect(fine.parts > coarse.parts && coarse.parts > 1)
    }

    @Test("a tolerance that nothing can reach is refused")
    func refused() throws {
        let finished = try Example.run("DivideAndConquer", ["--tolerance", "0"], in: TemporaryFolder())
        #expect(finished.code == 2)
        #expect(finished.errors.hasPrefix("DivideAndConquer: --tolerance is 1e-12 or more\n"), "\(finished.errors)")
    }
}
