import InterchangeRuntime
import TestSupport
import Testing
import WireProtocol

@Suite("blocks as an executor scales them", .paced)
struct BlockTests {
    private func summary(_ harness: StateHarness) -> [String] {
        harness.state.blockSummaries(at: harness.now).map {
            "\($0.blockID): \($0.managers) managers, \($0.workers) workers, \($0.tasks) tasks, \($0.idle) s"
        }
    }

    @Test("managers are added up by their blocks; a block is idle since the last of its managers became idle")
    func summaries() throws {
        var harness = StateHarness()
        try harness.hello()
        try harness.registerApus("a", capacity: 2, workers: 2, block: .text("3"))
        harness.now += 4_000_000_000
        try harness.registerApus("b", capacity: 2, workers: 1, block: .text("3"))
        try harness.registerStock("s", capacity: 1, block: .number(7))
        harness.now += 2_000_000_000
        #expect(
            summary(harness) == [
                "3: 2 managers, 3 workers, 0 tasks, 2.0 s", "7: 1 managers, 1 workers, 0 tasks, 2.0 s",
            ])
        try harness.submit(1...2)
        try harness.turn()
        harness.now += 1_000_000_000
        #expect(summary(harness)[0].hasSuffix("2 tasks, 0.0 s"), "one of its managers is busy")
        try harness.finish(1, at: "a")
        try harness.finish(2, at: "b")
        harness.now += 5_000_000_000
        #expect(summary(harness)[0].hasSuffix("0 tasks, 5.0 s"))
    }

    @Test("a held block finishes what it has and gets nothing more, not even for managers that register later")
    func hold() throws {
        var harness = StateHarness()
        try harness.hello()
        try harness.registerApus("a", capacity: 1, block: .text("0"))
        try harness.registerApus("b", capacity: 1, block: .text("1"))
        try harness.submit(1...4)
        try harness.turn()
        // In one event with the list that is made of it: no task comes between.
        try harness.turn(.holdBlocks(["0", "5"]))
        #expect(try harness.finish(1, at: "a").dispatches.isEmpty)
        #expect(try harness.finish(2, at: "b").dispatches.map(\.manager) == ["b"])
        #expect(try harness.registerApus("c", capacity: 1, block: .text("0")).dispatches.isEmpty)
        #expect(try harness.registerApus("d", capacity: 1, block: .text("5")).dispatches.isEmpty)
        #expect(try harness.registerApus("e", capacity: 1, block: .text("6")).dispatches.map(\.tasks) == [[4]])
        #expect(harness.state.managerSummaries(at: harness.now).map(\.active) == [false, true, false, false, true])
        // A manager that lost its connection, and one that was lost: the block stays held.
        try harness.registerApus("c", capacity: 1, block: .text("0"))
        try harness.wait(seconds: 11)
        #expect(try harness.registerApus("a", capacity: 1, block: .text("0"), startTime: 9).dispatches.isEmpty)
    }

    @Test("a hold is told to monitoring once for each manager")
    func monitoring() throws {
        var harness = StateHarness(monitors: true)
        try harness.registerApus("a", capacity: 1)
        try harness.registerApus("b", capacity: 1)
        #expect(try harness.turn(.holdBlocks(["0"])).nodes.map(\.active) == [false, false])
        #expect(try harness.turn(.holdBlocks(["0"])).nodes.isEmpty)
    }

    @Test("the command holds and lists in one reply")
    func command() throws {
        let interchange = try TestInterchange()
        func ask(_ hold: [String]) throws -> [BlockSummary] {
            try interchange.ask(.blocks(hold: hold)).withUnsafeBytes { try CommandReply.parseBlockSummaries($0) }
        }
        #expect(try ask([]).isEmpty)
        let manager = try interchange.connect("m1")
        try manager.send(manager.registration(capacity: 1, workers: 1, apus: ApusManagerHello(fingerprint: "")))
        try interchange.submit(1)
        #expect(try manager.nextTasks() == [1])
        let block = try #require(try ask([]).first).blockID
        try interchange.submit(2)
        let held = try ask([block])
        #expect(held.map(\.tasks) == [1])
        try manager.finish(1)
        #expect(try interchange.nextResult().taskID == 1)
        #expect(try ask([]).map(\.tasks) == [0])
        #expect(try interchange.managers().map(\.active) == [false])
    }
}
