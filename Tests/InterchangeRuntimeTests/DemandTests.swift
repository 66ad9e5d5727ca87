import InterchangeRuntime
import TestSupport
import Testing
import WireProtocol

@Suite("tasks that ask for more than a worker", .paced)
struct DemandTests {
    /// An interchange with an Apus executor and managers of eight workers, eight processors and four devices each.
    private func harness(_ managers: String...) throws -> StateHarness {
        var harness = StateHarness()
        try harness.hello()
        for name in managers {
            try harness.registerApus(
                name, capacity: 512, workers: 8, node: NodeCapacity(cores: 8, memory: 16 << 30, gpus: 4))
        }
        return harness
    }

    @Test("large tasks are spread over managers with room, and the rest waits in the interchange")
    func spread() throws {
        var harness = try harness("a", "b")
        for id in 1...64 { try harness.submit(id, needs: TaskNeeds(cores: 4)) }
        let outcome = try harness.turn()
        #expect(outcome.dispatches.map(\.tasks.count) == [2, 2])
        #expect(harness.state.queuedCount == 60)
        let first = try #require(outcome.dispatches.first)
        #expect(try harness.finish(first.tasks[0], at: first.manager).dispatches.map(\.tasks.count) == [1])
    }

    @Test("the others go where there is room beside them")
    func beside() throws {
        var harness = try harness("a", "b")
        try harness.submit(1, needs: TaskNeeds(cores: 8))
        let large = try #require(try harness.turn().dispatches.first)
        try harness.submit(2...9)
        #expect(try harness.turn().dispatches.map(\.manager) == [large.manager == "a" ? "b" : "a"])
    }

    @Test("small and large tasks keep their order and their priorities")
    func order() throws {
        var harness = StateHarness()
        try harness.hello()
        for id in 1...8 { try harness.submit(id) }
        try harness.submit(9, needs: TaskNeeds(cores: 2))
        try harness.submit(10, priority: 1, needs: TaskNeeds(cores: 2))
        let outcome = try harness.registerApus(
            "a", capacity: 64, workers: 8, node: NodeCapacity(cores: 8, memory: 1, gpus: 0))
        #expect(outcome.dispatches.first?.tasks.prefix(7) == [10, 1, 2, 3, 4, 5, 6])
    }

    @Test("one that finds no room goes to a manager after two seconds, one ahead for each")
    func patience() throws {
        var harness = try harness("a")
        try harness.submit(1, needs: TaskNeeds(cores: 5))
        try harness.turn()
        for id in 2...4 { try harness.submit(id, needs: TaskNeeds(cores: 5)) }
        #expect(try harness.turn().dispatches.isEmpty)
        #expect(try harness.wait(seconds: 1).dispatches.isEmpty)
        #expect(try harness.wait(seconds: 1.5).dispatches.map(\.tasks) == [[2]])
        #expect(try harness.wait(seconds: 5).dispatches.isEmpty)
        // The first is over, the second may run, and nobody waits there.
        #expect(try harness.finish(1, at: "a").dispatches.isEmpty)
        #expect(try harness.wait(seconds: 2.5).dispatches.map(\.tasks) == [[3]])
    }

    @Test("plain tasks do not keep a large one away for ever")
    func amongPlain() throws {
        var harness = try harness("a")
        try harness.submit(1...600)
        try harness.turn()
        try harness.submit(1000, needs: TaskNeeds(cores: 8))
        for id in 1...20 { #expect(!(try harness.finish(id, at: "a").dispatches.joined.contains(1000))) }
        var sent: [Int] = []
        for id in 21...40 {
            harness.now += 200_000_000
            sent += try harness.finish(id, at: "a").dispatches.joined
        }
        #expect(sent.contains(1000))
    }

    @Test("one that no manager could ever run is answered after five seconds, and names what there is")
    func hopeless() throws {
        var harness = try harness("a", "b")
        try harness.submit(1, needs: TaskNeeds(cores: 9))
        try harness.submit(2, needs: TaskNeeds(gpus: 5))
        try harness.turn()
        #expect(try harness.wait(seconds: 4).unplaceable.isEmpty)
        let texts = try harness.wait(seconds: 1).unplaceable + harness.wait(seconds: 1).unplaceable
        #expect(texts.count == 2)
        #expect(texts.contains { $0.contains("asks for 9 processors") && $0.contains("8 processors") }, "\(texts)")
        #expect(harness.state.queuedCount == 0)
    }

    @Test("it waits while there is no manager, and runs when a large one comes in time")
    func late() throws {
        var harness = try harness()
        try harness.submit(1, needs: TaskNeeds(cores: 9))
        #expect(try harness.wait(seconds: 100).unplaceable.isEmpty)
        try harness.registerApus("small", capacity: 8, workers: 8, node: NodeCapacity(cores: 8))
        #expect(try harness.wait(seconds: 4).unplaceable.isEmpty)
        let outcome = try harness.registerApus("large", capacity: 8, workers: 16, node: NodeCapacity(cores: 16))
        #expect(outcome.dispatches.map(\.manager) == ["large"])
        #expect(try harness.wait(seconds: 6).unplaceable.isEmpty)
    }

    @Test("a cancelled one leaves the queue, and does not come back")
    func cancelled() throws {
        var harness = try harness("a")
        try harness.submit(1, needs: TaskNeeds(cores: 8))
        try harness.turn()
        for id in 2...4 { try harness.submit(id, needs: TaskNeeds(cores: 8)) }
        #expect(try harness.turn(.cancel([3])).answered == [3])
        #expect(try harness.finish(1, at: "a").dispatches.joined == [2])
        #expect(try harness.finish(2, at: "a").dispatches.joined == [4])
        #expect(harness.state.queuedCount == 0)
    }

    @Test("a lost manager gives back what its tasks had, and its name may come again")
    func lost() throws {
        var harness = try harness("a")
        try harness.submit(1, needs: TaskNeeds(cores: 8))
        try harness.submit(2, needs: TaskNeeds(cores: 8))
        try harness.turn()
        #expect(try harness.wait(seconds: 11).failed == [1])
        let outcome = try harness.registerApus(
            "a", capacity: 8, workers: 8, startTime: 2, node: NodeCapacity(cores: 8, memory: 0))
        #expect(outcome.dispatches.joined == [2])
    }

    @Test("a stock executor's tasks are handed out as before: its pools look after them")
    func stock() throws {
        var harness = StateHarness()
        try harness.submit(1, needs: TaskNeeds(nodes: 100))
        #expect(try harness.registerStock("m", capacity: 4).dispatches.map(\.tasks) == [[1]])
    }

    @Test(
        "whatever comes, nothing is counted wrong and every task ends",
        arguments: Thoroughness.seeds(few: 2, many: 30))
    func random(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        var harness = try harness("a", "b", "c")
        var running: [(id: Int, manager: String)] = []
        var ended = 0
        func note(_ outcome: StateHarness.Outcome) {
            for dispatch in outcome.dispatches { for id in dispatch.tasks { running.append((id, dispatch.manager)) } }
            ended += outcome.unplaceable.count + outcome.answered.count
        }
        for id in 1...300 {
            let needs: TaskNeeds? =
                random.next() % 3 == 0
                ? nil
                : TaskNeeds(
                    cores: Int(random.next() % 10), memory: Int(random.next() % 17) << 30, gpus: Int(random.next() % 6))
            if let needs, needs != TaskNeeds() { try harness.submit(id, needs: needs) } else { try harness.submit(id) }
            harness.now += random.next() % 50_000_000
            for name in ["a", "b", "c"] { note(try harness.turn(.heartbeat(ManagerIdentity(name)))) }
            note(try harness.turn(.tick))
            if random.next() % 2 == 0, !running.isEmpty {
                let task = running.remove(at: Int(random.next() % UInt64(running.count)))
                note(try harness.finish(task.id, at: task.manager))
                ended += 1
            }
            if random.next() % 40 == 0 { note(try harness.turn(.cancel([id]))) }
        }
        for _ in 0..<2000 where ended < 300 {
            if !running.isEmpty {
                let task = running.removeFirst()
                note(try harness.finish(task.id, at: task.manager))
                ended += 1
            }
            for name in ["a", "b", "c"] { note(try harness.turn(.heartbeat(ManagerIdentity(name)))) }
            note(try harness.wait(seconds: 0.3))
        }
        #expect(harness.state.queuedCount == 0)
        #expect(ended == 300, "seed \(seed)")
    }
}

private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension [StateHarness.Outcome.Dispatch] {
    fileprivate var joined: [Int] { flatMap(\.tasks) }
}
