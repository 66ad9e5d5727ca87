import TestSupport
import Testing

@testable import ManagerRuntime

@Suite("Manager state: deaths", .paced)
struct ManagerStateLossTests {
    @Test("a worker that dies with eight frames loses one task; the others go elsewhere with their numbers")
    func oneLoss() {
        var bench = StateBench.serving(workers: 1)
        bench.warmUp(nanoseconds: 100_000)
        bench.tasks(1...8)
        #expect(bench.state.workers[0].queue.count == 8)
        let effects = bench.send(.workerEnded(0, "signal 9 (SIGKILL)"))
        #expect(
            effects == [
                .reportLost(task: 1, worker: 0, ending: "signal 9 (SIGKILL)"), .startWorker(0), .announce(capacity: 0),
            ])
        #expect(bench.state.pending.map(\.id) == Array(2...8))
        #expect(bench.send(.workerReady(0)).writes == (2...8).map { [$0, 0] })
    }

    @Test("what was given back goes before what waits")
    func order() {
        var bench = StateBench.serving(workers: 2)
        bench.tasks([1, 2, 3, 4])
        let front = bench.state.workers[0].queue.map(\.id)
        bench.send(.workerEnded(0, "exit status 3"))
        #expect(bench.state.pending.map(\.id) == [3, 4])
        #expect(front.count == 1)
    }

    @Test("an idle worker that has worked is replaced without a report and without counting against the program")
    func idleDeath() {
        var bench = StateBench.serving(workers: 1)
        bench.warmUp(count: 1, nanoseconds: 100)
        for _ in 0..<5 {
            #expect(bench.send(.workerEnded(0, "signal 9")).contains(.startWorker(0)))
            bench.send(.workerReady(0))
            bench.warmUp(count: 1, nanoseconds: 100)
        }
    }

    @Test("three workers in a row that end before they are ready end the manager with the last one's words")
    func crashLoop() {
        var bench = StateBench(workers: 2)
        bench.send(.begin)
        #expect(bench.send(.workerEnded(0, "a")) == [.startWorker(0)])
        #expect(bench.send(.workerEnded(1, "b")) == [.startWorker(1)])
        let last = bench.send(.workerEnded(0, "exit status 1: no library"))
        guard case .finish(.workersUnusable(let text))? = last.first else {
            Issue.record("the manager goes on: \(last)")
            return
        }
        #expect(text.contains("no library"))
        #expect(ManagerEnding.workersUnusable(text).exitCode != 0)
    }

    @Test("a worker that runs a task ends the row of early ends")
    func crashLoopInterrupted() {
        var bench = StateBench.serving(workers: 2)
        bench.send(.workerEnded(0, "a"))
        bench.send(.workerEnded(0, "b"))
        bench.tasks([1])
        bench.send(.workerResult(1, task: 1))
        #expect(bench.send(.workerEnded(0, "c")).contains(.startWorker(0)))
        #expect(bench.state.phase == .serving)
    }

    @Test("a task that kills every worker it meets does not end the manager")
    func poison() {
        var bench = StateBench.serving(workers: 1)
        for id in 1...10 {
            bench.tasks([id])
            let effects = bench.send(.workerEnded(0, "signal 4"))
            #expect(effects.first == .reportLost(task: id, worker: 0, ending: "signal 4"))
            bench.send(.workerReady(0))
        }
        #expect(bench.state.phase == .serving)
    }

    @Test("the end of a worker that is not there changes nothing")
    func unknownEnd() {
        var bench = StateBench(workers: 1)
        #expect(bench.send(.workerEnded(0, "x")).isEmpty)
    }
}

@Suite("Manager state: the interchange's silence and return", .paced)
struct ManagerStateConnectionTests {
    @Test("heartbeats are sent each period")
    func heartbeats() {
        var bench = StateBench.serving()
        var count = 0
        for _ in 0..<40 {
            count += bench.send(.tick, after: StateBench.second / 2).count { $0 == .sendHeartbeat }
            bench.send(.heartbeat)
        }
        #expect(count == 10)
    }

    @Test("silence of twelve thresholds ends the manager; any message is a sign of life", arguments: [true, false])
    func silence(speaks: Bool) {
        var bench = StateBench.serving()
        var endings = 0
        for _ in 0..<(12 * 20 + 10) {
            let effects = bench.send(.tick, after: StateBench.second / 2)
            endings += effects.count { $0 == .finish(.interchangeSilent) }
            if speaks { bench.send(.acknowledged([])) }
        }
        #expect(endings == (speaks ? 0 : 1))
    }

    @Test("a manager that slept does not blame the interchange, but later silence counts")
    func lateWakeUp() {
        var bench = StateBench.serving()
        bench.send(.tick, after: StateBench.second / 2)
        #expect(!bench.send(.tick, after: 60 * StateBench.second).contains(.finish(.interchangeSilent)))
        var ended = false
        for _ in 0..<(12 * 20 + 10) {
            ended = ended || bench.send(.tick, after: StateBench.second / 2).contains(.finish(.interchangeSilent))
        }
        #expect(ended)
    }

    @Test(
        "a manager that slept long, or hears nothing for half the threshold, presents itself again",
        arguments: [true, false])
    func presentsAgain(sleeps: Bool) {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1, 2])
        bench.send(.workerResult(0, task: 1))
        var presented = 0
        for _ in 0..<16 {
            let effects = bench.send(.tick, after: StateBench.second / 2)
            presented += effects.count { $0 == .register(held: [1, 2], capacity: 1) }
            if sleeps { bench.send(.heartbeat) }
        }
        #expect(presented == (sleeps ? 0 : 1))
        guard sleeps else { return }
        let effects = bench.send(.tick, after: 30 * StateBench.second)
        #expect(effects.starts(with: [.register(held: [1, 2], capacity: 1), .resendResult(task: 1)]))
    }

    @Test("Parsl's interchange is never presented a manager twice")
    func neverTwiceAtStock() {
        var bench = StateBench.serving(peer: .stock)
        for pause in [1, 5, 20, 3, 3, 3, 3] {
            let effects = bench.send(.tick, after: UInt64(pause) * StateBench.second / 2)
            #expect(!effects.contains { if case .register = $0 { true } else { false } })
        }
    }

    @Test("after a reconnect an Apus interchange is told what is held, and gets unacknowledged results again")
    func reconnect() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([3, 1, 2])
        bench.send(.workerResult(0, task: 3))
        bench.send(.workerResult(0, task: 1))
        bench.send(.acknowledged([3]))
        #expect(bench.send(.reconnected) == [.register(held: [1, 2], capacity: 1), .resendResult(task: 1)])
        #expect(bench.send(.acknowledged([1])) == [.releaseResults([1])])
        #expect(bench.send(.reconnected) == [.register(held: [2], capacity: 1)])
    }

    @Test("Parsl's interchange forgets tasks on a second registration, so there is none")
    func reconnectStock() {
        var bench = StateBench.serving(peer: .stock)
        bench.tasks([1])
        #expect(bench.send(.reconnected).isEmpty)
    }

    @Test("a reconnect before any answer registers again")
    func reconnectUnknown() {
        var bench = StateBench.serving(peer: .unknown)
        #expect(bench.send(.reconnected) == [.register(held: [], capacity: 2)])
    }

    @Test("tasks without a welcome show Parsl's interchange, which acknowledges nothing")
    func stock() {
        var bench = StateBench.serving(workers: 1, prefetch: .automatic, peer: .unknown)
        bench.tasks([1])
        #expect(bench.state.peer == .stock)
        #expect(bench.send(.workerResult(0, task: 1), after: 10) == [.forwardResult(task: 1)])
        #expect(bench.state.standing.isEmpty)
    }

    @Test("the manager asks once to be drained when its time is over")
    func drain() {
        var bench = StateBench(workers: 1, drainAfter: 3 * StateBench.second)
        bench.send(.begin)
        bench.send(.reachable)
        bench.send(.workerReady(0))
        var count = 0
        for _ in 0..<16 {
            count += bench.send(.tick, after: StateBench.second / 2).count { $0 == .sendDrain }
            bench.send(.heartbeat)
        }
        #expect(count == 1)
    }
}
