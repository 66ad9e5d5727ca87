import InterchangeRuntime
import TestSupport
import Testing
import WireProtocol

@Suite("who is given which task", .paced)
struct SchedulingTests {
    @Test("a stock manager gets its credit in one batch, and one task for each result")
    func credit() throws {
        var harness = StateHarness()
        try harness.submit(1...10)
        let outcome = try harness.registerStock("m", capacity: 4)
        #expect(outcome.dispatches == [.init(manager: "m", tasks: [1, 2, 3, 4], retained: false)])
        #expect(try harness.finish(2, at: "m").dispatches.map(\.tasks) == [[5]])
        #expect(try harness.turn().dispatches.isEmpty)
        #expect(harness.state.queuedCount == 5)
    }

    @Test("a manager without capacity gets nothing")
    func noCapacity() throws {
        var harness = StateHarness()
        try harness.submit(1...2)
        #expect(try harness.registerStock("m", capacity: 0).dispatches.isEmpty)
    }

    @Test("chance chooses among stock managers, every one comes up, and the seed decides")
    func randomSelector() throws {
        var firsts: [String] = []
        for seed in 0..<40 as Range<UInt64> {
            var harness = StateHarness(seed: seed)
            for name in ["a", "b", "c"] { try harness.registerStock(name, capacity: 5) }
            try harness.submit(1...7)
            let outcome = try harness.turn()
            #expect(outcome.dispatches.map(\.tasks) == [[1, 2, 3, 4, 5], [6, 7]])
            firsts.append(outcome.dispatches[0].manager)
            var again = StateHarness(seed: seed)
            for name in ["a", "b", "c"] { try again.registerStock(name, capacity: 5) }
            try again.submit(1...7)
            #expect(try again.turn().dispatches == outcome.dispatches)
        }
        #expect(Set(firsts) == ["a", "b", "c"])
    }

    @Test("the block selector prefers the highest block id, as text")
    func blockSelector() throws {
        var harness = StateHarness(selector: .blockID)
        try harness.registerStock("a", capacity: 2, block: .text("10"))
        try harness.registerStock("b", capacity: 2, block: .text("9"))
        try harness.registerApus("c", capacity: 2, block: .text("1"))
        try harness.submit(1...5)
        #expect(try harness.turn().dispatches.map(\.manager) == ["b", "a", "c"])
        try harness.finish(5, at: "c")
        try harness.finish(1, at: "b")
        try harness.submit(6...7)
        #expect(try harness.turn().dispatches.map(\.manager) == ["b", "c"])
    }

    @Test("with packing a manager is filled before the next is used, and the fullest comes first again")
    func packed() throws {
        var harness = StateHarness(selector: .packed)
        for name in ["a", "b", "c"] { try harness.registerApus(name, capacity: 100, workers: 4) }
        try harness.submit(1...6)
        let outcome = try harness.turn()
        #expect(outcome.dispatches.map(\.tasks) == [[1, 2, 3, 4], [5, 6]])
        let (full, half) = (outcome.dispatches[0].manager, outcome.dispatches[1].manager)
        try harness.finish(1, at: full)
        try harness.submit(7)
        #expect(try harness.turn().dispatches.map(\.manager) == [full])
        try harness.finish(2, at: full)
        try harness.finish(3, at: full)
        try harness.finish(4, at: full)
        try harness.submit(8...9)
        #expect(try harness.turn().dispatches.map(\.manager) == [half])
    }

    @Test("packing leaves no worker idle while tasks wait, and then fills evenly")
    func packedOverflow() throws {
        var harness = StateHarness(selector: .packed)
        for name in ["a", "b"] { try harness.registerApus(name, capacity: 100, workers: 2) }
        try harness.submit(1...8)
        #expect(try harness.turn().dispatches.map(\.tasks.count) == [4, 4])
    }

    @Test("the emptiest Apus manager is filled first, so no task waits while a worker is idle")
    func emptiest() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 100, workers: 2)
        try harness.registerApus("b", capacity: 100, workers: 2)
        try harness.submit(1...4)
        let outcome = try harness.turn()
        #expect(Set(outcome.dispatches.map(\.manager)) == ["a", "b"])
        #expect(outcome.dispatches.allSatisfy { $0.tasks.count == 2 && $0.retained })
        let busy = outcome.dispatches[0]
        try harness.finish(busy.tasks[0], at: busy.manager)
        try harness.submit(5)
        #expect(try harness.turn().dispatches == [.init(manager: busy.manager, tasks: [5], retained: true)])
    }

    @Test("a window beyond the workers is filled evenly, each manager in proportion to its workers")
    func windows() throws {
        var harness = StateHarness()
        try harness.registerApus("small", capacity: 1000, workers: 1)
        try harness.registerApus("large", capacity: 1000, workers: 4)
        try harness.submit(1...50)
        var counts: [String: Int] = [:]
        for dispatch in try harness.turn().dispatches { counts[dispatch.manager, default: 0] += dispatch.tasks.count }
        #expect(counts == ["small": 10, "large": 40])
    }

    @Test("a batch to a manager is one, whatever the order in which its tasks were chosen")
    func oneBatch() throws {
        var harness = StateHarness()
        for index in 0..<8 { try harness.registerApus("m\(index)", capacity: 64, workers: 4) }
        try harness.submit(1...512)
        let outcome = try harness.turn()
        #expect(outcome.dispatches.count == 8)
        #expect(outcome.dispatches.allSatisfy { $0.tasks.count == 64 && $0.tasks == $0.tasks.sorted() })
    }

    @Test("an Apus manager's capacity follows what it says; a stock one's does not")
    func capacity() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 1)
        try harness.submit(1...10)
        #expect(try harness.turn().dispatches.map(\.tasks) == [[1]])
        #expect(try harness.turn(.capacity(ManagerIdentity("a"), 3)).dispatches.map(\.tasks) == [[2, 3]])
        #expect(try harness.turn(.capacity(ManagerIdentity("a"), 1)).dispatches.isEmpty)
        #expect(try harness.finish(1, at: "a").dispatches.isEmpty)
        #expect(try harness.finish(2, at: "a").dispatches.isEmpty)
        #expect(try harness.finish(3, at: "a").dispatches.map(\.tasks) == [[4]])
        try harness.registerStock("s", capacity: 0)
        #expect(try harness.turn(.capacity(ManagerIdentity("s"), 3)).dispatches.isEmpty)
        #expect(try harness.turn(.capacity(ManagerIdentity("nobody"), 3)).dispatches.isEmpty)
    }

    @Test("the window of bytes holds tasks back, but never the one an idle worker waits for")
    func bytes() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 100, workers: 2, byteCapacity: 1000)
        try harness.submit(1...4, size: 400)
        #expect(try harness.turn().dispatches.map(\.tasks) == [[1, 2]])
        #expect(try harness.finish(1, at: "a").dispatches.map(\.tasks) == [[3]])
        try harness.finish(2, at: "a")
        try harness.finish(3, at: "a")
        try harness.finish(4, at: "a")
        try harness.submit(5...8, size: 5000)
        #expect(try harness.turn().dispatches.map(\.tasks) == [[5, 6]])
        try harness.registerApus("b", capacity: 100, workers: 1, byteCapacity: 1000)
        #expect(harness.state.queuedCount == 1)
        #expect(try harness.finish(5, at: "a").dispatches.map(\.tasks) == [[8]])
    }

    @Test("a small task behind a large one waits for it: age decides, not size")
    func noOvertaking() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 100, workers: 1, byteCapacity: 1000)
        try harness.submit(1, size: 900)
        try harness.submit(2, size: 900)
        try harness.submit(3, size: 10)
        #expect(try harness.turn().dispatches.map(\.tasks) == [[1]])
        #expect(try harness.finish(1, at: "a").dispatches.map(\.tasks) == [[2, 3]])
    }

    @Test("a held manager gets nothing more, finishes what it has and stays listed")
    func hold() throws {
        var harness = StateHarness()
        try harness.registerStock("m", capacity: 1)
        try harness.submit(1...3)
        try harness.turn()
        try harness.turn(.hold(ManagerIdentity("m")))
        #expect(try harness.finish(1, at: "m").forwarded == [1])
        #expect(harness.state.queuedCount == 2)
        let summaries = harness.state.managerSummaries(at: harness.now)
        #expect(summaries.map(\.active) == [false])
        #expect(try harness.turn(.hold(ManagerIdentity("nobody"))).warnings.count == 1)
        #expect(try harness.registerStock("m", capacity: 1).dispatches.isEmpty)
    }

    @Test("a hold outlives the loss of a manager that comes back, but not its process")
    func holdOutlivesLoss() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 1)
        try harness.turn(.hold(ManagerIdentity("a")))
        try harness.wait(seconds: 11)
        #expect(harness.state.managerCount == 0)
        try harness.submit(1)
        #expect(try harness.registerApus("a", capacity: 1).dispatches.isEmpty)
        try harness.wait(seconds: 11)
        #expect(try harness.registerApus("a", capacity: 1, startTime: 2).dispatches.map(\.tasks) == [[1]])
    }

    @Test("Apus managers with idle workers come before stock ones, and those before queues of busy workers")
    func mixed() throws {
        var harness = StateHarness()
        try harness.registerApus("a", capacity: 8, workers: 2)
        try harness.registerStock("s", capacity: 2)
        try harness.submit(1...6)
        let outcome = try harness.turn()
        #expect(outcome.dispatches.contains(.init(manager: "s", tasks: [3, 4], retained: false)))
        #expect(outcome.dispatches.contains(.init(manager: "a", tasks: [1, 2, 5, 6], retained: true)))
    }

    @Test("thousands of managers each get what they can take")
    func manyManagers() throws {
        var harness = StateHarness()
        for index in 0..<100 {
            try harness.registerApus("apus-\(index)", capacity: 2, workers: 2)
            try harness.registerStock("stock-\(index)", capacity: 2)
        }
        try harness.submit(1...600)
        let outcome = try harness.turn()
        #expect(outcome.dispatches.count == 200)
        #expect(outcome.dispatches.allSatisfy { $0.tasks.count == 2 })
        #expect(harness.state.queuedCount == 200)
    }
}
