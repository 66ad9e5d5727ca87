import TestSupport
import Testing

@testable import ManagerRuntime

@Suite("Manager state: tasks that are stopped", .paced)
struct ManagerStateCancelTests {
    @Test("a task that waits is answered at once, and not run")
    func pending() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1, 2, 3])
        #expect(bench.send(.cancel([2])) == [.reportStopped(task: 2, .unbegun)])
        #expect(bench.send(.workerResult(0, task: 1)).writes == [[3, 0]])
        #expect(bench.state.standing[2] == .finished)
        #expect(bench.send(.acknowledged([2])) == [.releaseResults([2])])
    }

    @Test("a task that runs is asked to stop, once, and its worker's answer is its end")
    func running() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1, 2])
        #expect(bench.send(.cancel([1])) == [.cancelRunning(task: 1, worker: 0)])
        #expect(bench.send(.cancel([1])).isEmpty)
        #expect(
            bench.send(.workerResult(0, task: 1), after: StateBench.second)
                == [.forwardResult(task: 1), .write(task: 2, worker: 0)])
        #expect(bench.state.stops.isEmpty)
        #expect(!bench.send(.tick, after: 10 * StateBench.second).contains(.killWorker(0)))
    }

    @Test("a task that goes on after the grace period costs its worker, not a loss, and nobody else anything")
    func killed() {
        var bench = StateBench.serving(workers: 2)
        bench.tasks([1, 2])
        let worker = bench.state.workers.firstIndex { $0.queue.first?.id == 1 } ?? -1
        bench.send(.cancel([1]))
        #expect(!bench.send(.tick, after: 5 * StateBench.second - 1).contains(.killWorker(worker)))
        #expect(bench.send(.tick, after: 1).contains(.killWorker(worker)))
        #expect(!bench.send(.tick, after: StateBench.second).contains(.killWorker(worker)))
        // Its last words come too late.
        #expect(bench.send(.workerResult(worker, task: 1)).isEmpty)
        #expect(
            bench.send(.workerEnded(worker, "signal 9"))
                == [
                    .reportStopped(task: 1, .cancelled(worker: worker, killed: true, ending: "signal 9")),
                    .startWorker(worker),
                ])
        #expect(bench.state.standing[2] == .sent(worker: 1 - worker))
    }

    @Test("a worker that ends by itself while its task is stopped is no loss either")
    func endedMeanwhile() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1])
        bench.send(.cancel([1]))
        #expect(
            bench.send(.workerEnded(0, "exit status 3")).first
                == .reportStopped(task: 1, .cancelled(worker: 0, killed: false, ending: "exit status 3")))
    }

    @Test("tasks that were sent ahead are asked back, and those that shall not run are answered when they come")
    func ahead() {
        var bench = StateBench.serving(workers: 1)
        bench.warmUp(nanoseconds: 100_000)
        bench.tasks(1...5)
        #expect(bench.send(.cancel([3, 4])) == [.recall(0)])
        #expect(
            bench.send(.workerReturned(0, tasks: [2, 3, 4, 5]))
                == [
                    .reportStopped(task: 3, .unbegun), .reportStopped(task: 4, .unbegun), .write(task: 2, worker: 0),
                    .write(task: 5, worker: 0),
                ])
        #expect(bench.state.stops.isEmpty)
    }

    @Test("a task sent ahead that begins before it is asked back is stopped as one that runs")
    func aheadBegins() {
        var bench = StateBench.serving(workers: 1)
        bench.warmUp(nanoseconds: 100_000)
        bench.tasks(1...3)
        bench.send(.cancel([2]))
        let effects = bench.send(.workerResult(0, task: 1))
        #expect(effects.contains(.cancelRunning(task: 2, worker: 0)))
        // Unanswered, since the worker was between two tasks: asked again, as long as something waits behind.
        #expect(bench.send(.tick, after: 10 * StateBench.millisecond).contains(.recall(0)))
        bench.send(.workerReturned(0, tasks: [3]))
        // Nothing is written ahead behind a task that may take its worker along.
        #expect(bench.state.workers[0].queue.map(\.id) == [2])
        #expect(bench.send(.workerResult(0, task: 2)).writes == [[3, 0]])
    }

    @Test("frames behind a killed task run elsewhere, with their numbers and without a report")
    func behind() {
        var bench = StateBench.serving(workers: 1, cancelGrace: 0)
        bench.warmUp(nanoseconds: 100_000)
        bench.tasks(1...4)
        bench.send(.cancel([1, 3]))
        #expect(bench.send(.tick).contains(.killWorker(0)))
        let effects = bench.send(.workerEnded(0, "signal 9"))
        #expect(
            effects.filter { if case .reportStopped = $0 { true } else { false } }
                == [
                    .reportStopped(task: 1, .cancelled(worker: 0, killed: true, ending: "signal 9")),
                    .reportStopped(task: 3, .unbegun),
                ])
        #expect(!effects.contains { if case .reportLost = $0 { true } else { false } })
        #expect(bench.send(.workerReady(0)).writes == [[2, 0], [4, 0]])
    }

    @Test(
        "a walltime that is over gives the body the grace period, then the worker is killed; the report has both times")
    func overdue() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1])
        #expect(bench.send(.workerOverdue(0, task: 1, limit: 2, elapsed: 2.5)).isEmpty)
        #expect(!bench.send(.tick, after: 4 * StateBench.second).contains(.killWorker(0)))
        #expect(bench.send(.tick, after: StateBench.second).contains(.killWorker(0)))
        #expect(
            bench.send(.workerEnded(0, "signal 9"), after: StateBench.second).first
                == .reportStopped(task: 1, .timedOut(limit: 2, elapsed: 8.5)))
    }

    @Test("the first reason stays: a cancellation after the limit, and a limit after the cancellation, change nothing")
    func firstReason() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1])
        bench.send(.workerOverdue(0, task: 1, limit: 2, elapsed: 2))
        #expect(bench.send(.cancel([1])).isEmpty)
        bench.send(.workerResult(0, task: 1))
        bench.tasks([2])
        bench.send(.cancel([2]))
        let stop = bench.state.stops[2]
        bench.send(.workerOverdue(0, task: 2, limit: 2, elapsed: 2), after: StateBench.second)
        #expect(bench.state.stops[2] == stop)
    }

    @Test("what has ended, or was never here, is passed over")
    func unknown() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1])
        bench.send(.workerResult(0, task: 1))
        #expect(bench.send(.cancel([1, 99])).isEmpty)
        #expect(bench.send(.workerOverdue(0, task: 1, limit: 1, elapsed: 1)).isEmpty)
    }

    @Test("a task being stopped is held at a registration, so that the interchange asks again, which changes nothing")
    func reconnect() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1])
        bench.send(.cancel([1]))
        let stop = bench.state.stops[1]
        #expect(bench.send(.reconnected) == [.register(held: [1], capacity: 1)])
        #expect(bench.send(.cancel([1]), after: StateBench.second).isEmpty)
        #expect(bench.state.stops[1] == stop)
    }

    @Test("a manager wakes up in time to kill")
    func deadline() {
        var bench = StateBench.serving(workers: 1, cancelGrace: 10 * StateBench.millisecond)
        bench.tasks([1])
        bench.send(.cancel([1]))
        #expect(bench.state.nextDeadline(at: bench.now) == bench.now + 10 * StateBench.millisecond)
    }
}
