import DequeModule
package import WireProtocol

// Stopping tasks: those that somebody cancelled, and those whose walltime is over.
//
//     waits here ────────────────────────────▶ answered at once, never run
//     ahead in a worker ──▶ asked back ──────▶ answered; when it has begun meanwhile: as below
//     runs ──▶ asked to stop ──▶ ends ───────▶ the worker's own answer
//                   └── grace is over ───────▶ the worker is killed and replaced, the task answered

/// What the state knows of a task that is to be stopped in a worker.
package struct TaskStop: Sendable, Equatable {
    /// Why it is stopped.
    package enum Reason: Sendable, Equatable {
        /// Somebody cancelled it.
        case cancelled
        /// It had run this long, in seconds, at that moment, and its walltime was over.
        case overdue(limit: Double, elapsed: Double, at: UInt64)
        /// It had taken so many bytes of memory.
        case memory(limit: Int, reached: Int)
        /// Its batch job is about to end.
        case warned
    }

    /// Why it is stopped.
    package var reason: Reason
    /// When the worker is killed; `nil` while the task has not begun.
    package var deadline: UInt64?
}

/// How a task that was stopped ended, when its worker did not say so.
package enum StoppedTask: Sendable, Equatable {
    /// It was cancelled before it began.
    case unbegun
    /// It was cancelled, and its worker ended in this way; `killed` when that was our doing.
    case cancelled(worker: Int, killed: Bool, ending: String)
    /// Its walltime was over, and its worker was killed.
    case timedOut(limit: Double, elapsed: Double)
    /// It had taken more memory than it asked for, and its worker was killed.
    case memoryExceeded(limit: Int, reached: Int)
    /// It asks for more than this node has; it did not run.
    case tooLarge(TaskNeeds, NodeCapacity)
}

extension ManagerState {
    /// Stops tasks; those that have ended or were never here are passed over.
    mutating func cancel(_ ids: [Int], at now: UInt64, into effects: inout [ManagerEffect]) {
        heard(at: now)
        var waiting: Set<Int> = []
        var busy: Set<Int> = []
        for id in ids where stops[id] == nil || isWarned(id) {
            switch standing[id] {
            case .pending: waiting.insert(id)
            case .sent(let worker):
                stops[id] = TaskStop(reason: .cancelled)
                busy.insert(worker)
            case .finished, nil: continue
            }
        }
        if !waiting.isEmpty {
            pending.removeAll { waiting.contains($0.id) }
            for id in waiting.sorted() { answer(id, .unbegun, into: &effects) }
            // What was held up by one of them may begin.
            if !pending.isEmpty, !idle.isEmpty { feed(at: now, into: &effects) }
        }
        for worker in busy.sorted() {
            stopFront(of: worker, at: now, into: &effects)
            recallBehind(worker, at: now, into: &effects)
        }
    }

    /// A worker asked a task to stop whose walltime is over.
    mutating func workerOverdue(
        _ index: Int, _ task: Int, limit: Double, elapsed: Double, at now: UInt64, into effects: inout [ManagerEffect]
    ) {
        // A result that was quicker, or a cancellation, has settled the matter.
        guard workers[index].standing == .ready, workers[index].queue.first?.id == task, stops[task] == nil else {
            return
        }
        stops[task] = TaskStop(
            reason: .overdue(limit: limit, elapsed: elapsed, at: now), deadline: now.after(settings.cancelGrace))
        recallBehind(index, at: now, into: &effects)
    }

    /// Asks the first task of a worker to stop, when it is one that shall.
    mutating func stopFront(of index: Int, at now: UInt64, into effects: inout [ManagerEffect]) {
        guard workers[index].standing == .ready, let front = workers[index].queue.first, let stop = stops[front.id],
            stop.deadline == nil
        else { return }
        stops[front.id]?.deadline = now.after(settings.cancelGrace)
        effects.append(.cancelRunning(task: front.id, worker: index))
    }

    /// Asks for what waits behind a task that is being stopped, so that nothing but that task can die with the worker,
    /// and for tasks that are to be stopped before they begin.
    private mutating func recallBehind(_ index: Int, at now: UInt64, into effects: inout [ManagerEffect]) {
        guard mayRecall(index) else { return }
        workers[index].recallAfter = now &+ Self.recallDelay
        effects.append(.recall(index))
    }

    /// Whether a worker has a task that is being stopped.
    func isStopping(_ index: Int) -> Bool {
        !stops.isEmpty && workers[index].queue.contains { stops[$0.id] != nil }
    }

    /// Kills the workers whose task went on after the grace period.
    mutating func killOverdue(at now: UInt64, into effects: inout [ManagerEffect]) {
        for (id, stop) in stops.sorted(by: { $0.key < $1.key }) {
            guard let deadline = stop.deadline, deadline <= now, case .sent(let index) = standing[id],
                workers[index].standing == .ready
            else { continue }
            effects.append(.log("task \(id) was asked to stop and goes on; worker \(index) is killed"))
            condemn(index, into: &effects)
        }
    }

    /// When the first worker is to be killed, or asked again for what it has not begun.
    var nextStop: UInt64? {
        guard !stops.isEmpty else { return nil }
        var next = UInt64.max
        for (id, stop) in stops {
            // A worker that has been killed is waited for, however long its end takes.
            guard let deadline = stop.deadline, case .sent(let index) = standing[id], workers[index].standing == .ready
            else { continue }
            next = min(next, deadline)
        }
        for index in workers.indices where mayRecall(index) && isStopping(index) { next = min(next, recallTime(index)) }
        return next
    }

    /// Answers a task that was to be stopped and ended with its worker; false when it was not to be stopped.
    mutating func answerStopped(
        _ id: Int, worker: Int, wasKilled: Bool, _ ending: String, at now: UInt64, into effects: inout [ManagerEffect]
    ) -> Bool {
        guard !stops.isEmpty, let stop = stops[id] else { return false }
        switch stop.reason {
        case .cancelled:
            answer(id, .cancelled(worker: worker, killed: wasKilled, ending: ending), into: &effects)
        case .overdue(let limit, let elapsed, let moment):
            answer(id, .timedOut(limit: limit, elapsed: elapsed + Double(now &- moment) / 1e9), into: &effects)
        case .warned:
            // Lost with its worker, like any other.
            stops[id] = nil
            return false
        case .memory(let limit, let reached):
            answer(id, .memoryExceeded(limit: limit, reached: reached), into: &effects)
        }
        return true
    }

    /// Takes out those that shall not run at all, and answers them.
    mutating func withoutStopped(
        _ tickets: [TaskTicket], into effects: inout [ManagerEffect]
    ) -> [TaskTicket] {
        guard !stops.isEmpty else { return tickets }
        return tickets.filter { ticket in
            guard stops[ticket.id] != nil else { return true }
            answer(ticket.id, .unbegun, into: &effects)
            return false
        }
    }

    private mutating func answer(_ id: Int, _ how: StoppedTask, into effects: inout [ManagerEffect]) {
        stops[id] = nil
        markFinished(id)
        effects.append(.reportStopped(task: id, how))
    }

    /// What is wrong with the tasks to be stopped.
    func checkStops() -> [String] {
        stops.compactMap { id, stop in
            guard case .sent(let index) = standing[id] else { return "task \(id) is stopped where it is not" }
            let isFirst = workers[index].queue.first?.id == id
            let isReady = workers[index].standing == .ready
            if isFirst, isReady, stop.deadline == nil { return "task \(id) runs, shall stop, and was not asked to" }
            return !isFirst && stop.deadline != nil ? "task \(id) was asked to stop before it began" : nil
        }
    }
}

extension UInt64 {
    /// A moment so many nanoseconds later; the last one there is when that is beyond it.
    fileprivate func after(_ nanoseconds: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(nanoseconds)
        return overflow ? .max : sum
    }
}
