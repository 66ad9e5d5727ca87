// The task graph as a value: which calls wait for what, which may run, which are tried again, which are taken back. It
// knows neither arguments nor futures nor threads; the kernel feeds it events and performs its effects.
//
//     submitted ──▶ waiting ──▶ launched ──▶ (joining) ──▶ settling ──▶ settled
//                      │         │  ▲            │            ▲
//                      │         ▼  │ (budget)   │            │
//                      └──▶ failed dependency / failed attempt / cancelled

package import WorkflowCore

/// The task graph of one kernel.
package struct KernelState: Sendable {
    /// What happens to calls.
    package enum Event: Sendable {
        /// A call was made. Dependencies that this state does not hold are done.
        case submitted(TaskID, dependencies: [TaskID], failed: Int, external: Int, budget: RetryBudget)
        /// A future that this state does not hold, on which the call depends, is done.
        case externalSettled(TaskID, failed: Bool)
        /// An attempt ended with an error.
        case attemptFailed(TaskID, AttemptFailure)
        /// The body of a join app returned futures, which the call now waits for.
        case joined(TaskID, dependencies: [TaskID], failed: Int, external: Int)
        /// Somebody takes the call back.
        case cancelled(TaskID, by: CallCancelled.Origin)
        /// Nobody awaits the call any more: it is taken back unless another call depends on it.
        case unwanted(TaskID, by: CallCancelled.Origin)
        /// The call's future has been given its outcome.
        case settled(TaskID, Ending)
        /// Nothing more shall be launched; what an executor has goes on.
        case cancelWaiting(by: CallCancelled.Origin)
        /// Everything is taken back.
        case cancelAll(by: CallCancelled.Origin)
    }

    /// What the kernel has to do.
    package enum Effect: Sendable, Equatable {
        /// Hand the call to its executor, as the attempt with this number.
        case launch(TaskID, number: Int)
        /// The attempt's error is the call's outcome.
        case fail(TaskID)
        /// The call is not run, because arguments failed.
        case failDependency(TaskID)
        /// The futures that the call's body returned are done.
        case join(TaskID, failed: Bool)
        /// The call is taken back: it fails at once.
        case cancel(TaskID, by: CallCancelled.Origin)
        /// Ask the executor that has the call to stop it.
        case stop(TaskID)
        /// No call is left.
        case idle
    }

    /// What kind of error ended an attempt: each kind has its own budget.
    package enum AttemptFailure: Sendable, Equatable {
        /// The task's own code failed; what this costs of the budget.
        case task(cost: Double)
        /// A process or node was lost.
        case loss
        /// It makes no sense to try again.
        case final

        /// The task's own code failed, at the usual cost.
        package static var task: Self { .task(cost: 1) }
    }

    /// How a call ended.
    package enum Ending: Sendable, Equatable {
        /// With a value.
        case succeeded
        /// With an error.
        case failed
        /// It was taken back.
        case cancelled
    }

    /// How often a call may be tried again.
    package struct RetryBudget: Sendable, Equatable {
        /// What errors of the task's own code may cost together.
        package var retries: Double
        /// After the loss of a process or node.
        package var lostRetries: Int

        /// A budget.
        package init(retries: Int, lostRetries: Int) {
            self.retries = Double(retries)
            self.lostRetries = lostRetries
        }
    }

    /// Where a call is that has not ended.
    package enum Phase: Sendable, Equatable {
        /// It waits for an argument.
        case waiting
        /// An executor has it.
        case launched
        /// Its body has returned futures, which it waits for.
        case joining
        /// Its outcome is known and about to be stored.
        case settling
    }

    private struct Record {
        var phase: Phase
        var unresolved: Int
        var failed: Int
        var tries: Int
        var budget: RetryBudget
        var dependents: [TaskID]

        /// Counts a dependency that is done; returns how many are not.
        mutating func resolve(failed hasFailed: Bool) -> Int {
            unresolved -= 1
            if hasFailed { failed += 1 }
            return unresolved
        }
    }

    private var records = TaskSlots<Record>()
    /// Launched calls whose executor was asked to stop them.
    private var stopping: [TaskID: CallCancelled.Origin] = [:]
    /// Who ended the workflow; `nil` while it goes on.
    package private(set) var ending: CallCancelled.Origin?
    /// Calls that wait for an argument.
    package private(set) var waitingCount = 0
    /// Calls that an executor has.
    package private(set) var launchedCount = 0
    /// Calls that wait for what their body returned.
    package private(set) var joiningCount = 0
    /// Calls that have ended well.
    package private(set) var succeededCount = 0
    /// Calls that have failed.
    package private(set) var failedCount = 0
    /// Calls that were taken back.
    package private(set) var cancelledCount = 0

    /// An empty graph.
    package init() {}

    /// Calls that have not ended.
    package var unfinishedCount: Int { records.count }

    /// Calls that have not ended.
    package var unfinished: [TaskID] { records.tasks }

    /// Launched calls whose executor was asked to stop them.
    package var stoppingCount: Int { stopping.count }

    /// Whether everything that waits is taken back, now and later.
    package var isEnding: Bool { ending != nil }

    /// Whether the call has not ended.
    package func holds(_ task: TaskID) -> Bool { records.contains(task) }

    /// Who had a launched call stopped; `nil` when nobody did.
    package func stopOrigin(of task: TaskID) -> CallCancelled.Origin? {
        stopping.isEmpty ? nil : stopping[task]
    }

    /// Where a call is, and how many of its attempts have failed; `nil` when it has ended.
    package func place(of task: TaskID) -> (phase: Phase, tries: Int)? {
        records[task].map { ($0.phase, $0.tries) }
    }

    /// How many futures a call waits for; `nil` when it has ended.
    package func unresolved(of task: TaskID) -> Int? { records[task]?.unresolved }

    /// Takes one event and appends what has to be done about it.
    package mutating func handle(_ event: Event, into effects: inout [Effect]) {
        switch event {
        case .submitted(let task, let dependencies, let failed, let external, let budget):
            submitted(task, dependencies, failed, external, budget, &effects)
        case .externalSettled(let task, let failed):
            resolved(task, failed: failed, &effects)
        case .attemptFailed(let task, let failure):
            attemptFailed(task, failure, &effects)
        case .joined(let task, let dependencies, let failed, let external):
            joined(task, dependencies, failed, external, &effects)
        case .cancelled(let task, let origin):
            cancel(task, origin, &effects)
        case .unwanted(let task, let origin):
            if !isWanted(task) { cancel(task, origin, &effects) }
        case .settled(let task, let ending):
            settled(task, ending, &effects)
        case .cancelWaiting(let origin):
            ending = ending ?? origin
            for task in records.tasks where records[task]?.phase == .waiting { cancel(task, origin, &effects) }
        case .cancelAll(let origin):
            ending = ending ?? origin
            for task in records.tasks { cancel(task, origin, &effects) }
        }
    }

    private mutating func submitted(
        _ task: TaskID, _ dependencies: [TaskID], _ failed: Int, _ external: Int, _ budget: RetryBudget,
        _ effects: inout [Effect]
    ) {
        let unresolved = external + wait(task, for: dependencies)
        records[task] = Record(
            phase: .waiting, unresolved: unresolved, failed: failed, tries: 0, budget: budget, dependents: [])
        waitingCount += 1
        if let ending { return cancel(task, ending, &effects) }
        if unresolved == 0 { ready(task, &effects) }
    }

    /// Notes the call at those it waits for, and counts them.
    private mutating func wait(_ task: TaskID, for dependencies: [TaskID]) -> Int {
        var count = 0
        for dependency in dependencies where records.contains(dependency) {
            records[dependency]?.dependents.append(task)
            count += 1
        }
        return count
    }

    private mutating func resolved(_ task: TaskID, failed: Bool, _ effects: inout [Effect]) {
        guard let phase = records[task]?.phase, phase == .waiting || phase == .joining else { return }
        let left = records[task]?.resolve(failed: failed)
        if left == 0 { ready(task, &effects) }
    }

    private mutating func ready(_ task: TaskID, _ effects: inout [Effect]) {
        guard let (phase, failed) = records[task].map({ ($0.phase, $0.failed) }) else { return }
        if phase == .joining {
            joiningCount -= 1
            records[task]?.phase = .settling
            effects.append(.join(task, failed: failed > 0))
        } else if failed > 0 {
            waitingCount -= 1
            records[task]?.phase = .settling
            effects.append(.failDependency(task))
        } else {
            waitingCount -= 1
            records[task]?.phase = .launched
            launchedCount += 1
            effects.append(.launch(task, number: 0))
        }
    }

    private mutating func attemptFailed(_ task: TaskID, _ failure: AttemptFailure, _ effects: inout [Effect]) {
        guard var record = records[task], record.phase == .launched else { return }
        record.tries += 1
        let again: Bool
        switch failure {
        case .task(let cost):
            record.budget.retries -= cost
            // A cost that is no number ends it as well.
            again = record.budget.retries >= 0
        case .loss:
            again = record.budget.lostRetries > 0
            record.budget.lostRetries -= 1
        case .final:
            again = false
        }
        if again, ending == nil, stopOrigin(of: task) == nil {
            effects.append(.launch(task, number: record.tries))
        } else {
            record.phase = .settling
            launchedCount -= 1
            effects.append(.fail(task))
        }
        records[task] = record
    }

    private mutating func joined(
        _ task: TaskID, _ dependencies: [TaskID], _ failed: Int, _ external: Int, _ effects: inout [Effect]
    ) {
        guard records[task]?.phase == .launched else { return }
        launchedCount -= 1
        if let origin = stopOrigin(of: task) {
            records[task]?.phase = .settling
            effects.append(.cancel(task, by: origin))
            return
        }
        let unresolved = external + wait(task, for: dependencies)
        joiningCount += 1
        records[task]?.phase = .joining
        records[task]?.unresolved = unresolved
        records[task]?.failed = failed
        if unresolved == 0 { ready(task, &effects) }
    }

    private mutating func settled(_ task: TaskID, _ ending: Ending, _ effects: inout [Effect]) {
        guard let record = records.remove(task) else { return }
        leave(record.phase)
        if !stopping.isEmpty { stopping[task] = nil }
        switch ending {
        case .succeeded: succeededCount += 1
        case .failed: failedCount += 1
        case .cancelled: cancelledCount += 1
        }
        for dependent in record.dependents { resolved(dependent, failed: ending != .succeeded, &effects) }
        if records.isEmpty {
            effects.append(.idle)
        }
    }

    private mutating func leave(_ phase: Phase) {
        switch phase {
        case .waiting: waitingCount -= 1
        case .launched: launchedCount -= 1
        case .joining: joiningCount -= 1
        case .settling: break
        }
    }

    private mutating func cancel(_ task: TaskID, _ origin: CallCancelled.Origin, _ effects: inout [Effect]) {
        guard let phase = records[task]?.phase else { return }
        switch phase {
        case .waiting, .joining:
            leave(phase)
            records[task]?.phase = .settling
            effects.append(.cancel(task, by: origin))
        case .launched:
            // Asked once; the first origin stays.
            guard stopping[task] == nil else { return }
            stopping[task] = origin
            effects.append(.stop(task))
        case .settling:
            break
        }
    }

    /// Whether another call that has not ended depends on this one.
    private func isWanted(_ task: TaskID) -> Bool {
        guard let record = records[task] else { return false }
        return record.dependents.contains { dependent in
            guard let phase = records[dependent]?.phase else { return false }
            return phase == .waiting || phase == .joining
        }
    }

    /// What must hold after every event; a text for the first thing that does not.
    package func checkInvariants() -> String? {
        for (phase, counted) in [(Phase.waiting, waitingCount), (.launched, launchedCount), (.joining, joiningCount)] {
            let count = records.tasks.count { records[$0]?.phase == phase }
            if count != counted { return "\(count) calls are \(phase), \(counted) are counted" }
        }
        for task in records.tasks {
            guard let record = records[task], record.phase == .waiting || record.phase == .joining else { continue }
            if record.unresolved <= 0 { return "task \(task) is \(record.phase) for nothing" }
        }
        for task in stopping.keys {
            guard let phase = records[task]?.phase else { return "task \(task) has ended and is being stopped" }
            if phase == .waiting || phase == .joining { return "task \(task) is \(phase) and is being stopped" }
        }
        return nil
    }
}
