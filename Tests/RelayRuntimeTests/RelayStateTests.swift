import RelayRuntime
import TestSupport
import Testing

@Suite("the decisions of a relay", .paced)
struct RelayStateTests {
    private struct Harness {
        var state = RelayState(limit: 2, connectTimeout: 10_000_000_000, halfOpenTimeout: 60_000_000_000)
        var now: UInt64 = 1_000

        mutating func handle(_ event: RelayEvent) throws -> [RelayEffect] {
            var effects: [RelayEffect] = []
            state.handle(event, at: now, into: &effects)
            if let fault = state.fault { throw Fault(description: fault) }
            return effects.filter { if case .log = $0 { false } else { true } }
        }

        mutating func wait(_ seconds: UInt64) throws -> [RelayEffect] {
            now += seconds * 1_000_000_000
            return try handle(.tick)
        }
    }

    private struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    @Test("a connection is made, forwarded, half closed, and closed")
    func life() throws {
        var harness = Harness()
        #expect(try harness.handle(.accepted(1)) == [.connect(1)])
        #expect(harness.state.nextDeadline != nil)
        #expect(try harness.handle(.connected(1)) == [.forward(1)])
        #expect(try harness.wait(1000) == [])
        #expect(try harness.handle(.ended(1, .client)) == [.shutDown(1, .target)])
        #expect(try harness.handle(.ended(1, .client)) == [])
        #expect(try harness.handle(.ended(1, .target)) == [.close(1)])
        #expect(harness.state.count == 0)
        #expect(try harness.handle(.moved(1)) == [])
        #expect(try harness.handle(.failed(1, "late")) == [])
    }

    @Test("too many connections are closed at once, and there is room again when one has ended")
    func limit() throws {
        var harness = Harness()
        for id in 1...2 { #expect(try harness.handle(.accepted(id)) == [.connect(id)]) }
        #expect(try harness.handle(.accepted(3)) == [.close(3)])
        #expect(harness.state.refused == 1)
        #expect(try harness.handle(.failed(1, "gone")) == [.close(1)])
        #expect(try harness.handle(.accepted(4)) == [.connect(4)])
        #expect(harness.state.accepted == 3)
    }

    @Test("a target that does not answer is given up after the time for it")
    func connectTimeout() throws {
        var harness = Harness()
        _ = try harness.handle(.accepted(1))
        #expect(try harness.wait(9) == [])
        _ = try harness.handle(.accepted(2))
        #expect(try harness.wait(1) == [.close(1)])
        #expect(try harness.wait(9) == [.close(2)])
        #expect(harness.state.nextDeadline == nil)
    }

    @Test("a half-open connection lives as long as something comes, and its time after that")
    func halfOpen() throws {
        var harness = Harness()
        _ = try harness.handle(.accepted(1))
        _ = try harness.handle(.connected(1))
        _ = try harness.handle(.ended(1, .target))
        for _ in 0..<5 {
            #expect(try harness.wait(50) == [])
            #expect(try harness.handle(.moved(1)) == [])
        }
        #expect(try harness.wait(59) == [])
        #expect(try harness.wait(1) == [.close(1)])
    }

    @Test("whatever happens in whatever order, no rule is broken and nothing is left", arguments: 0..<20)
    func anything(seed: UInt64) throws {
        var harness = Harness()
        var random = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func next(_ count: UInt64) -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (random >> 33) % count
        }
        var open: Set<Int> = []
        for step in 0..<3000 {
            let id = Int(next(8)) + step / 100 * 8
            let side: RelaySide = next(2) == 0 ? .client : .target
            let effects =
                switch next(7) {
                case 0 where !open.contains(id): try harness.handle(.accepted(id))
                case 1: try harness.handle(.connected(id))
                case 2: try harness.handle(.moved(id))
                case 3: try harness.handle(.ended(id, side))
                case 4: try harness.handle(.failed(id, "broken"))
                default: try harness.wait(next(30))
                }
            for effect in effects {
                switch effect {
                case .connect(let id): open.insert(id)
                case .close(let id): open.remove(id)
                default: continue
                }
            }
            #expect(harness.state.count == open.count)
        }
    }
}
