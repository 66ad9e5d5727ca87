import TestSupport
import Testing
import WorkflowCore

@testable import DataFlow

/// The task graph as a value: every event in every phase.
@Suite("The kernel's state", .paced)
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
        #expect(take(.settled(TaskID(1), .succeeded)).isEmpty)
        #expect(take(.settled(TaskID(2), .succeeded)) == [.launch(TaskID(3), number: 0)])
    }

    @Test("a call that names one future twice waits for it once")
    mutating func twice() {
        _ = submit(1)
        #expect(submit(2, after: [1, 1]).isEmpty)
        #expect(take(.settled(TaskID(1), .succeeded)) == [.launch(TaskID(2), number: 0)])
    }

    @Test("a dependency that has ended does not hold a call back")
    mutating func endedDependency() {
        _ = submit(1)
        _ = take(.settled(TaskID(1), .succeeded))
        #expect(submit(2, after: [1]) == [.launch(TaskID(2), number: 0)])
    }

    @Test("a failed dependency fails the call, but only when all have ended")
    mutating func failedDependency() {
        _ = submit(1)
        _ = submit(2)
        _ = submit(3, after: [1, 2])
        #expect(take(.settled(TaskID(1), .failed)).isEmpty)
        #expect(take(.settled(TaskID(2), .succeeded)) == [.failDependency(TaskID(3))])
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
        #expect(take(.settled(one, .failed)) == [.idle])
        #expect(state.failedCount == 1)
    }

    @Test("a final failure is never tried again")
    mutating func final() {
        _ = submit(1, budget: .init(retries: 5, lostRetries: 5))
        #expect(take(.attemptFailed(TaskID(1), .final)) == [.fail(TaskID(1))])
    }

    @Test("taking everything back fails what waits, now and later; what runs goes on, or is stopped")
    mutating func end() {
        _ = submit(1, budget: .init(retries: 3, lostRetries: 3))
        _ = submit(2, after: [1])
        #expect(take(.cancelWaiting(by: .workflowEnd)) == [.cancel(TaskID(2), by: .workflowEnd)])
        #expect(submit(3) == [.cancel(TaskID(3), by: .workflowEnd)])
        #expect(state.isEnding)
        #expect(take(.cancelAll(by: .interrupt)) == [.stop(TaskID(1))])
        #expect(take(.attemptFailed(TaskID(1), .task)) == [.fail(TaskID(1))])
    }

    /// A call in each phase, for the table of cancellation.
    private mutating func call(in phase: KernelState.Phase) -> TaskID {
        switch phase {
        case .waiting:
            _ = submit(1, external: 1)
        case .launched:
            _ = submit(1)
        case .joining:
            _ = submit(1)
            _ = take(.joined(TaskID(1), dependencies: [], failed: 0, external: 1))
        case .settling:
            _ = submit(1)
            _ = take(.attemptFailed(TaskID(1), .final))
        }
        #expect(state.place(of: TaskID(1))?.phase == phase)
        return TaskID(1)
    }

    @Test(
        "a call is taken back in each phase, once",
        arguments: [
            (KernelState.Phase.waiting, [KernelState.Effect.cancel(TaskID(1), by: .program)]),
            (.joining, [.cancel(TaskID(1), by: .program)]), (.launched, [.stop(TaskID(1))]), (.settling, []),
        ])
    mutating func cancelled(phase: KernelState.Phase, effects: [KernelState.Effect]) {
        let task = call(in: phase)
        #expect(take(.cancelled(task, by: .program)) == effects)
        #expect(take(.cancelled(task, by: .interrupt)).isEmpty)
        #expect(state.stopOrigin(of: task) == (phase == .launched ? .program : nil))
        #expect(take(.settled(task, .cancelled)) == [.idle])
        #expect(state.cancelledCount == 1)
        #expect(state.stoppingCount == 0)
        #expect(take(.cancelled(task, by: .program)).isEmpty)
    }

    @Test("a call that is being stopped is not tried again")
    mutating func stopped() {
        _ = submit(1, budget: .init(retries: 5, lostRetries: 5))
        _ = take(.cancelled(TaskID(1), by: .program))
        #expect(take(.attemptFailed(TaskID(1), .loss)) == [.fail(TaskID(1))])
    }

    @Test("a call that is being stopped does not wait for what its body returned")
    mutating func stoppedJoin() {
        _ = submit(1)
        _ = take(.cancelled(TaskID(1), by: .program))
        let effects = take(.joined(TaskID(1), dependencies: [], failed: 0, external: 1))
        #expect(effects == [.cancel(TaskID(1), by: .program)])
    }

    @Test("a call that nobody awaits is taken back, unless an unfinished call depends on it")
    mutating func unwanted() {
        _ = submit(1)
        _ = submit(2, after: [1])
        #expect(take(.unwanted(TaskID(1), by: .awaitingTask)).isEmpty)
        #expect(take(.unwanted(TaskID(2), by: .awaitingTask)) == [.cancel(TaskID(2), by: .awaitingTask)])
        #expect(take(.unwanted(TaskID(1), by: .awaitingTask)) == [.stop(TaskID(1))])
    }

    @Test("the dependents of a call that was taken back fail")
    mutating func dependentOfCancelled() {
        _ = submit(1)
        _ = submit(2, after: [1])
        #expect(take(.settled(TaskID(1), .cancelled)) == [.failDependency(TaskID(2))])
    }

    @Test("a join app waits for what its body returned, and is never tried again then", arguments: [true, false])
    mutating func join(failed: Bool) {
        _ = submit(1, budget: .init(retries: 5, lostRetries: 5))
        _ = submit(2)
        _ = submit(3)
        #expect(take(.joined(TaskID(1), dependencies: [TaskID(2), TaskID(3)], failed: 0, external: 1)).isEmpty)
        #expect(state.joiningCount == 1)
        #expect(take(.attemptFailed(TaskID(1), .task)).isEmpty)
        #expect(take(.settled(TaskID(2), failed ? .failed : .succeeded)).isEmpty)
        #expect(take(.externalSettled(TaskID(1), failed: false)).isEmpty)
        #expect(take(.settled(TaskID(3), .succeeded)) == [.join(TaskID(1), failed: failed)])
        #expect(state.joiningCount == 0)
        #expect(take(.settled(TaskID(1), failed ? .failed : .succeeded)) == [.idle])
    }

    @Test("a join app whose futures are done waits for nothing")
    mutating func joinOfDone() {
        _ = submit(1)
        let effects = take(.joined(TaskID(1), dependencies: [TaskID(9)], failed: 1, external: 0))
        #expect(effects == [.join(TaskID(1), failed: true)])
    }

    @Test(
        "costs are compared with the budget as a sum",
        arguments: [
            (2, [1.0, 1.0], [true, true]), (2, [1.5, 1.0], [true, false]), (0, [0.0, 0.5], [true, false]),
            (3, [.nan], [false]), (3, [.infinity], [false]), (1, [-1.0, 2.0, 0.5], [true, true, false]),
        ])
    mutating func costs(budget: Int, costs: [Double], again: [Bool]) {
        _ = submit(1, budget: .init(retries: budget, lostRetries: 0))
        for (index, (cost, again)) in zip(costs, again).enumerated() {
            let effects = take(.attemptFailed(TaskID(1), .task(cost: cost)))
            #expect(effects == [again ? .launch(TaskID(1), number: index + 1) : .fail(TaskID(1))])
        }
    }

    @Test("events about calls that are not there change nothing")
    mutating func unknown() {
        #expect(take(.attemptFailed(TaskID(9), .task)).isEmpty)
        #expect(take(.settled(TaskID(9), .failed)).isEmpty)
        #expect(take(.externalSettled(TaskID(9), failed: false)).isEmpty)
        #expect(take(.joined(TaskID(9), dependencies: [], failed: 0, external: 0)).isEmpty)
        #expect(take(.cancelled(TaskID(9), by: .program)).isEmpty)
        #expect(take(.unwanted(TaskID(9), by: .program)).isEmpty)
        #expect(take(.cancelWaiting(by: .program)).isEmpty)
        #expect(state.failedCount == 0)
    }

    @Test(
        "random graphs, with joins, retries and calls taken back, always end, and each call ends once",
        arguments: Thoroughness.seeds(few: 10, many: 80))
    mutating func randomGraphs(seed: UInt64) {
        var graph = RandomGraph(seed: seed)
        for id in 1...200 {
            let dependencies = (0..<graph.random.below(4)).map { _ in 1 + graph.random.below(max(1, id - 1)) }
            graph.note(submit(id, after: dependencies.filter { $0 < id }, budget: .init(retries: 1, lostRetries: 1)))
            while graph.random.below(3) == 0 {
                guard let event = graph.next(submitted: id) else { break }
                graph.note(take(event))
            }
        }
        graph.mayCancel = false
        while let event = graph.next(submitted: 200) { graph.note(take(event)) }
        #expect(graph.endedTwice.isEmpty, "seed \(seed)")
        #expect(graph.ended.count == 200, "seed \(seed)")
        #expect(state.unfinishedCount == 0, "seed \(seed)")
        #expect(state.succeededCount + state.failedCount + state.cancelledCount == 200, "seed \(seed)")
    }
}

/// What a kernel and its executors would do with a state's effects, in a random order.
private struct RandomGraph {
    var random: Sequence
    var launched: [TaskID] = []
    var settling: [(TaskID, KernelState.Ending)] = []
    var ended: Set<TaskID> = []
    var endedTwice: [TaskID] = []
    var mayCancel = true

    init(seed: UInt64) { random = Sequence(seed: seed) }

    mutating func note(_ effects: [KernelState.Effect]) {
        for effect in effects {
            switch effect {
            case .launch(let task, _): launched.append(task)
            case .fail(let task), .failDependency(let task): settling.append((task, .failed))
            case .cancel(let task, _): settling.append((task, .cancelled))
            case .join(let task, let failed): settling.append((task, failed ? .failed : .succeeded))
            case .stop, .idle: break
            }
        }
    }

    /// The next thing that happens; `nil` when nothing can.
    mutating func next(submitted: Int) -> KernelState.Event? {
        if mayCancel, random.below(8) == 0 {
            let task = TaskID(1 + random.below(submitted))
            return random.below(2) == 0 ? .cancelled(task, by: .program) : .unwanted(task, by: .awaitingTask)
        }
        if !settling.isEmpty, random.below(2) == 0 || launched.isEmpty {
            let (task, ending) = settling.remove(at: random.below(settling.count))
            if !ended.insert(task).inserted { endedTwice.append(task) }
            return .settled(task, ending)
        }
        guard !launched.isEmpty else { return nil }
        let task = launched.remove(at: random.below(launched.count))
        switch random.below(6) {
        case 0: return .attemptFailed(task, .task)
        case 1: return .attemptFailed(task, .loss)
        case 2:
            // Older calls: none of them can depend on this one.
            let inner = (0..<random.below(3)).map { _ in TaskID(1 + random.below(task.rawValue)) }
            return .joined(task, dependencies: inner.filter { $0 != task }, failed: 0, external: 0)
        default:
            if !ended.insert(task).inserted { endedTwice.append(task) }
            return .settled(task, .succeeded)
        }
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
