import TestSupport
import Testing

@testable import ManagerRuntime

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Manager state: whatever happens", .paced)
struct ManagerStateRandomTests {
    @Test(
        "every task ends exactly once, under random deaths, reconnects and returns",
        arguments: Thoroughness.seeds(few: 8, many: 40))
    func everyTaskEnds(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var bench = StateBench.serving(workers: Int.random(in: 1...5, using: &random), prefetch: .automatic)
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
        for _ in 0..<300 {
            let pause = UInt64.random(in: 0...50_000, using: &random)
            let index = bench.state.workers.indices.randomElement(using: &random) ?? 0
            let worker = bench.state.workers[index]
            switch Int.random(in: 0..<24, using: &random) {
            case 0..<5:
                let count = Int.random(in: 1...9, using: &random)
                note(bench.tasks(next..<(next + count), after: pause))
                next += count
            case 5..<14:
                if let first = worker.queue.first {
                    note(bench.send(.workerResult(index, task: first.id), after: pause))
                }
            case 14:
                if worker.queue.count > 1 {
                    let kept = Int.random(in: 1..<worker.queue.count, using: &random)
                    note(
                        bench.send(.workerReturned(index, tasks: worker.queue.dropFirst(kept).map(\.id)), after: pause))
                }
            case 15:
                if worker.answered > 0 || !worker.queue.isEmpty {
                    note(bench.send(.workerEnded(index, "signal 9"), after: pause))
                }
            case 16, 17: if worker.standing == .starting { note(bench.send(.workerReady(index), after: pause)) }
            case 18: note(bench.send(.reconnected, after: pause))
            case 20, 21: note(bench.send(.cancel([Int.random(in: 1...next, using: &random)]), after: pause))
            case 22: note(bench.send(.cancel(Array(max(1, next - 20)...next)), after: pause))
            case 23:
                if let first = worker.queue.first {
                    note(bench.send(.workerOverdue(index, task: first.id, limit: 1, elapsed: 1), after: pause))
                }
                note(bench.send(.tick, after: Bool.random(using: &random) ? 6 * StateBench.second : pause))
            default:
                note(bench.send(.tick, after: pause))
                note(bench.send(.acknowledged(Array(ended.keys.prefix(3)))))
            }
        }
        // Everything that is left is worked off.
        while !bench.state.pending.isEmpty || bench.state.workers.contains(where: { !$0.queue.isEmpty }) {
            for index in bench.state.workers.indices {
                if bench.state.workers[index].standing == .killed {
                    note(bench.send(.workerEnded(index, "signal 9")))
                }
                if bench.state.workers[index].standing == .starting { note(bench.send(.workerReady(index))) }
                if let first = bench.state.workers[index].queue.first {
                    note(bench.send(.workerResult(index, task: first.id)))
                }
            }
        }
        #expect(ended.count == next - 1, "seed \(seed)")
        #expect(ended.values.allSatisfy { $0 == 1 }, "seed \(seed)")
    }
}
