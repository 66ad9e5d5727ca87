import TestSupport
import Testing

@Suite("Diamond", .tags(.realProcess), .blocking, .serialized)
struct DiamondTests {
    @Test("the bounds enclose π, and are as far apart as the strips are wide", arguments: placements)
    func bounds(placement: [String]) throws {
        let finished = try Example.run("Diamond", ["--steps", "1000"] + placement, in: TemporaryFolder())
        #expect(finished.code == 0, "\(finished.errors)")
        let line = #/^π lies between ([0-9.]+) and ([0-9.]+)\n$/#
        let text = try #require(finished.output.firstMatch(of: line), "\(finished.output)")
        let (lower, upper) = (try #require(Double(text.output.1)), try #require(Double(text.output.2)))
        #expect(lower < Double.pi && Double.pi < upper)
        #expect(abs(upper - lower - 0.004) < 1e-9)
    }

    @Test("one of its apps answers alone")
    func call() throws {
        let finished = try Example.run("Diamond", ["call", "prepare", "--json", "[8]"], in: TemporaryFolder())
        #expect(finished.output == "0.125\n", "\(finished.errors)")
    }
}
