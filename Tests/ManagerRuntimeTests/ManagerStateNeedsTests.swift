import TestSupport
import Testing
import WireProtocol

@testable import ManagerRuntime

@Suite("Manager state: tasks that ask for more than a worker", .paced)
struct ManagerStateNeedsTests {
    private static let gibibyte = 1 << 30

    /// A manager on a node of eight processors, eight workers, 16 GiB and four devices.
    private static func bench(
        workers: Int = 8, cores: Double = 8, gpus: Int = 4, gpusForOne: Int? = nil, nodes: Int = 0,
        memoryShare: Int = 0
    ) -> StateBench {
        .serving(
            workers: workers,
            capacity: NodeCapacity(
                cores: cores, memory: 16 * gibibyte, gpus: gpus, gpusForOne: gpusForOne, nodes: nodes),
            memoryShare: memoryShare)
    }

    @Test("tasks begin as their processors are free, and the rest waits")
    func processors() {
        var bench = Self.bench()
        #expect(bench.demand(1...4, TaskNeeds(cores: 3)).placed == [1, 2])
        #expect(bench.state.pending.map(\.id) == [3, 4])
        #expect(bench.finish(1).placed == [3])
        #expect(bench.finish(2).placed == [4])
    }

    @Test("a task without needs counts as a worker's share while one with needs is there")
    func plain() {
        var bench = Self.bench()
        bench.tasks([1, 2, 3])
        #expect(bench.demand([10], TaskNeeds(cores: 6)).placed.isEmpty)
        #expect(bench.finish(1).placed == [10])
        #expect(bench.tasks([4, 5]).writes.isEmpty)
        #expect(bench.finish(10).writes.map { $0[0] } == [4, 5])
    }

    @Test("memory is kept free for those that ask for it; others are given what a worker has")
    func memory() {
        var bench = Self.bench(memoryShare: 2 * Self.gibibyte)
        bench.tasks([1])
        #expect(bench.demand([2, 3], TaskNeeds(memory: 7 * Self.gibibyte)).placed == [2, 3])
        // One byte more than the rest.
        #expect(bench.demand([4], TaskNeeds(memory: 1)).placed.isEmpty)
        #expect(bench.finish(1).placed == [4])
    }

    @Test("devices are dealt out once each, neighbours together, and come back")
    func devices() {
        var bench = Self.bench()
        let first = bench.demand([1, 2, 3], TaskNeeds(gpus: 2))
        #expect(first.grants.map(\.devices) == [[0, 1], [2, 3]])
        #expect(bench.finish(2).grants.map(\.devices) == [[2, 3]])
        #expect(bench.demand([4], TaskNeeds(gpus: 1)).grants.isEmpty)
        #expect(bench.finish(1).grants.map(\.devices) == [[0]])
    }

    @Test("where each worker has a device of its own none is dealt out, and two cannot be had")
    func ownDevices() {
        var bench = Self.bench(gpusForOne: 1)
        #expect(bench.demand([1], TaskNeeds(gpus: 1)).grants.map(\.devices) == [[]])
        let effects = bench.demand([2], TaskNeeds(gpus: 2))
        #expect(effects == [.reportStopped(task: 2, .tooLarge(TaskNeeds(gpus: 2), bench.state.pool.capacity))])
    }

    @Test(
        "what the node can never have is answered at once",
        arguments: [
            TaskNeeds(cores: 9), TaskNeeds(memory: 17 << 30), TaskNeeds(gpus: 5), TaskNeeds(nodes: 1),
        ])
    func tooLarge(needs: TaskNeeds) {
        var bench = Self.bench()
        #expect(bench.demand([1], needs) == [.reportStopped(task: 1, .tooLarge(needs, bench.state.pool.capacity))])
        #expect(bench.state.needs.isEmpty)
        #expect(bench.tasks([2]).writes.count == 1)
    }

    @Test("a large task is overtaken for a while, then the node is kept for it, and then all goes on")
    func reservation() {
        var bench = Self.bench(workers: 4, cores: 4)
        bench.tasks(1...4)
        bench.demand([100], TaskNeeds(cores: 4))
        bench.tasks(101...200)
        var running = [1, 2, 3, 4]
        var began: [Int] = []
        while !began.contains(100), !running.isEmpty {
            let writes = bench.finish(running.removeFirst(), after: 1000)
            let new = writes.writes.map { $0[0] } + writes.placed
            began += new
            running += new
        }
        #expect(began.last == 100)
        #expect(began.count == 4 * ManagerState.overtakingLimit + 1)
        #expect(bench.finish(100).writes.count >= 4)
    }

    @Test("with long tasks the time bounds it")
    func reservationByTime() {
        var bench = Self.bench(workers: 4, cores: 4)
        bench.tasks(1...4)
        bench.demand([100], TaskNeeds(cores: 4))
        bench.tasks(101...110)
        #expect(bench.finish(1).writes.map { $0[0] } == [101])
        #expect(bench.finish(2, after: 11 * StateBench.second).writes.isEmpty)
        #expect(bench.finish(3).writes.isEmpty)
        #expect(bench.finish(4).writes.isEmpty)
        #expect(bench.finish(101).placed == [100])
    }

    @Test("when the one that is waited for is cancelled, the others begin")
    func cancelledReservation() {
        var bench = Self.bench(workers: 2, cores: 2)
        bench.tasks([1, 2])
        bench.demand([100], TaskNeeds(cores: 2))
        bench.tasks([101, 102])
        bench.finish(1)
        bench.finish(101, after: 11 * StateBench.second)
        #expect(bench.state.pending.map(\.id) == [100, 102])
        let effects = bench.send(.cancel([100]))
        #expect(effects.contains(.reportStopped(task: 100, .unbegun)))
        #expect(effects.writes.map { $0[0] } == [102])
    }

    @Test("nothing is sent ahead behind a task with needs")
    func alone() {
        var bench = StateBench.serving(workers: 1, prefetch: .automatic)
        bench.warmUp(nanoseconds: 1000)
        #expect(bench.demand([1], TaskNeeds(cores: 1)).placed == [1])
        #expect(bench.tasks(2...5).writes.isEmpty)
        #expect(bench.finish(1).writes.count > 1)
    }

    @Test("a worker that dies gives back what its task had")
    func death() {
        var bench = Self.bench()
        bench.demand([1, 2], TaskNeeds(cores: 8, gpus: 4))
        guard case .sent(let index)? = bench.state.standing[1] else { return #expect(Bool(false)) }
        let effects = bench.send(.workerEnded(index, "signal 9"))
        #expect(effects.contains(.reportLost(task: 1, worker: index, ending: "signal 9")))
        #expect(effects.placed == [2])
    }

    @Test("too much memory kills the worker, and the task is answered with both numbers")
    func memoryLimit() {
        var bench = Self.bench()
        bench.demand([1, 2], TaskNeeds(memory: 16 << 30))
        guard case .sent(let index)? = bench.state.standing[1] else { return #expect(Bool(false)) }
        #expect(bench.send(.memoryExceeded(index, task: 1, reached: 17 << 30)).contains(.killWorker(index)))
        // Nothing begins before the memory is there again.
        #expect(bench.state.pending.map(\.id) == [2])
        #expect(bench.send(.memoryExceeded(index, task: 1, reached: 18 << 30)).isEmpty)
        let effects = bench.send(.workerEnded(index, "signal 9"))
        #expect(effects.contains(.reportStopped(task: 1, .memoryExceeded(limit: 16 << 30, reached: 17 << 30))))
        #expect(effects.placed == [2])
    }

    @Test("a report about a task that has ended, or has no limit, kills nobody")
    func lateReport() {
        var bench = Self.bench()
        bench.tasks([1])
        bench.demand([2], TaskNeeds(cores: 1))
        for (index, worker) in bench.state.workers.enumerated() {
            let task = worker.queue.first?.id ?? 9
            #expect(bench.send(.memoryExceeded(index, task: task, reached: 1 << 40)).isEmpty)
        }
    }

    @Test("nodes of a block are shared, and a large task does not starve behind small ones")
    func nodes() {
        var bench = Self.bench(workers: 8, nodes: 4)
        #expect(bench.demand([1, 2, 3], TaskNeeds(nodes: 1)).grants.map(\.nodes) == [[0], [1], [2]])
        bench.demand([100], TaskNeeds(nodes: 4))
        bench.demand(101...400, TaskNeeds(nodes: 1))
        var began: [Int] = []
        var running = [1, 2, 3] + bench.state.grants.keys.filter { $0 > 3 }.sorted()
        while !began.contains(100), !running.isEmpty {
            let new = bench.finish(running.removeFirst(), after: 1000).placed
            began += new
            running += new
        }
        #expect(began.last == 100)
        #expect(began.count <= 8 * ManagerState.overtakingLimit + 1)
    }

    @Test(
        "whatever happens, every task ends once and nothing is counted wrong",
        arguments: Thoroughness.seeds(few: 8, many: 40))
    func random(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        let workers = Int.random(in: 1...6, using: &random)
        var bench = Self.bench(
            workers: workers, cores: Double(Int.random(in: 1...8, using: &random)),
            nodes: Int.random(in: 0...3, using: &random))
        var ended: [Int: Int] = [:]
        var next = 1
        func note(_ effects: [ManagerEffect]) {
            for effect in effects {
                switch effect {
                case .forwardResult(let task), .reportLost(let task, _, _), .reportStopped(let task, _):
                    ended[task, default: 0] += 1
                default: break
                }
            }
        }
        func needs() -> TaskNeeds? {
            if Int.random(in: 0..<3, using: &random) == 0 { return nil }
            return TaskNeeds(
                cores: Int.random(in: 0...9, using: &random), memory: Int.random(in: 0...17, using: &random) << 30,
                gpus: Int.random(in: 0...5, using: &random), nodes: max(0, Int.random(in: -6...3, using: &random)))
        }
        for _ in 0..<400 {
            let pause = UInt64.random(in: 0...3, using: &random) * StateBench.second
            let index = Int.random(in: 0..<workers, using: &random)
            let worker = bench.state.workers[index]
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<5:
                let tickets = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                    defer { next += 1 }
                    return TaskTicket(id: next, needs: needs())
                }
                note(bench.send(.tasks(tickets), after: pause))
            case 5..<13:
                if let first = worker.queue.first, worker.standing == .ready {
                    note(bench.send(.workerResult(index, task: first.id), after: pause))
                }
            case 13: if worker.answered > 0 { note(bench.send(.workerEnded(index, "signal 9"), after: pause)) }
            case 14: if worker.standing == .starting { note(bench.send(.workerReady(index), after: pause)) }
            case 15: note(bench.send(.cancel([Int.random(in: 1...next, using: &random)]), after: pause))
            case 16:
                if let first = worker.queue.first {
                    note(bench.send(.memoryExceeded(index, task: first.id, reached: 20 << 30), after: pause))
                }
            case 17:
                if worker.standing == .ready, let first = worker.queue.first, worker.queue.count == 1 {
                    // Between two tasks it gives back even the first.
                    note(bench.send(.workerReturned(index, tasks: [first.id]), after: pause))
                }
            default:
                note(bench.send(.tick, after: pause))
                note(bench.send(.heartbeat))
            }
        }
        var rounds = 0
        while rounds < 10_000,
            !bench.state.pending.isEmpty || bench.state.workers.contains(where: { !$0.queue.isEmpty })
        {
            rounds += 1
            for index in bench.state.workers.indices {
                if bench.state.workers[index].standing == .killed { note(bench.send(.workerEnded(index, "signal 9"))) }
                if bench.state.workers[index].standing == .starting { note(bench.send(.workerReady(index))) }
                if bench.state.workers[index].standing == .ready, let first = bench.state.workers[index].queue.first {
                    note(bench.send(.workerResult(index, task: first.id)))
                }
            }
        }
        #expect(ended.count == next - 1, "seed \(seed)")
        #expect(ended.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        #expect(bench.state.needs.isEmpty && bench.state.grants.isEmpty && bench.state.blocked == nil)
    }
}

extension StateBench {
    /// Hands in tasks that ask for this.
    @discardableResult
    mutating func demand(_ ids: some Sequence<Int>, _ needs: TaskNeeds, after pause: UInt64 = 0) -> [ManagerEffect] {
        send(.tasks(ids.map { TaskTicket(id: $0, needs: needs) }), after: pause)
    }

    /// The worker of a task answers it.
    @discardableResult
    mutating func finish(_ id: Int, after pause: UInt64 = 0) -> [ManagerEffect] {
        guard case .sent(let index)? = state.standing[id] else {
            Issue.record("task \(id) does not run")
            return []
        }
        return finish(index, task: id, after: pause)
    }

    @discardableResult
    mutating func finish(_ index: Int, task: Int, after pause: UInt64 = 0) -> [ManagerEffect] {
        send(.workerResult(index, task: task), after: pause)
    }
}

extension [ManagerEffect] {
    /// The tasks with needs that were sent to workers.
    var placed: [Int] {
        compactMap { if case .writePlaced(let task, _, _) = $0 { task } else { nil } }
    }

    /// What they were given.
    var grants: [NodePool.Grant] {
        compactMap { if case .writePlaced(_, _, let grant) = $0 { grant } else { nil } }
    }
}
