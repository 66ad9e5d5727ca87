import InterchangeRuntime
import TestSupport
import Testing
import WireProtocol

@Suite("results and acknowledgements", .paced)
struct ResultTests {
    @Test("a result goes on once; a second one, a stranger's and one of a queued task are dropped")
    func drops() throws {
        var harness = StateHarness()
        try harness.registerStock("m", capacity: 1)
        try harness.registerStock("other", capacity: 0)
        try harness.submit(1...2)
        try harness.turn()
        #expect(try harness.finish(1, at: "nobody").dropped == [.unknownManager])
        #expect(try harness.finish(1, at: "other").dropped == [.notInFlight])
        #expect(try harness.finish(1, at: "m").forwarded == [1])
        #expect(try harness.finish(1, at: "m").dropped == [.endedBefore])
        #expect(try harness.finish(99, at: "m").dropped == [.notInFlight])
        #expect(harness.tasks.count == 1)
    }

    @Test("an Apus manager is told of forwarded results after 512 of them")
    func acknowledgeByCount() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 600)
        try harness.submit(1...600)
        try harness.turn()
        for id in 1...511 { #expect(try harness.finish(id, at: "a").acknowledged.isEmpty) }
        #expect(try harness.finish(512, at: "a").acknowledged == [Array(1...512)])
    }

    @Test("an Apus manager is told of forwarded results after a mebibyte of them")
    func acknowledgeByBytes() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 600)
        try harness.submit(1...3)
        try harness.turn()
        #expect(try harness.finish(1, at: "a", size: 600 << 10).acknowledged.isEmpty)
        #expect(try harness.finish(2, at: "a", size: 600 << 10).acknowledged == [[1, 2]])
    }

    @Test("a heartbeat brings the acknowledgements, or a plain reply when there are none")
    func acknowledgeByHeartbeat() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 600)
        try harness.registerStock("s", capacity: 0)
        try harness.submit(1)
        try harness.turn()
        try harness.finish(1, at: "a")
        let first = try harness.turn(.heartbeat(ManagerIdentity("a")))
        #expect(first.acknowledged == [[1]])
        #expect(first.heartbeats.isEmpty)
        #expect(try harness.turn(.heartbeat(ManagerIdentity("a"))).heartbeats == ["a"])
        #expect(try harness.turn(.heartbeat(ManagerIdentity("s"))).heartbeats == ["s"])
        #expect(try harness.turn(.heartbeat(ManagerIdentity("nobody"))).heartbeats.isEmpty)
    }

    @Test("a result that was forwarded already is dropped, yet acknowledged again")
    func acknowledgeDropped() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 600)
        try harness.submit(1)
        try harness.turn()
        try harness.finish(1, at: "a")
        try harness.turn(.heartbeat(ManagerIdentity("a")))
        #expect(try harness.finish(1, at: "a").dropped == [.endedBefore])
        #expect(try harness.turn(.heartbeat(ManagerIdentity("a"))).acknowledged == [[1]])
    }

    @Test("with a stock executor nothing is kept")
    func stockExecutor() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 1)
        try harness.submit(1)
        try harness.turn()
        try harness.finish(1, at: "a")
        #expect(harness.tasks.isEmpty)
        #expect(try harness.turn(.acknowledged([1])).released.isEmpty)
    }

    @Test("with an Apus executor a result is kept until it is acknowledged")
    func retention() throws {
        var harness = StateHarness()
        try harness.hello()
        try harness.registerApus("a", capacity: 2)
        try harness.submit(1...2)
        try harness.turn()
        #expect(try harness.finish(1, at: "a").forwarded == [1])
        #expect(harness.tasks.count == 2)
        #expect(try harness.turn(.acknowledged([1, 2, 77])).released == [1])
        #expect(try harness.turn(.acknowledged([1])).released.isEmpty)
        #expect(harness.tasks.count == 1)
    }

    @Test("after a reconnect unacknowledged results come again, and tasks that are not here are named")
    func resume() throws {
        var harness = StateHarness()
        try harness.hello()
        try harness.registerApus("a", capacity: 3)
        try harness.submit(1...4)
        try harness.turn()
        try harness.finish(1, at: "a")
        try harness.finish(2, at: "a")
        try harness.turn(.acknowledged([2]))
        // 1 finished, 2 acknowledged (and yet waited for), 3 and 4 in flight or queued, 5 never came.
        let outcome = try harness.turn(.resume(outstanding: [1, 2, 3, 4, 5]))
        #expect(outcome.resent == [1])
        #expect(outcome.missing == [[2, 5]])
        #expect(try harness.submit(5).duplicates.isEmpty)
        #expect(try harness.submit(2).duplicates.isEmpty)
        #expect(try harness.submit(3).duplicates == [3])
        // A result that nobody waits for comes again as well: its acknowledgement was lost.
        let idle = try harness.turn(.resume(outstanding: []))
        #expect(idle.missing == [[]])
        #expect(idle.resent == [1])
        #expect(try harness.turn(.acknowledged([1])).released == [1])
    }

    @Test("a lost task is a result like others: kept, sent again, released")
    func lostRetention() throws {
        var harness = StateHarness()
        try harness.hello()
        try harness.registerApus("a", capacity: 3)
        try harness.submit(1)
        try harness.turn()
        #expect(try harness.wait(seconds: 11).failed == [1])
        #expect(try harness.turn(.resume(outstanding: [1])).resent == [1])
        #expect(try harness.turn(.acknowledged([1])).released == [1])
        #expect(harness.tasks.isEmpty)
    }
}
