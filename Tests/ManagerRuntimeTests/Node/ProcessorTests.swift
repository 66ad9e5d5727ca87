import TestSupport
import Testing
import WireProtocol
import WorkflowCore

@testable import ManagerRuntime

@Suite("Processors of calls that ask for some, where workers are bound", .paced)
struct ProcessorTests {
    @Test(
        "neighbours are chosen, and long rows stay whole",
        arguments: [
            (2, [0, 1, 2, 3], [0, 1]), (2, [0, 2, 3, 5], [2, 3]), (1, [0, 1, 3, 5, 6], [3]),
            (3, [0, 1, 4, 5, 6, 7, 9, 10, 11], [9, 10, 11]), (3, [0, 1, 3, 5, 6], [0, 1, 3]), (2, [0, 2, 4], [0, 2]),
            (4, [0, 1, 2, 5, 6, 9], [0, 1, 2, 9]), (0, [0, 1], []), (3, [0, 1], [0, 1]), (1, [], []),
        ])
    func choose(count: Int, free: [Int], expected: [Int]) {
        #expect(ProcessorPool.choose(count, of: free) == expected)
    }

    /// A manager with workers bound to their shares of so many processors.
    private static func bench(
        workers: Int, processors: Int, affinity: CPUAffinity = .block, prefetch: PrefetchPolicy = .none
    ) throws -> StateBench {
        let all = Array(0..<processors)
        let own = try (0..<workers).map { worker in
            try affinity.processors(ofWorker: worker, of: workers, available: all) ?? []
        }
        return .serving(
            workers: workers, prefetch: prefetch, capacity: NodeCapacity(cores: Double(processors)),
            processors: ProcessorPool(all, own: own))
    }

    @Test("a call has as many as it asks for, beside each other, and gives them back at its end")
    func exactly() throws {
        var bench = try Self.bench(workers: 4, processors: 8)
        let effects = bench.demand([1], TaskNeeds(cores: 3)) + bench.demand([2], TaskNeeds(cores: 4))
        #expect(effects.grants.map(\.processors) == [[0, 1, 2], [3, 4, 5, 6]])
        #expect(bench.demand([3], TaskNeeds(cores: 2)).grants.isEmpty)
        #expect(bench.finish(1).grants.map(\.processors) == [[0, 1]])
        bench.finish(2)
        bench.finish(3)
        #expect(bench.state.pool.processors?.held == [])
    }

    @Test("the processors of workers that run something are not given away, and those are not used that are given away")
    func beside() throws {
        var bench = try Self.bench(workers: 4, processors: 8)
        // The last worker is the first to be used: 6 and 7 are its own.
        #expect(bench.tasks([1]).writes.map { $0[1] } == [3])
        #expect(bench.demand([2], TaskNeeds(cores: 4)).grants.map(\.processors) == [[0, 1, 2, 3]])
        // Two workers are left, one of which has 4 and 5.
        #expect(bench.tasks([3]).writes.map { $0[1] } == [2])
        #expect(bench.tasks([4]).isEmpty)
        #expect(bench.demand([5], TaskNeeds(cores: 1)).isEmpty)
        bench.finish(2)
        #expect(bench.state.pending.isEmpty)
    }

    @Test("a call that asks for none runs on others where its worker's own are taken, and gives them back")
    func elsewhere() throws {
        var bench = try Self.bench(workers: 2, processors: 4, affinity: .list([[0, 1], [0, 1]]))
        #expect(bench.demand([1], TaskNeeds(cores: 2)).grants.map(\.processors) == [[0, 1]])
        #expect(bench.tasks([2]).grants.map(\.processors) == [[2, 3]])
        bench.finish(1)
        #expect(bench.state.pool.processors?.held == [2, 3])
        bench.finish(2)
        #expect(bench.state.needs.isEmpty && bench.state.pool.processors?.held == [])
    }

    @Test("where no worker is bound none are given")
    func unbound() {
        var bench = StateBench.serving(workers: 2, capacity: NodeCapacity(cores: 4))
        #expect(bench.demand([1], TaskNeeds(cores: 3)).grants.map(\.processors) == [[]])
    }

    @Test(
        "they come back when the worker dies, when the call is cancelled and will not stop, and when its result is late",
        arguments: ["death", "cancel", "late", "walltime"])
    func back(how: String) throws {
        var bench = try Self.bench(workers: 2, processors: 4)
        bench.demand([1], TaskNeeds(cores: 4))
        bench.demand([2], TaskNeeds(cores: 4))
        guard case .sent(let index)? = bench.state.standing[1] else {
            Issue.record("task 1 does not run")
            return
        }
        #expect(bench.state.pool.processors?.held == [0, 1, 2, 3])
        switch how {
        case "death": #expect(bench.send(.workerEnded(index, "signal 9")).grants.map(\.processors) == [[0, 1, 2, 3]])
        case "late":
            bench.send(.cancel([1]))
            #expect(bench.finish(1, after: StateBench.second).grants.map(\.processors) == [[0, 1, 2, 3]])
        default:
            if how == "walltime" {
                bench.send(.workerOverdue(index, task: 1, limit: 1, elapsed: 1))
            } else {
                bench.send(.cancel([1]))
            }
            // They are its own until its worker is gone.
            #expect(bench.send(.tick, after: 6 * StateBench.second).contains(.killWorker(index)))
            #expect(bench.state.pool.processors?.held == [0, 1, 2, 3])
            #expect(bench.send(.workerEnded(index, "signal 9")).grants.map(\.processors) == [[0, 1, 2, 3]])
        }
        bench.finish(2)
        #expect(bench.state.pool.processors?.held == [])
    }

    @Test("calls that ask for other things stay on the processors of their worker")
    func otherNeeds() throws {
        var bench = try Self.bench(workers: 2, processors: 4)
        bench.demand([1], TaskNeeds(cores: 2))
        #expect(bench.state.pool.processors?.held == [0, 1])
        // Its worker is the one whose processors are not given away.
        let effects = bench.demand([2], TaskNeeds(memory: 0, nodes: 0, labels: ["x"]))
        #expect(effects == [.reportStopped(task: 2, .tooLarge(TaskNeeds(labels: ["x"]), bench.state.pool.capacity))])
        #expect(bench.tasks([3]).writes == [[3, 1]])
    }

    /// Runs a random sequence; the bench looks after every event that nothing is given twice.
    @Test(
        "in any sequence no processor is given twice, and all are back at the end",
        arguments: Thoroughness.seeds(few: 12, many: 60))
    func random(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        let processors = Int.random(in: 1...12, using: &random)
        let workers = Int.random(in: 1...processors, using: &random)
        let affinity: CPUAffinity =
            switch seed % 4 {
            case 0: .block
            case 1: .alternating
            case 2: .blockReverse
            default:
                .list((0..<workers).map { _ in [Int.random(in: 0..<processors, using: &random)] })
            }
        var bench = try Self.bench(
            workers: workers, processors: processors, affinity: affinity,
            prefetch: seed % 3 == 0 ? .automatic : .none)
        var next = 1
        var given = 0
        func look(_ effects: [ManagerEffect]) {
            for case .writePlaced(_, _, let grant) in effects where grant.needs.cores > 0 {
                given += 1
                #expect(grant.processors.count == grant.needs.cores, "seed \(seed)")
            }
        }
        for _ in 0..<400 {
            let pause = UInt64.random(in: 0...2, using: &random) * StateBench.second
            let index = Int.random(in: 0..<workers, using: &random)
            let worker = bench.state.workers[index]
            switch Int.random(in: 0..<16, using: &random) {
            case 0..<5:
                let tickets = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    defer { next += 1 }
                    let cores = Int.random(in: -2...processors, using: &random)
                    return TaskTicket(id: next, needs: cores > 0 ? TaskNeeds(cores: cores) : nil)
                }
                look(bench.send(.tasks(tickets), after: pause))
            case 5..<11:
                if let first = worker.queue.first, worker.standing == .ready {
                    look(bench.send(.workerResult(index, task: first.id), after: pause))
                }
            case 11: if worker.answered > 0 { look(bench.send(.workerEnded(index, "signal 9"), after: pause)) }
            case 12: if worker.standing == .starting { look(bench.send(.workerReady(index), after: pause)) }
            case 13: look(bench.send(.cancel([Int.random(in: 1...next, using: &random)]), after: pause))
            case 14:
                if worker.standing == .ready, worker.queue.count == 1, let first = worker.queue.first {
                    look(bench.send(.workerReturned(index, tasks: [first.id]), after: pause))
                }
            default:
                look(bench.send(.tick, after: pause))
                look(bench.send(.heartbeat))
            }
        }
        var rounds = 0
        while rounds < 10_000,
            !bench.state.pending.isEmpty || bench.state.workers.contains(where: { !$0.queue.isEmpty })
        {
            rounds += 1
            for index in bench.state.workers.indices {
                if bench.state.workers[index].standing == .killed { look(bench.send(.workerEnded(index, "signal 9"))) }
                if bench.state.workers[index].standing == .starting { look(bench.send(.workerReady(index))) }
                if bench.state.workers[index].standing == .ready, let first = bench.state.workers[index].queue.first {
                    look(bench.send(.workerResult(index, task: first.id)))
                }
            }
        }
        #expect(bench.state.pending.isEmpty && given > 0, "seed \(seed)")
        #expect(bench.state.pool.processors?.held == [] && bench.state.needs.isEmpty, "seed \(seed)")
    }
}
