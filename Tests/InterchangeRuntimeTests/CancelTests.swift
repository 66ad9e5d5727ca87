import InterchangeRuntime
import TestSupport
import Testing
import WireProtocol

@Suite("cancellation", .paced)
struct CancelTests {
    private func harness() throws -> StateHarness {
        var harness = StateHarness()
        try harness.hello()
        return harness
    }

    @Test("a task that waits is answered at once and never handed out; the order of the others stays")
    func queued() throws {
        var harness = try harness()
        try harness.submit(1...5)
        try harness.submit(6, priority: 1)
        try harness.submit(7, priority: 2)
        let outcome = try harness.turn(.cancel([3, 6]))
        #expect(outcome.answered == [3, 6])
        #expect(outcome.answers.allSatisfy { $0.contains("did not run") })
        // 6 would have been next; 3 is in the middle, and goes when its turn comes.
        #expect(outcome.forgotten == [6])
        #expect(harness.state.queuedCount == 5)
        let handOut = try harness.registerApus("a", capacity: 9)
        #expect(handOut.dispatches.map(\.tasks) == [[7, 1, 2, 4, 5]])
        #expect(handOut.forgotten == [3])
        #expect(try harness.turn(.cancel([3, 6])).answered.isEmpty)
    }

    @Test("a thousand tasks that wait are answered and forgotten, one by one or together", arguments: [true, false])
    func many(together: Bool) throws {
        var harness = try harness()
        try harness.submit(1...1000)
        if together {
            #expect(try harness.turn(.cancel(Array(1...1000))).answered.count == 1000)
        } else {
            for id in (1...1000).reversed() { #expect(try harness.handle(.cancel([id])).answered == [id]) }
        }
        #expect(harness.tasks.isEmpty)
        #expect(harness.state.queuedCount == 0)
        try harness.registerApus("a", capacity: 9)
        try harness.submit(1001)
        #expect(try harness.turn().dispatches.map(\.tasks) == [[1001]])
    }

    @Test("a task in flight is stopped by its manager, whose answer is its end")
    func inFlight() throws {
        var harness = try harness()
        try harness.registerApus("a", capacity: 3)
        try harness.submit(1...3)
        try harness.turn()
        let outcome = try harness.turn(.cancel([1, 3]))
        #expect(outcome.asked == ["a": [1, 3]])
        #expect(outcome.answered.isEmpty)
        #expect(try harness.turn(.cancel([1])).asked.isEmpty)
        #expect(try harness.finish(1, at: "a").forwarded == [1])
        #expect(try harness.finish(2, at: "a").forwarded == [2])
        #expect(try harness.finish(3, at: "a").forwarded == [3])
        #expect(try harness.turn(.acknowledged([1, 2, 3])).released == [1, 2, 3])
    }

    @Test(
        "a pool that cannot be asked keeps the task and its place, and what comes of it is dropped",
        arguments: [true, false])
    func unstoppable(isStock: Bool) throws {
        var harness = try harness()
        if isStock {
            try harness.registerStock("m", capacity: 2, workers: 2)
        } else {
            try harness.registerApus("m", capacity: 2, workers: 2, version: 1)
        }
        try harness.submit(1...3)
        try harness.turn()
        let outcome = try harness.turn(.cancel([1]))
        #expect(outcome.answered == [1])
        #expect(outcome.asked.isEmpty)
        #expect(outcome.answers[0].contains("cannot be asked"))
        // It still runs there: nobody else gets its place.
        #expect(outcome.dispatches.isEmpty)
        #expect(try harness.turn(.resume(outstanding: [1, 2, 3])).answered == [1])
        let late = try harness.finish(1, at: "m")
        #expect(late.dropped == [.cancelled])
        #expect(late.forgotten == [1])
        #expect(late.dispatches.map(\.tasks) == [[3]])
        #expect(try harness.turn(.acknowledged([1])).released.isEmpty)
        #expect(try harness.finish(1, at: "m").dropped == [.endedBefore])
    }

    @Test("with its manager lost, a cancelled task is cancelled and not lost")
    func lost() throws {
        var harness = try harness()
        try harness.registerApus("a", capacity: 2)
        try harness.registerStock("s", capacity: 1)
        try harness.submit(1...3)
        // An idle worker first, then the pool, then the place beyond the worker.
        #expect(try harness.turn().dispatches.map(\.tasks).sorted { $0[0] < $1[0] } == [[1, 3], [2]])
        #expect(try harness.turn(.cancel([1, 2])).answered == [2])
        let outcome = try harness.wait(seconds: 200)
        #expect(outcome.failed == [3])
        #expect(outcome.answered == [1])
        #expect(outcome.answers[0].contains("is lost"))
        #expect(outcome.forgotten.sorted() == [1, 2])
    }

    @Test("a manager that connects again is asked again for what it holds; what it does not hold has ended")
    func reconnect() throws {
        var harness = try harness()
        try harness.registerApus("a", capacity: 4)
        try harness.submit(1...4)
        try harness.turn()
        try harness.turn(.cancel([1, 2]))
        let outcome = try harness.registerApus("a", capacity: 4, held: [1, 3])
        #expect(outcome.answered == [2])
        #expect(outcome.forgotten == [2])
        #expect(outcome.asked["a"].map { $0.sorted() } == [1, 2])
        #expect(outcome.dispatches.map(\.tasks) == [[4]])
        #expect(try harness.finish(1, at: "a").forwarded == [1])
        #expect(try harness.finish(2, at: "a").dropped == [.endedBefore])
    }

    @Test("a draining manager whose last task is cancelled ends")
    func drain() throws {
        var harness = try harness()
        try harness.registerApus("a", capacity: 1)
        try harness.submit(1)
        try harness.turn()
        try harness.turn(.drainRequested(ManagerIdentity("a")))
        try harness.turn(.cancel([1]))
        #expect(try harness.registerApus("a", capacity: 1, held: []).shutdowns == ["a"])
    }

    @Test("what has ended, what never came, and what a stock executor asks for is passed over")
    func ignored() throws {
        var harness = try harness()
        try harness.registerApus("a", capacity: 1)
        try harness.submit(1)
        try harness.turn()
        try harness.finish(1, at: "a")
        let outcome = try harness.turn(.cancel([1, 99, 0, -1]))
        #expect(outcome.answered.isEmpty && outcome.asked.isEmpty)
        #expect(try harness.turn(.acknowledged([1])).released == [1])
        var stock = StateHarness()
        try stock.submit(1)
        #expect(try stock.turn(.cancel([1])).answered.isEmpty)
        #expect(stock.state.queuedCount == 1)
    }

    @Test("an answer that was lost with the connection: the task is named as missing, and the executor ends it itself")
    func lostAnswer() throws {
        var harness = try harness()
        try harness.submit(1...9)
        try harness.turn(.cancel([1, 5]))
        #expect(try harness.turn(.resume(outstanding: [1, 5])).missing == [[1, 5]])
        // Should somebody send it again, it is a new task.
        #expect(try harness.submit(5).duplicates.isEmpty)
        #expect(harness.state.queuedCount == 8)
        #expect(try harness.turn(.cancel([5])).answered == [5])
    }
}
