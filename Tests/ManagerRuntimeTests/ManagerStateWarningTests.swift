import TestSupport
import Testing
import WireProtocol

@testable import ManagerRuntime

@Suite("Manager state: the end of the batch job", .paced)
struct ManagerStateWarningTests {
    @Test("a warning drains, and asks what has run for a second to stop; short tasks end by themselves")
    func warning() {
        var bench = StateBench.serving(workers: 2)
        bench.tasks([1])
        bench.send(.tick, after: 2 * StateBench.second)
        bench.tasks([2, 3])
        let effects = bench.send(.warned("signal 10"))
        #expect(effects.first == .sendDrain)
        #expect(effects.dropFirst().map(\.asked) == [1])
        #expect(bench.finish(2).writes.map { $0[0] } == [3])
        #expect(bench.send(.tick, after: StateBench.second / 2).isEmpty)
        let later = bench.send(.tick, after: StateBench.second)
        #expect(later.compactMap(\.asked) == [3])
        #expect(bench.send(.warned("signal 12")).isEmpty)
    }

    @Test("what stops then is reported as not finished; what ends with a value is a result")
    func outcomes() {
        var bench = StateBench.serving(workers: 2)
        bench.tasks([1, 2])
        bench.send(.warned("signal 10"), after: 2 * StateBench.second)
        #expect(bench.state.isWarned(1) && bench.state.isWarned(2))
        guard case .sent(let one)? = bench.state.standing[1], case .sent(let two)? = bench.state.standing[2] else {
            Issue.record("the tasks do not run")
            return
        }
        #expect(bench.send(.workerGaveUp(one, task: 1)) == [.reportUnfinished(task: 1, reason: "signal 10")])
        #expect(bench.send(.workerResult(two, task: 2)) == [.forwardResult(task: 2)])
        // Nobody is killed for it, however long it takes: that is the scheduler's business.
        bench.tasks([3])
        bench.send(.tick, after: 2 * StateBench.second)
        for _ in 0..<20 { #expect(!bench.send(.tick, after: StateBench.second).contains(.killWorker(0))) }
    }

    @Test("a cancellation after the warning is a cancellation")
    func cancelled() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1])
        bench.send(.warned("signal 10"), after: 2 * StateBench.second)
        #expect(bench.send(.cancel([1])).compactMap(\.asked) == [1])
        #expect(!bench.state.isWarned(1))
        #expect(bench.send(.tick, after: 6 * StateBench.second).contains(.killWorker(0)))
    }

    @Test("a worker that dies after the warning costs its task, as always")
    func death() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1])
        bench.send(.warned("signal 10"), after: 2 * StateBench.second)
        let lost = ManagerEffect.reportLost(task: 1, worker: 0, ending: "signal 9")
        #expect(bench.send(.workerEnded(0, "signal 9")).contains(lost))
        #expect(bench.state.stops.isEmpty)
    }

    @Test("a manager that is told to end reports everything it has first, to an interchange of Apus")
    func termination() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1, 2, 3])
        bench.send(.workerResult(0, task: 1))
        let reason = "the manager was told to end by a signal"
        #expect(
            bench.send(.terminate) == [
                .reportUnfinished(task: 2, reason: reason), .reportUnfinished(task: 3, reason: reason),
                .finish(.terminated),
            ])
        var stock = StateBench.serving(workers: 1, peer: .stock)
        stock.tasks([1])
        #expect(stock.send(.terminate) == [.finish(.terminated)])
    }
}

extension ManagerEffect {
    /// The task that is asked to stop.
    fileprivate var asked: Int? { if case .cancelRunning(let task, _) = self { task } else { nil } }
}
