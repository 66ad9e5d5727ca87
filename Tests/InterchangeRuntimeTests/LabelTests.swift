import InterchangeRuntime
import TestSupport
import Testing
import WireProtocol

@Suite("tasks that ask for labels of nodes", .paced)
struct LabelTests {
    /// An interchange with an Apus executor and managers of two workers with these labels.
    private func harness(_ managers: [(name: String, labels: Set<String>)], capacity: Int = 2) throws -> StateHarness {
        var harness = StateHarness()
        try harness.hello()
        for (name, labels) in managers {
            try harness.registerApus(
                name, capacity: capacity, workers: 2,
                node: NodeCapacity(cores: 2, memory: 4 << 30, labels: labels.union(["host=\(name)"])))
        }
        return harness
    }

    @Test(
        "a task goes to nodes that have all its labels, and to no other",
        arguments: [
            (["fast"], ["b", "c"]), (["gpu=a100"], ["a", "b"]), (["gpu=a100", "fast"], ["b"]), (["host=c"], ["c"]),
            (["fast", "host=b", "gpu=a100"], ["b"]),
        ] as [([String], Set<String>)])
    func placement(labels: [String], expected: Set<String>) throws {
        var harness = try harness([("a", ["gpu=a100"]), ("b", ["gpu=a100", "fast"]), ("c", ["fast"]), ("d", [])])
        for id in 1...20 { try harness.submit(id, needs: TaskNeeds(labels: labels)) }
        let outcome = try harness.turn()
        #expect(Set(outcome.dispatches.map(\.manager)) == expected)
        #expect(outcome.dispatches.allSatisfy { $0.tasks.count == 2 })
        #expect(harness.state.queuedCount == 20 - 2 * expected.count)
    }

    @Test("labels and sizes count together")
    func withSizes() throws {
        var harness = try harness([("a", ["fast"]), ("b", [])])
        try harness.submit(1, needs: TaskNeeds(cores: 2, labels: ["fast"]))
        try harness.submit(2, needs: TaskNeeds(cores: 2, labels: ["fast"]))
        try harness.submit(3, needs: TaskNeeds(cores: 2))
        #expect(try Set(harness.turn().dispatches.map { "\($0.manager) \($0.tasks)" }) == ["a [1]", "b [3]"])
        #expect(try harness.finish(1, at: "a").dispatches.map(\.tasks) == [[2]])
    }

    @Test(
        "tasks without labels are not held up by one that waits for its node, and the order is kept where both may go")
    func others() throws {
        var harness = try harness([("a", ["fast"]), ("b", [])])
        try harness.submit(1...2)
        try harness.submit(3, needs: TaskNeeds(labels: ["fast"]))
        try harness.submit(4, needs: TaskNeeds(labels: ["fast"]))
        try harness.submit(5...6)
        let first = try harness.turn().dispatches
        #expect(first.first { $0.manager == "a" }?.tasks.contains(3) == true)
        #expect(Set(first.flatMap(\.tasks)).count == 4)
        #expect(harness.state.queuedCount == 2)
        // What becomes free at the other node is for the next task that may go there, and here for the labelled one.
        let b = try #require(first.first { $0.manager == "b" })
        for id in b.tasks { #expect(!(try harness.finish(id, at: "b").dispatches.flatMap(\.tasks).contains(4))) }
        #expect(try harness.finish(3, at: "a").dispatches.flatMap(\.tasks).count <= 1)
    }

    @Test("of a labelled and a plain task the one that came first is first, and a priority goes before both")
    func order() throws {
        var harness = try harness([("a", ["fast"])])
        try harness.submit(1...2)
        try harness.turn()
        try harness.submit(3, needs: TaskNeeds(labels: ["fast"]))
        try harness.submit(4)
        try harness.submit(5, priority: 1, needs: TaskNeeds(labels: ["fast"]))
        #expect(try harness.turn().dispatches.isEmpty)
        #expect(try harness.finish(1, at: "a").dispatches.flatMap(\.tasks) == [5])
        #expect(try harness.finish(2, at: "a").dispatches.flatMap(\.tasks) == [3])
        #expect(try harness.finish(5, at: "a").dispatches.flatMap(\.tasks) == [4])
    }

    @Test(
        "short tasks are sent ahead to labelled nodes as to any other, idle workers first, within the window of bytes")
    func ahead() throws {
        var harness = try harness([("a", ["fast"]), ("b", ["fast"])], capacity: 64)
        for id in 1...4 { try harness.submit(id, needs: TaskNeeds(labels: ["fast"])) }
        #expect(try harness.turn().dispatches.map(\.tasks.count) == [2, 2])
        for id in 5...200 { try harness.submit(id, needs: TaskNeeds(labels: ["fast"])) }
        #expect(try harness.turn().dispatches.map(\.tasks.count) == [62, 62])
        var narrow = StateHarness()
        try narrow.hello()
        try narrow.registerApus(
            "a", capacity: 64, workers: 2, byteCapacity: 1000, node: NodeCapacity(cores: 2, labels: ["fast"]))
        for id in 1...10 { try narrow.submit(id, needs: TaskNeeds(labels: ["fast"])) }
        // Two for the workers; 358 bytes each.
        #expect(try narrow.turn().dispatches.map(\.tasks.count) == [2])
        #expect(try narrow.finish(1, at: "a").dispatches.map(\.tasks.count) == [1])
    }

    @Test("one that waits beside large tasks gets its place in the line of its node")
    func behindLarge() throws {
        var harness = try harness([("a", ["fast"])])
        try harness.submit(1, needs: TaskNeeds(cores: 2))
        try harness.turn()
        try harness.submit(2, needs: TaskNeeds(labels: ["fast"]))
        for id in 3...9 { try harness.submit(id, needs: TaskNeeds(cores: 2)) }
        var sent = try harness.turn().dispatches.flatMap(\.tasks)
        for _ in 0..<12 { sent += try harness.wait(seconds: 0.5).dispatches.flatMap(\.tasks) }
        #expect(sent.first == 2, "\(sent)")
        #expect(sent.count == 2, "\(sent)")
    }

    @Test(
        "a label that no connected node has is an error after five seconds, which names what is wanted and what there is",
        arguments: [
            (
                TaskNeeds(labels: ["gpu=h100"]),
                "the task asks for a worker on a node labelled gpu=h100, and none of the 2 managers that are connected could "
                    + "ever run it: no node has the label gpu=h100; they have the labels fast, gpu=a100, host=a and host=b. "
            ),
            (TaskNeeds(labels: ["fast", "gpu=h100"]), "no node has the label gpu=h100; they have"),
            (
                TaskNeeds(cores: 1, labels: ["fast", "gpu=a100"]),
                "asks for 1 processor on a node labelled fast and gpu=a100, and none of the 2 managers that are connected "
                    + "could ever run it: no node has all of the labels fast and gpu=a100; they have"
            ),
            (
                TaskNeeds(cores: 3, labels: ["fast"]),
                "those that are labelled so have 2 processors, 4.0 GiB of memory, 0 accelerators, no nodes"
            ),
        ])
    func hopeless(needs: TaskNeeds, text: String) throws {
        var harness = try harness([("a", ["gpu=a100"]), ("b", ["fast"])])
        try harness.submit(1, needs: needs)
        try harness.submit(2)
        #expect(try harness.turn().dispatches.flatMap(\.tasks) == [2])
        #expect(try harness.wait(seconds: 4).unplaceable.isEmpty)
        let texts = try harness.wait(seconds: 1).unplaceable + harness.wait(seconds: 1).unplaceable
        #expect(texts.count == 1 && texts[0].contains(text), "\(texts)")
        #expect(harness.state.queuedCount == 0)
    }

    @Test("with one manager the error speaks of one; and a manager that says nothing of its node has no labels")
    func single() throws {
        var harness = StateHarness()
        try harness.hello()
        try harness.registerApus("old", capacity: 2, workers: 2)
        try harness.submit(1, needs: TaskNeeds(labels: ["fast"]))
        try harness.turn()
        let texts = try harness.wait(seconds: 1).unplaceable + harness.wait(seconds: 6).unplaceable
        #expect(texts.first?.contains("the only manager that is connected could never run it") == true, "\(texts)")
        #expect(texts.first?.contains("they have no labels") == true, "\(texts)")
    }

    @Test("one that no node has waits while there is no manager, and runs when the right one comes in time")
    func late() throws {
        var harness = try harness([])
        try harness.submit(1, needs: TaskNeeds(labels: ["fast"]))
        #expect(try harness.wait(seconds: 100).unplaceable.isEmpty)
        try harness.registerApus("slow", capacity: 8, workers: 8, node: NodeCapacity(cores: 8))
        #expect(try harness.wait(seconds: 4).unplaceable.isEmpty)
        let outcome = try harness.registerApus(
            "fast", capacity: 8, workers: 8, node: NodeCapacity(cores: 8, labels: ["fast"]))
        #expect(outcome.dispatches.map(\.manager) == ["fast"])
        #expect(try harness.wait(seconds: 6).unplaceable.isEmpty)
    }

    @Test("a manager that registers again with other labels is given what they allow")
    func again() throws {
        var harness = try harness([("a", [])])
        try harness.submit(1, needs: TaskNeeds(labels: ["fast"]))
        try harness.turn()
        let outcome = try harness.registerApus(
            "a", capacity: 2, workers: 2, node: NodeCapacity(cores: 2, labels: ["fast"]))
        #expect(outcome.dispatches.flatMap(\.tasks) == [1])
    }

    @Test("a stock pool is given none, and its own tasks as before")
    func stock() throws {
        var harness = try harness([])
        try harness.registerStock("pool", capacity: 4)
        try harness.submit(1, needs: TaskNeeds(labels: ["fast"]))
        try harness.submit(2)
        #expect(try harness.turn().dispatches.map(\.tasks) == [[2]])
        let texts = try harness.wait(seconds: 1).unplaceable + harness.wait(seconds: 6).unplaceable
        #expect(texts.count == 1)
    }

    @Test("an operator is told the labels of managers, and which of a task's labels are lacking")
    func inspection() throws {
        var harness = try harness([("a", ["gpu=a100"]), ("b", ["fast"])])
        try harness.submit(1, needs: TaskNeeds(labels: ["gpu=h100", "fast"]))
        try harness.submit(2, needs: TaskNeeds(labels: ["gpu=a100", "fast"]))
        try harness.submit(3, needs: TaskNeeds(cores: 3, labels: ["fast"]))
        try harness.turn()
        let report = harness.state.inspection(of: [1, 2, 3], at: harness.now)
        #expect(report.managers.map(\.labels) == [["gpu=a100", "host=a"], ["fast", "host=b"]])
        #expect(
            report.places == [
                .demanding("a worker on a node labelled fast and gpu=h100", able: 0, lacking: ["gpu=h100"]),
                .demanding("a worker on a node labelled fast and gpu=a100", able: 0, lacking: ["fast", "gpu=a100"]),
                .demanding("3 processors on a node labelled fast", able: 0),
            ])
        let read = try report.encode().withUnsafeBytes { try InterchangeInspection.parse($0) }
        #expect(read == report)
    }

    @Test("whatever comes, every task ends, and only where it may", arguments: Thoroughness.seeds(few: 2, many: 30))
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let labels: [String: Set<String>] = ["a": ["x"], "b": ["x", "y"], "c": ["z"], "d": []]
        var harness = try harness(
            labels.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
            capacity: [2, 5, 128][Int(random.next() % 3)])
        var wanted: [Int: Set<String>] = [:]
        var running: [(id: Int, manager: String)] = []
        var ended = 0
        func note(_ outcome: StateHarness.Outcome) {
            for dispatch in outcome.dispatches {
                for id in dispatch.tasks {
                    running.append((id, dispatch.manager))
                    #expect(
                        wanted[id]?.isSubset(of: labels[dispatch.manager] ?? []) == true, "seed \(seed), task \(id)")
                }
            }
            ended += outcome.unplaceable.count + outcome.answered.count
        }
        for id in 1...300 {
            let choice = ["x", "y", "z", "w"].filter { _ in random.next() % 3 == 0 }
            wanted[id] = Set(choice)
            let needs = TaskNeeds(cores: random.next() % 4 == 0 ? Int(random.next() % 3) : 0, labels: choice)
            if needs == TaskNeeds() { try harness.submit(id) } else { try harness.submit(id, needs: needs) }
            harness.now += random.next() % 50_000_000
            for name in labels.keys.sorted() { note(try harness.turn(.heartbeat(ManagerIdentity(name)))) }
            note(try harness.turn(.tick))
            if random.next() % 2 == 0, !running.isEmpty {
                let task = running.remove(at: Int(random.next() % UInt64(running.count)))
                note(try harness.finish(task.id, at: task.manager))
                ended += 1
            }
        }
        for _ in 0..<2000 where ended < 300 {
            if !running.isEmpty {
                let task = running.removeFirst()
                note(try harness.finish(task.id, at: task.manager))
                ended += 1
            }
            for name in labels.keys.sorted() { note(try harness.turn(.heartbeat(ManagerIdentity(name)))) }
            note(try harness.wait(seconds: 0.3))
        }
        #expect(harness.state.queuedCount == 0)
        #expect(ended == 300, "seed \(seed)")
    }
}
