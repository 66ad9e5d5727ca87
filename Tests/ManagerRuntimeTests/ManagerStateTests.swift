import TestSupport
import Testing

@testable import ManagerRuntime

@Suite("Manager state: start and registration", .paced)
struct ManagerStateStartTests {
    @Test("beginning starts every worker")
    func begin() {
        var bench = StateBench(workers: 3)
        #expect(bench.send(.begin) == [.startWorker(0), .startWorker(1), .startWorker(2)])
    }

    @Test("the manager registers when the interchange answers and all workers are ready, in either order")
    func registration() {
        var first = StateBench()
        first.send(.begin)
        #expect(first.send(.workerReady(0)).isEmpty)
        #expect(first.send(.workerReady(1)).isEmpty)
        #expect(first.send(.reachable) == [.register(held: [], capacity: 2)])

        var second = StateBench()
        second.send(.begin)
        #expect(second.send(.reachable).isEmpty)
        #expect(second.send(.workerReady(1)).isEmpty)
        #expect(second.send(.workerReady(0)) == [.register(held: [], capacity: 2)])
        #expect(second.state.phase == .serving)
    }

    @Test("a slow worker holds up the registration for two seconds, and then counts when it is ready")
    func slowWorker() {
        var bench = StateBench()
        bench.send(.begin)
        bench.send(.reachable)
        bench.send(.workerReady(0))
        #expect(bench.send(.tick, after: 400 * StateBench.millisecond).isEmpty)
        #expect(bench.state.nextDeadline(at: bench.now) <= bench.now + 2 * StateBench.second)
        #expect(bench.send(.tick, after: 2 * StateBench.second) == [.register(held: [], capacity: 2)])
        #expect(bench.send(.welcome) == [.announce(capacity: 1)])
        #expect(bench.send(.workerReady(1)) == [.announce(capacity: 2)])
    }

    @Test("a manager whose workers are ready sleeps while no interchange answers")
    func nobodyAnswers() {
        var bench = StateBench()
        bench.send(.begin)
        bench.send(.workerReady(0))
        bench.send(.workerReady(1))
        for _ in 0..<30 {
            #expect(bench.send(.tick, after: StateBench.second / 2).isEmpty)
            #expect(bench.state.nextDeadline(at: bench.now) > bench.now)
        }
        #expect(bench.send(.reachable) == [.register(held: [], capacity: 2)])
    }

    @Test("no worker, no registration, however long it takes")
    func noWorker() {
        var bench = StateBench()
        bench.send(.begin)
        bench.send(.reachable)
        for _ in 0..<30 { #expect(bench.send(.tick, after: StateBench.second / 2).isEmpty) }
    }

    @Test("a registration that nobody answers is sent again; one that was answered is not")
    func unanswered() {
        var lost = StateBench.serving(peer: .unknown)
        #expect(!lost.send(.tick, after: 3 * StateBench.second).contains(.register(held: [], capacity: 2)))
        #expect(lost.send(.tick, after: 2 * StateBench.second).contains(.register(held: [], capacity: 2)))

        var answered = StateBench.serving(peer: .stock)
        for _ in 0..<20 {
            let effects = answered.send(.tick, after: StateBench.second / 2)
            #expect(!effects.contains(.register(held: [], capacity: 2)))
            answered.send(.heartbeat)
        }
    }

    @Test("a refusal ends the manager with its text")
    func refused() {
        var bench = StateBench.serving(peer: .unknown)
        #expect(bench.send(.refused("other tasks")) == [.finish(.refused("other tasks"))])
        #expect(bench.send(.tasks([TaskTicket(id: 1)])).isEmpty)
    }

    @Test(
        "what ends a manager ends it in every phase, once",
        arguments: [
            (ManagerEvent.shutdown, ManagerEnding.shutdown), (.terminate, .terminated), (.parentEnded, .parentEnded),
            (.workerUnusable(0, "no such directory"), .workersUnusable("no such directory")),
        ])
    func endings(event: ManagerEvent, ending: ManagerEnding) {
        var starting = StateBench()
        starting.send(.begin)
        #expect(starting.send(event) == [.finish(ending)])
        #expect(starting.send(event).isEmpty)
        var serving = StateBench.serving()
        serving.tasks([1, 2, 3])
        #expect(serving.send(event).last == .finish(ending))
        #expect(serving.send(event).isEmpty)
        #expect(serving.state.phase == .ended)
    }
}

@Suite("Manager state: tasks", .paced)
struct ManagerStateTaskTests {
    @Test("tasks go to idle workers first, and wait when there is none")
    func feeding() {
        var bench = StateBench.serving(workers: 2)
        #expect(Set(bench.tasks([1, 2, 3]).writes) == [[1, 1], [2, 0]])
        #expect(bench.state.pending.map(\.id) == [3])
        #expect(
            bench.send(.workerResult(1, task: 1), after: 1) == [.forwardResult(task: 1), .write(task: 3, worker: 1)])
        #expect(bench.send(.workerResult(0, task: 2), after: 1) == [.forwardResult(task: 2)])
    }

    @Test("tasks wait for a worker that is still starting")
    func tasksBeforeWorkers() {
        var bench = StateBench(workers: 1)
        bench.send(.begin)
        #expect(bench.tasks([7]).isEmpty)
        bench.send(.reachable)
        #expect(bench.send(.workerReady(0)).contains(.write(task: 7, worker: 0)))
    }

    @Test("a task that is held or finished is not taken again")
    func duplicates() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1, 2])
        #expect(bench.tasks([1, 2]).isEmpty)
        bench.send(.workerResult(0, task: 1))
        #expect(bench.tasks([1]).isEmpty)
        bench.send(.workerResult(0, task: 2))
        bench.send(.acknowledged([1]))
        #expect(bench.tasks([1]).writes == [[1, 0]])
    }

    @Test("an answer to a task that the worker does not run ends the worker, not the manager")
    func wrongAnswer() {
        var bench = StateBench.serving(workers: 1)
        bench.tasks([1])
        #expect(bench.send(.workerResult(0, task: 5)) == [.killWorker(0), .announce(capacity: 0)])
        #expect(bench.send(.workerResult(0, task: 1)).isEmpty)
        let effects = bench.send(.workerEnded(0, "signal 9"))
        #expect(effects == [.reportLost(task: 1, worker: 0, ending: "signal 9"), .startWorker(0)])
    }

    @Test("nothing is written ahead while tasks take a millisecond or more")
    func noWriteAhead() {
        var bench = StateBench.serving(workers: 2)
        bench.warmUp(nanoseconds: 1_100_000)
        #expect(bench.tasks(1...10).writes.count == 2)
    }

    @Test("short tasks are written ahead, to all workers alike, for at most a millisecond of work")
    func writeAhead() {
        var bench = StateBench.serving(workers: 2)
        bench.warmUp(nanoseconds: 100_000)
        #expect(bench.state.pace.depth == 10)
        let writes = bench.tasks(1...100).writes
        #expect(writes.count == 20)
        #expect(writes.filter { $0[1] == 0 }.count == 10)
    }

    @Test("nothing is written behind a task that has run for a millisecond, whatever the mean")
    func nothingBehindLong() {
        var bench = StateBench.serving(workers: 2)
        bench.warmUp(nanoseconds: 10_000)
        bench.tasks([1])
        let writes = bench.tasks(2...100, after: 2 * StateBench.millisecond).writes
        #expect(bench.state.workers.contains { $0.queue.map(\.id) == [1] })
        #expect(writes.count == TaskPace.deepest)
    }

    @Test("tasks behind a long one are asked back when a worker is idle, and go to it")
    func recall() {
        var bench = StateBench.serving(workers: 2)
        bench.warmUp(nanoseconds: 10_000)
        bench.tasks(1...64)
        let long = bench.state.workers[0].queue.map(\.id)
        for id in bench.state.workers[1].queue.map(\.id) { bench.send(.workerResult(1, task: id), after: 10_000) }
        #expect(bench.state.workers[1].queue.isEmpty)
        #expect(bench.state.nextDeadline(at: bench.now) <= bench.now + 5 * StateBench.millisecond)
        #expect(bench.send(.tick, after: 5 * StateBench.millisecond).contains(.recall(0)))
        #expect(!bench.send(.tick).contains(.recall(0)))

        let effects = bench.send(.workerReturned(0, tasks: Array(long.dropFirst())))
        #expect(effects.writes.first == [long[1], 1])
        #expect(bench.state.workers[0].queue.map(\.id) == [long[0]])
        #expect(bench.send(.workerResult(0, task: long[0])).contains(.forwardResult(task: long[0])))
    }

    @Test("a worker between two tasks gives back all it has")
    func returnAll() {
        var bench = StateBench.serving(workers: 1)
        bench.warmUp(nanoseconds: 10_000)
        bench.tasks([1, 2, 3])
        #expect(bench.send(.workerReturned(0, tasks: [1, 2, 3])).writes == [[1, 0], [2, 0], [3, 0]])
    }

    @Test("a worker that gives back what it never had is killed", arguments: [[9], [2, 9], [2, 2]])
    func wrongReturn(tasks: [Int]) {
        var bench = StateBench.serving(workers: 1)
        bench.warmUp(nanoseconds: 10_000)
        bench.tasks([1, 2, 3])
        #expect(bench.send(.workerReturned(0, tasks: tasks)) == [.killWorker(0), .announce(capacity: 0)])
    }

    @Test("tasks of different apps are never in one worker at once when their output is shown")
    func groups() {
        var bench = StateBench.serving(workers: 1)
        bench.warmUp(nanoseconds: 10_000)
        bench.send(.tasks([TaskTicket(id: 1, group: 1), TaskTicket(id: 2, group: 1), TaskTicket(id: 3, group: 2)]))
        #expect(bench.state.workers[0].queue.map(\.id) == [1, 2])
        bench.send(.workerResult(0, task: 1))
        #expect(bench.send(.workerResult(0, task: 2)).writes == [[3, 0]])
    }

    @Test("the window grows with short tasks to 64 a worker, and shrinks with long ones")
    func window() {
        var bench = StateBench.serving(workers: 2, prefetch: .automatic)
        bench.warmUp(nanoseconds: 20_000)
        #expect(bench.state.announced == 128)
        bench.warmUp(count: 60, nanoseconds: 50_000_000)
        #expect(bench.state.announced == 2)
        bench.warmUp(count: 60, nanoseconds: 9_000_000)
        #expect(bench.state.announced == 4)
    }

    @Test("fixed prefetch and none do not depend on the tasks")
    func fixedWindow() {
        var fixed = StateBench.serving(workers: 2, prefetch: .fixed(3))
        #expect(fixed.state.announced == 5)
        fixed.warmUp(nanoseconds: 20_000)
        #expect(fixed.state.announced == 5)
        var none = StateBench.serving(workers: 2)
        none.warmUp(nanoseconds: 20_000)
        #expect(none.state.announced == 2)
    }
}
