import InterchangeRuntime
import TestSupport
import Testing
import WireProtocol

@Suite("inspection", .paced)
struct InspectionTests {
    @Test("the queue, the managers and the places of tasks are told, in the order in which they are handed out")
    func places() throws {
        var harness = StateHarness()
        try harness.hello()
        try harness.submit(1...2)
        try harness.registerApus("a", capacity: 2)
        try harness.submit(3...5)
        try harness.submit(6, priority: 1)
        try harness.turn(.cancel([4]))
        let report = harness.state.inspection(of: [1, 3, 4, 5, 6, 7], at: harness.now + 3_000_000_000)
        #expect(report.queued == 3)
        #expect(
            report.places == [
                .atManager("a"), .queued(ahead: 1), .ended, .queued(ahead: 2), .queued(ahead: 0), .unknown,
            ])
        let manager = try #require(report.managers.first)
        #expect(report.managers.count == 1 && manager.name == "a" && manager.tasks == 2 && manager.capacity == 2)
        #expect(manager.active && !manager.draining && !manager.inDoubt && manager.idle == 0)
        #expect(manager.silent >= 3 && manager.silent < 4)
    }

    @Test("a held manager is told as one, and nothing changes by asking")
    func held() throws {
        var harness = StateHarness()
        try harness.hello()
        try harness.registerApus("a", capacity: 2)
        try harness.turn(.hold(ManagerIdentity("a")))
        try harness.submit(1...1)
        let first = harness.state.inspection(of: [1], at: harness.now)
        #expect(first.managers.map(\.active) == [false] && first.places == [.queued(ahead: 0)])
        #expect(harness.state.inspection(of: [1], at: harness.now) == first)
    }

    @Test("a task that asks for more than a worker is told with what it asks for, and how many managers have that")
    func demanding() throws {
        var harness = StateHarness()
        try harness.hello()
        try harness.registerApus("a", capacity: 8, workers: 8, node: NodeCapacity(cores: 8, memory: 16 << 30, gpus: 4))
        try harness.submit(1, needs: TaskNeeds(cores: 8))
        try harness.turn()
        try harness.submit(2, needs: TaskNeeds(cores: 4))
        try harness.submit(3, needs: TaskNeeds(cores: 16))
        try harness.turn()
        let report = harness.state.inspection(of: [1, 2, 3], at: harness.now)
        #expect(
            report.places == [
                .atManager("a"), .demanding("4 processors", able: 1), .demanding("16 processors", able: 0),
            ])
        #expect(report.queued == 2)
    }

    @Test("the reply is read as it was written, and None as nothing")
    func reply() throws {
        let report = InterchangeInspection(
            queued: 3,
            managers: [
                .init(
                    name: "a b", host: "n1", block: "0", workers: 4, capacity: 8, tasks: 2, idle: 0, silent: 1.5,
                    active: true, draining: false, inDoubt: true)
            ],
            places: [
                .queued(ahead: 7), .demanding("2 nodes and 4 processors", able: 3), .atManager("a b"), .ended, .unknown,
            ])
        let read = try report.encode().withUnsafeBytes { try InterchangeInspection.parse($0) }
        #expect(read == report)
        let empty = InterchangeInspection(queued: 0, managers: [], places: [])
        #expect(try empty.encode().withUnsafeBytes { try InterchangeInspection.parse($0) } == empty)
        #expect(try CommandReply.none().withUnsafeBytes { try InterchangeInspection.parse($0) } == nil)
        let question = InterchangeCommand.inspect(tasks: [5, 1]).encode()
        guard case .inspect(let tasks) = question.withUnsafeBytes({ InterchangeCommand.parse($0) }) else {
            Issue.record("it is read as another command")
            return
        }
        #expect(tasks == [5, 1])
    }
}
