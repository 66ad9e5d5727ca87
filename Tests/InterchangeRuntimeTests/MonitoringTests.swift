import InterchangeRuntime
import TestSupport
import Testing
import WireProtocol

@Suite("records of managers for the monitoring hub", .paced)
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

    /// Runs many tasks through one manager that holds up to 32 of them, with a heartbeat after every hundred results.
    private func run(_ count: Int, in harness: inout StateHarness) throws -> (records: Int, listed: Int, last: [Int]?) {
        var records: [NodeRecord] = []
        try harness.submit(1...count)
        var waiting = try harness.turn().dispatches.flatMap(\.tasks)
        var done = 0
        while !waiting.isEmpty {
            let outcome = try harness.finish(waiting.removeFirst(), at: "m")
            waiting += outcome.dispatches.flatMap(\.tasks)
            records += outcome.nodes
            done += 1
            if done % 100 == 0 { records += try harness.turn(.heartbeat(ManagerIdentity("m"))).nodes }
        }
        #expect(done == count)
        return (records.count, records.reduce(0) { $0 + $1.tasks.count }, records.last?.tasks)
    }

    @Test("a busy manager makes a record a heartbeat, not one for each result, and the last shows it idle")
    func busy() throws {
        var harness = StateHarness(monitors: true)
        try harness.registerStock("m", capacity: 32, workers: 8)
        let (records, listed, last) = try run(400, in: &harness)
        // Three heartbeats while it is busy, and the end of its work before the fourth: not 400 of results.
        #expect(records == 4)
        #expect(listed == 3 * 32)
        #expect(last == [])
        #expect(try harness.turn(.heartbeat(ManagerIdentity("m"))).nodes.isEmpty)
    }

    @Test("for an Apus executor, which is told nothing of tasks by them, heartbeats alone make records of load")
    func executorLoad() throws {
        var harness = StateHarness()
        try harness.hello(monitoring: true)
        try harness.registerApus("m", capacity: 1)
        for id in 1...100 {
            try harness.submit(id)
            #expect(try harness.turn().nodes.isEmpty)
            #expect(try harness.finish(id, at: "m").nodes.isEmpty)
        }
        #expect(try harness.turn(.heartbeat(ManagerIdentity("m"))).nodes.count == 1)
        #expect(try harness.turn(.heartbeat(ManagerIdentity("m"))).nodes.isEmpty)
        #expect(try harness.turn(.hold(ManagerIdentity("m"))).nodes.map(\.active) == [false])
    }
}
