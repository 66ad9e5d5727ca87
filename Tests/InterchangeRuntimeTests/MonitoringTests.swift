import InterchangeRuntime
import Testing
import WireProtocol

@Suite("records of managers for the monitoring hub")
struct MonitoringTests {
    @Test("a run of one task makes exactly four: registration, batch, result, hold")
    func four() throws {
        var harness = StateHarness(monitors: true)
        #expect(try harness.registerStock("m", capacity: 1).nodes.count == 1)
        try harness.submit(1)
        let batch = try harness.turn().nodes
        #expect(batch.map(\.tasks) == [[1]])
        #expect(batch.map(\.idleSince) == [nil])
        let result = try harness.finish(1, at: "m").nodes
        #expect(result.map(\.tasks) == [[]])
        let hold = try harness.turn(.hold(ManagerIdentity("m"))).nodes
        #expect(hold.map(\.active) == [false])
        #expect(try harness.turn(.heartbeat(ManagerIdentity("m"))).nodes.isEmpty)
        // A held manager is not active any more, so its loss makes no record.
        #expect(try harness.wait(seconds: 130).nodes.isEmpty)
    }

    @Test("the loss of an active manager makes one record, before its tasks are reported")
    func loss() throws {
        var harness = StateHarness(monitors: true)
        try harness.registerStock("m", capacity: 1)
        try harness.submit(1)
        try harness.turn()
        let outcome = try harness.wait(seconds: 130)
        #expect(outcome.nodes.map(\.active) == [false])
        #expect(outcome.nodes.map(\.tasks) == [[1]])
        #expect(outcome.failed == [1])
    }

    @Test("the end of a drain makes one record")
    func drain() throws {
        var harness = StateHarness(monitors: true)
        let outcome = try harness.registerStock("m", capacity: 1, drainDelay: 0)
        #expect(outcome.nodes.map(\.active) == [true, false])
        #expect(outcome.nodes.map(\.draining) == [false, true])
    }

    @Test("a dropped result makes none, and without monitoring there are none at all")
    func none() throws {
        var harness = StateHarness(monitors: true)
        try harness.registerStock("m", capacity: 1)
        #expect(try harness.finish(9, at: "m").nodes.isEmpty)
        var off = StateHarness()
        #expect(try off.registerStock("m", capacity: 1).nodes.isEmpty)
        try off.submit(1)
        #expect(try off.turn().nodes.isEmpty)
        #expect(try off.finish(1, at: "m").nodes.isEmpty)
    }

    @Test("an Apus executor that asks for monitoring gets the records")
    func executor() throws {
        var harness = StateHarness()
        try harness.hello(monitoring: true)
        #expect(try harness.registerApus("m", capacity: 1).nodes.count == 1)
        #expect(try harness.turn(.monitoring(ManagerIdentity("m"))).monitored == 1)
        #expect(try harness.turn(.monitoring(ManagerIdentity("nobody"))).monitored == 0)
    }
}
