// The task graph as a value: which calls wait for what, which may run, which are tried again. It knows neither
// arguments nor futures nor threads; the kernel feeds it events and performs its effects.
//
//     submitted ──▶ waiting ──▶ launched ──▶ settled
//                      │           │  ▲
//                      │           ▼  │ (budget left)
//                      └──▶ failed dependency / failed attempt

package import WorkflowCore

/// The task graph of one kernel.
package struct KernelState: Sendable {
    /// What happens to calls.
    package enum Event: Sendable {
        /// A call was made. Dependencies that this state does not hold are done.
        case submitted(TaskID, dependencies: [TaskID], failed: Int, external: Int, budget: RetryBudget)
        /// A future of another kernel, on which the call depends, is done.
        case externalSettled(TaskID, failed: Bool)
        /// An attempt ended with an error.
        case attemptFailed(TaskID, AttemptFailure)
        /// The call's future has been given its outcome.
        case settled(TaskID, failed: Bool)
        /// Nothing more shall be launched.
        case cancelWaiting
    }

    /// What the kernel has to do.
    package enum Effect: Sendable, Equatable {
        /// Hand the call to its executor, as the attempt with this number.
        case launch(TaskID, number: Int)
        /// The attempt's error is the call's outcome.
        case fail(TaskID)
        /// The call is not run, because arguments failed.
        case failDependency(TaskID)
        /// The call is not run, because the workflow ends.
        case cancel(TaskID)
        /// No call is left.
        case idle
    }

    /// What kind of error ended an attempt: each kind has its own budget.
    package enum AttemptFailure: Sendable, Equatable {
        /// The task's own code failed.
        case task
        /// A process or node was lost.
        case loss
        /// It makes no sense to try again.
        case final
    }

    /// How often a call may be tried again.
    package struct RetryBudget: Sendable, Equatable {
        /// After an error of the task's own code.
        package var retries: Int
        /// After the loss of a process or node.
        package var lostRetries: Int

        /// A budget.
        package init(retries: Int, lostRetries: Int) {
            self.retries = retries
            self.lostRetries = lostRetries
        }
    }

    private enum Phase: Equatable {
        case waiting
        case launched
        case settling
    }

    private struct Record {
        var phase: Phase
        var unresolved: Int
        var failed: Int
        var tries: Int
        var budget: RetryBudget
        var dependents: [TaskID]
    }

    private var records: [TaskID: Record] = [:]
    private var cancelled = false
    /// Calls that wait for an argument.
    package private(set) var waitingCount = 0
    /// Calls that an executor has.
    package private(set) var launchedCount = 0
    /// Calls that have ended well.
    package private(set) var succeededCount = 0
    /// Calls that have failed.
    package private(set) var failedCount = 0

    /// An empty graph.
    package init() {}

    /// Calls that have not ended.
    package var unfinishedCount: Int { records.count }

    /// Whether the call has not ended.
    package func holds(_ task: TaskID) -> Bool { records[task] != nil }

    /// Takes one event and appends what has to be done about it.
    package mutating func handle(_ event: Event, into effects: inout [Effect]) {
        switch event {
        case .submitted(let task, let dependencies, let failed, let external, let budget):
            submitted(task, dependencies, failed, external, budget, &effects)
        case .externalSettled(let task, let failed):
            resolved(task, failed: failed, &effects)
        case .attemptFailed(let task, let failure):
            attemptFailed(task, failure, &effects)
        case .settled(let task, let failed):
            settled(task, failed: failed, &effects)
        case .cancelWaiting:
            cancelled = true
            for (task, record) in records where record.phase == .waiting { cancel(task, &effects) }
        }
    }

    private mutating func submitted(
        _ task: TaskID, _ dependencies: [TaskID], _ failed: Int, _ external: Int, _ budget: RetryBudget,
        _ effects: inout [Effect]
    ) {
        var unresolved = external
        for dependency in dependencies where records[dependency] != nil {
            records[dependency]?.dependents.append(task)
            unresolved += 1
        }
        records[task] = Record(
            phase: .waiting, unresolved: unresolved, failed: failed, tries: 0, budget: budget, dependents: [])
        waitingCount += 1
        if cancelled { return cancel(task, &effects) }
        if unresolved == 0 { ready(task, &effects) }
    }

    private mutating func resolved(_ task: TaskID, failed: Bool, _ effects: inout [Effect]) {
        guard var record = records[task], record.phase == .waiting else { return }
        record.unresolved -= 1
        if failed { record.failed += 1 }
        records[task] = record
        if record.unresolved == 0 { ready(task, &effects) }
    }

    private mutating func ready(_ task: TaskID, _ effects: inout [Effect]) {
        guard var record = records[task] else { return }
        waitingCount -= 1
        if record.failed > 0 {
            record.phase = .settling
            effects.append(.failDependency(task))
        } else {
            record.phase = .launched
            launchedCount += 1
            effects.append(.launch(task, number: 0))
        }
        records[task] = record
    }

    private mutating func attemptFailed(_ task: TaskID, _ failure: AttemptFailure, _ effects: inout [Effect]) {
        guard var record = records[task], record.phase == .launched else { return }
        record.tries += 1
        let again: Bool
        switch failure {
        case .task:
            again = record.budget.retries > 0
            record.budget.retries -= 1
        case .loss:
            again = record.budget.lostRetries > 0
            record.budget.lostRetries -= 1
        case .final:
            again = false
        }
        if again, !cancelled {
            effects.append(.launch(task, number: record.tries))
        } else {
            record.phase = .settling
            launchedCount -= 1
            effects.append(.fail(task))
        }
        records[task] = record
    }

    private mutating func settled(_ task: TaskID, failed: Bool, _ effects: inout [Effect]) {
        guard let record = records.removeValue(forKey: task) else { return }
        if record.phase == .launched { launchedCount -= 1 }
        if record.phase == .waiting { waitingCount -= 1 }
        if failed { failedCount += 1 } else { succeededCount += 1 }
        for dependent in record.dependents { resolved(dependent, failed: failed, &effects) }
        if records.isEmpty { effects.append(.idle) }
    }

    private mutating func cancel(_ task: TaskID, _ effects: inout [Effect]) {
        guard records[task]?.phase == .waiting else { return }
        records[task]?.phase = .settling
        waitingCount -= 1
        effects.append(.cancel(task))
    }

    /// What must hold after every event; a text for the first thing that does not.
    package func checkInvariants() -> String? {
        let waiting = records.values.count { $0.phase == .waiting }
        if waiting != waitingCount { return "\(waiting) calls wait, \(waitingCount) are counted" }
        let launched = records.values.count { $0.phase == .launched }
        if launched != launchedCount { return "\(launched) calls are launched, \(launchedCount) are counted" }
        for (task, record) in records where record.phase == .waiting && record.unresolved <= 0 {
            return "task \(task) waits for nothing"
        }
        return nil
    }
}
