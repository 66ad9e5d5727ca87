import Testing
import WorkflowCore

@testable import DataFlow

/// The task graph as a value: every event in every phase.
@Suite("The kernel's state")
struct KernelStateTests {
    private var state = KernelState()
    private var effects: [KernelState.Effect] = []

    private static let once = KernelState.RetryBudget(retries: 0, lostRetries: 0)

    private mutating func take(_ event: KernelState.Event) -> [KernelState.Effect] {
        effects = []
        state.handle(event, into: &effects)
        #expect(state.checkInvariants() == nil)
        return effects
    }

    private mutating func submit(
        _ id: Int, after dependencies: [Int] = [], failed: Int = 0, external: Int = 0,
        budget: KernelState.RetryBudget = once
    ) -> [KernelState.Effect] {
        take(
            .submitted(
                TaskID(id), dependencies: dependencies.map { TaskID($0) }, failed: failed, external: external,
                budget: budget))
    }

    @Test("a call without dependencies is launched at once")
    mutating func launch() {
        #expect(submit(1) == [.launch(TaskID(1), number: 0)])
        #expect(state.launchedCount == 1)
    }

    @Test("a call waits for all its dependencies, and is launched after the last")
    mutating func waits() {
        _ = submit(1)
        _ = submit(2)
        #expect(submit(3, after: [1, 2]).isEmpty)
        #expect(take(.settled(TaskID(1), failed: false)).isEmpty)
        #expect(take(.settled(TaskID(2), failed: false)) == [.launch(TaskID(3), number: 0)])
    }

    @Test("a call that names one future twice waits for it once")
    mutating func twice() {
        _ = submit(1)
        #expect(submit(2, after: [1, 1]).isEmpty)
        #expect(take(.settled(TaskID(1), failed: false)) == [.launch(TaskID(2), number: 0)])
    }

    @Test("a dependency that has ended does not hold a call back")
    mutating func endedDependency() {
        _ = submit(1)
        _ = take(.settled(TaskID(1), failed: false))
        #expect(submit(2, after: [1]) == [.launch(TaskID(2), number: 0)])
    }

    @Test("a failed dependency fails the call, but only when all have ended")
    mutating func failedDependency() {
        _ = submit(1)
        _ = submit(2)
        _ = submit(3, after: [1, 2])
        #expect(take(.settled(TaskID(1), failed: true)).isEmpty)
        #expect(take(.settled(TaskID(2), failed: false)) == [.failDependency(TaskID(3))])
    }

    @Test("a future of another kernel is waited for like one's own", arguments: [true, false])
    mutating func external(failed: Bool) {
        #expect(submit(1, external: 1).isEmpty)
        let expected: KernelState.Effect = failed ? .failDependency(TaskID(1)) : .launch(TaskID(1), number: 0)
        #expect(take(.externalSettled(TaskID(1), failed: failed)) == [expected])
    }

    @Test("each kind of failure spends its own budget")
    mutating func budgets() {
        let one = TaskID(1)
        _ = submit(1, budget: .init(retries: 1, lostRetries: 1))
        #expect(take(.attemptFailed(one, .loss)) == [.launch(one, number: 1)])
        #expect(take(.attemptFailed(one, .task)) == [.launch(one, number: 2)])
        #expect(take(.attemptFailed(one, .loss)) == [.fail(one)])
        #expect(take(.settled(one, failed: true)) == [.idle])
        #expect(state.failedCount == 1)
    }

    @Test("a final failure is never tried again")
    mutating func final() {
        _ = submit(1, budget: .init(retries: 5, lostRetries: 5))
        #expect(take(.attemptFailed(TaskID(1), .final)) == [.fail(TaskID(1))])
    }

    @Test("cancelling fails what waits, now and later, and leaves what runs")
    mutating func cancel() {
        _ = submit(1)
        _ = submit(2, after: [1])
        #expect(take(.cancelWaiting) == [.cancel(TaskID(2))])
        #expect(submit(3) == [.cancel(TaskID(3))])
        #expect(take(.attemptFailed(TaskID(1), .task)) == [.fail(TaskID(1))])
    }

    @Test("events about calls that are not there change nothing")
    mutating func unknown() {
        #expect(take(.attemptFailed(TaskID(9), .task)).isEmpty)
        #expect(take(.settled(TaskID(9), failed: true)).isEmpty)
        #expect(take(.externalSettled(TaskID(9), failed: false)).isEmpty)
        #expect(state.failedCount == 0)
    }

    @Test("random graphs always end, and each call ends once", arguments: 0..<50)
    mutating func randomGraphs(seed: UInt64) {
        var generator = Sequence(seed: seed)
        var ended: Set<Int> = []
        var launched: [Int] = []
        func note(_ effects: [KernelState.Effect], _ toSettle: inout [(Int, Bool)]) {
            for effect in effects {
                switch effect {
                case .launch(let task, _): launched.append(task.rawValue)
                case .fail(let task), .failDependency(let task), .cancel(let task):
                    toSettle.append((task.rawValue, true))
                case .idle: break
                }
            }
        }
        for id in 1...200 {
            let dependencies = (0..<generator.below(4)).map { _ in 1 + generator.below(max(1, id - 1)) }
            var toSettle: [(Int, Bool)] = []
            note(
                submit(id, after: dependencies.filter { $0 < id }, budget: .init(retries: 1, lostRetries: 1)), &toSettle
            )
            while generator.below(3) == 0 || !toSettle.isEmpty {
                if toSettle.isEmpty {
                    guard !launched.isEmpty else { break }
                    let next = launched.remove(at: generator.below(launched.count))
                    if generator.below(4) == 0 {
                        note(take(.attemptFailed(TaskID(next), generator.below(2) == 0 ? .task : .loss)), &toSettle)
                    } else {
                        toSettle.append((next, false))
                    }
                    continue
                }
                let (task, failed) = toSettle.removeFirst()
                #expect(ended.insert(task).inserted)
                note(take(.settled(TaskID(task), failed: failed)), &toSettle)
            }
        }
        while let next = launched.popLast() {
            var toSettle = [(next, false)]
            while let (task, failed) = toSettle.popLast() {
                #expect(ended.insert(task).inserted)
                note(take(.settled(TaskID(task), failed: failed)), &toSettle)
            }
        }
        #expect(ended.count == 200, "seed \(seed)")
        #expect(state.unfinishedCount == 0, "seed \(seed)")
    }
}

/// Numbers that repeat with their seed.
struct Sequence {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func below(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int(state % UInt64(max(1, limit)))
    }
}
