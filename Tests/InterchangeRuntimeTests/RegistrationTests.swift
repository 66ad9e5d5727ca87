import InterchangeRuntime
import TestSupport
import Testing
import WireProtocol

@Suite("how managers come", .paced)
struct RegistrationTests {
    @Test("another version of Parsl or Python is reported and ends the interchange; a patch release is no difference")
    func versions() throws {
        var harness = StateHarness(monitors: true)
        #expect(try harness.registerStock("ok", capacity: 1, python: "3.11.2").mismatch.isEmpty)
        let python = try harness.registerStock("p", capacity: 1, python: "3.12.7")
        #expect(python.mismatch == ["py.v=3.11 parsl.v=2026.10.26 | py.v=3.12 parsl.v=2026.10.26"])
        #expect(python.finishes)
        #expect(python.nodes.count == 1)
        let parsl = try harness.registerStock("q", capacity: 1, parsl: "2026.10.27")
        #expect(parsl.mismatch == ["py.v=3.11 parsl.v=2026.10.26 | py.v=3.11 parsl.v=2026.10.27"])
        #expect(harness.state.managerSummaries(at: harness.now).map(\.manager) == ["ok"])
        #expect(harness.state.connectedBlocks == [.text("0")])
    }

    @Test("versions are not looked at when the executor says so")
    func unchecked() throws {
        var harness = StateHarness(checksVersions: false)
        let outcome = try harness.registerStock("p", capacity: 1, parsl: "something", python: "2")
        #expect(outcome.mismatch.isEmpty)
        #expect(!outcome.finishes)
        #expect(harness.state.managerCount == 1)
    }

    @Test("a stock pool is not answered, an Apus manager is welcomed")
    func welcome() throws {
        var harness = StateHarness()
        #expect(try harness.registerStock("s", capacity: 1).welcomes.isEmpty)
        #expect(try harness.registerApus("a", capacity: 1).welcomes == ["a"])
    }

    @Test("the history of blocks has one entry for each registration, in order, for ever")
    func blocks() throws {
        var harness = StateHarness()
        try harness.registerStock("a", capacity: 1, block: .text("1"))
        try harness.registerStock("b", capacity: 1, block: .number(0))
        try harness.registerStock("a", capacity: 1, block: .text("1"))
        try harness.wait(seconds: 200)
        #expect(harness.state.managerCount == 0)
        #expect(harness.state.connectedBlocks == [.text("1"), .number(0), .text("1")])
    }

    @Test("a manager's entry says what it registered and what it does")
    func summaries() throws {
        var harness = StateHarness()
        try harness.registerStock("b", capacity: 3, workers: 2, block: .text("4"))
        try harness.registerApus("a", capacity: 1)
        try harness.submit(1...2)
        try harness.turn()
        harness.now += 2_500_000_000
        let idle = harness.state.managerSummaries(at: harness.now)
        #expect(idle.map(\.manager) == ["b", "a"])
        #expect(idle[0].blockID == .text("4"))
        #expect(idle[0].workerCount == 2)
        #expect(idle.map(\.tasks).reduce(0, +) == 2)
        #expect(idle.allSatisfy { ($0.tasks == 0) == ($0.idleDuration == 2.5) })
        #expect(idle[0].parslVersion == StateHarness.parsl)
        #expect(idle[0].pythonVersion == StateHarness.python)
        let packages = harness.state.managerPackages
        #expect(packages[0].manager == "b")
        #expect(packages[0].packages?.first?.name == "parsl")
        #expect(packages[1].packages == nil)
    }

    @Test("a second registration of the same process keeps the tasks in flight")
    func twice() throws {
        var harness = StateHarness()
        try harness.registerStock("m", capacity: 2)
        try harness.submit(1...3)
        try harness.turn()
        let again = try harness.registerStock("m", capacity: 3)
        #expect(again.failed.isEmpty)
        #expect(again.dispatches.map(\.tasks) == [[3]])
        #expect(try harness.finish(1, at: "m").forwarded == [1])
    }

    @Test("another process under the same name means that the first one's tasks are lost")
    func replaced() throws {
        var harness = StateHarness()
        try harness.registerStock("m", capacity: 2)
        try harness.submit(1...3)
        try harness.turn()
        let again = try harness.registerStock("m", capacity: 2, startTime: 2)
        #expect(again.failed == [1, 2])
        #expect(again.dispatches.map(\.tasks) == [[3]])
        #expect(try harness.finish(1, at: "m").dropped == [.endedBefore])
    }

    @Test("after a reconnect an Apus manager gets again what it does not hold, and nothing else")
    func reconnect() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 4, workers: 4)
        try harness.submit(1...6)
        try harness.turn()
        let again = try harness.registerApus("a", capacity: 4, workers: 4, held: [2, 4, 99])
        #expect(again.welcomes == ["a"])
        #expect(again.dispatches == [.init(manager: "a", tasks: [1, 3], retained: true)])
        #expect(again.failed.isEmpty)
        #expect(harness.state.connectedBlocks.count == 1)
        #expect(try harness.finish(1, at: "a").dispatches.map(\.tasks) == [[5]])
    }

    @Test("a manager with another task table is refused by name of the rows that differ")
    func refused() throws {
        var harness = StateHarness()
        try harness.hello(fingerprint: "one", rows: ["fib (version 1)", "add (version 1)"])
        let outcome = try harness.registerApus(
            "a", capacity: 1, fingerprint: "two", rows: ["fib (version 2)", "add (version 1)"])
        #expect(outcome.welcomes.isEmpty)
        #expect(outcome.refusals.count == 1)
        #expect(outcome.refusals[0].contains("only the program has: fib (version 1)"))
        #expect(outcome.refusals[0].contains("only the manager has: fib (version 2)"))
        #expect(!outcome.refusals[0].contains("add"))
        #expect(outcome.notices.map(\.kind) == [.managerRefused])
        #expect(harness.state.managerCount == 0)
    }

    @Test("a manager without a table of its own, and one of a run without, take part", arguments: ["", "one"])
    func emptyFingerprints(fingerprint: String) throws {
        var harness = StateHarness()
        try harness.hello(fingerprint: fingerprint)
        #expect(try harness.registerApus("a", capacity: 1, fingerprint: "").welcomes == ["a"])
        if fingerprint.isEmpty {
            #expect(try harness.registerApus("b", capacity: 1, fingerprint: "two").welcomes == ["b"])
        }
    }

    @Test("an Apus executor is told of managers, also of those that came before it")
    func notices() throws {
        var harness = StateHarness()
        #expect(try harness.registerApus("a", capacity: 1, workers: 3).notices.isEmpty)
        try harness.registerApus("x", capacity: 1, fingerprint: "other")
        let hello = try harness.hello()
        #expect(hello.notices.map(\.kind) == [.managerRegistered, .managerRefused, .managerLost])
        #expect(hello.notices[0].workerCount == 3)
        #expect(try harness.hello().notices.isEmpty)
        #expect(try harness.registerStock("b", capacity: 1).notices.map(\.manager) == ["b"])
        #expect(try harness.wait(seconds: 11).notices.map(\.kind) == [.managerLost])
    }

    @Test("a slot is used again by the next manager without a trace of the last")
    func slotReuse() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 1)
        try harness.submit(1...3)
        try harness.turn()
        #expect(try harness.wait(seconds: 11).failed == [1])
        try harness.registerStock("b", capacity: 1)
        #expect(try harness.finish(2, at: "b").forwarded == [2])
        #expect(try harness.wait(seconds: 15).failed.isEmpty)
        #expect(try harness.wait(seconds: 120).failed == [3])
    }
}
