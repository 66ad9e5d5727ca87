import WireProtocol

// The end of the batch job: a warning signal before it, and the signal that ends it.
//
//     warned ──▶ no new tasks (drain); what has run for a second is asked to stop; short tasks run to their end
//     told to end ──▶ every task that has not ended is reported lost, so that it is tried elsewhere at once

extension ManagerState {
    /// Tasks that have run for less time are let run when the job is about to end: they will be over sooner.
    static let shortTask: UInt64 = 1_000_000_000

    /// The job is about to end: a signal said so.
    mutating func warned(_ text: String, at now: UInt64, into effects: inout [ManagerEffect]) {
        guard warning == nil else { return }
        warning = text
        effects.append(.log("\(text): no more tasks are taken, and those that run are asked to stop"))
        if phase == .serving, !hasAskedForDrain {
            hasAskedForDrain = true
            effects.append(.sendDrain)
        }
        askToStop(at: now, into: &effects)
    }

    /// Asks tasks to stop that have run for a while, when the job is about to end.
    mutating func askToStop(at now: UInt64, into effects: inout [ManagerEffect]) {
        guard warning != nil else { return }
        for index in workers.indices where workers[index].standing == .ready {
            guard let front = workers[index].queue.first, stops[front.id] == nil,
                now &- workers[index].frontSince >= Self.shortTask
            else { continue }
            // The scheduler kills what does not stop.
            stops[front.id] = TaskStop(reason: .warned, deadline: .max)
            effects.append(.cancelRunning(task: front.id, worker: index))
        }
    }

    /// Whether a task was asked to stop because the job is about to end, so that its failure is no failure of its own.
    package func isWarned(_ id: Int) -> Bool { stops[id]?.reason == .warned }

    /// A task that was asked to stop because the job is about to end has stopped.
    mutating func workerGaveUp(_ index: Int, _ task: Int, at now: UInt64, into effects: inout [ManagerEffect]) {
        finishFront(index, task, at: now, into: &effects) { state in
            .reportUnfinished(task: task, reason: state.warning ?? "its job is about to end")
        }
    }

    /// Reports every task that has not ended, before the manager ends; an interchange of Parsl's finds out itself.
    mutating func reportUnfinished(_ reason: String, into effects: inout [ManagerEffect]) {
        guard peer == .apus, phase == .serving else { return }
        for (id, place) in standing.sorted(by: { $0.key < $1.key }) where place != .finished {
            effects.append(.reportUnfinished(task: id, reason: warning.map { "\($0), then \(reason)" } ?? reason))
        }
    }
}
