import SystemSupport
package import WorkflowCore

// What an operator may want to know. Nothing here is kept for that purpose: calls pay nothing for it.

/// A call that has not ended, as an operator sees it.
package struct CallReport: Sendable, Equatable, Codable {
    /// The task's number.
    package var task: Int
    /// Its app.
    package var app: String
    /// Where it is on its way.
    package var state: String
    /// Attempts that have failed.
    package var failedTries: Int
    /// The executor that runs it; nil for a join app, which none runs.
    package var executor: String?
    /// Tasks that it waits for, the first few.
    package var waitsFor: [Int]
    /// Futures that it waits for, in all.
    package var waitsForCount: Int
    /// Whether it is being stopped.
    package var isStopping: Bool
}

/// How a call has ended, as far as that is still known.
package enum CallEnd: Sendable, Equatable {
    /// There was no such call.
    case unknown(last: Int)
    /// It failed, or was not run because another one failed.
    case failed(app: String, text: String)
    /// It ended well.
    case succeeded
    /// It ended; how is not known any more.
    case forgotten
}

extension DataFlowKernel {
    /// The number of the latest task.
    package var lastTask: Int { latestTask.rawValue }

    /// What is known of a call; nil when it has ended.
    package func report(of task: TaskID) -> CallReport? {
        let (call, place, unresolved, joined, isStopping) = content.withLock { content in
            (
                content.calls[task], content.state.place(of: task), content.state.unresolved(of: task),
                content.joins[task]?.dependencies, content.state.stopOrigin(of: task) != nil
            )
        }
        guard let call, let place else { return nil }
        var report = CallReport(
            task: task.rawValue, app: call.definition.name, state: (status(of: task) ?? .launched).rawValue,
            failedTries: place.tries, executor: call.executorIndex.map { executors[$0].label }, waitsFor: [],
            waitsForCount: 0, isStopping: isStopping)
        guard place.phase == .waiting || place.phase == .joining else { return report }
        report.waitsFor = pendingTasks(in: place.phase == .joining ? joined ?? [] : call.dependencies)
        report.waitsForCount = unresolved ?? report.waitsFor.count
        return report
    }

    /// The first few tasks of this workflow for which these futures wait.
    private func pendingTasks(in futures: [any DependencySource]) -> [Int] {
        var found: [Int] = []
        var work = futures.prefix(Self.lookedAt).reversed().map { $0 }
        var steps = 0
        while let future = work.popLast(), found.count < Self.named, steps < Self.lookedAt {
            steps += 1
            if future.isDone { continue }
            if let task = future.taskID {
                if future.owner == id, !found.contains(task.rawValue) { found.append(task.rawValue) }
            } else {
                // A future that is made of others waits for these.
                work += future.failureRoots.filter { $0 !== future }.reversed()
            }
        }
        return found
    }

    /// Futures among a call's arguments that are looked at.
    private static let lookedAt = 10_000
    /// Tasks that are named.
    private static let named = 8

    /// Calls that have not ended, in their order, from a task on.
    ///
    /// The kernel is locked for a few hundred calls at a time, so that it goes on meanwhile.
    ///
    /// - Parameters:
    ///   - limit: how many are reported.
    ///   - state: reports only those in this state.
    package func reports(limit: Int, state: String? = nil) -> [CallReport] {
        var found: [CallReport] = []
        var next = TaskID(0)
        while found.count < limit {
            let start = next
            let tasks = content.withLock { $0.calls.tasks(from: start, limit: 256) }
            guard let last = tasks.last else { break }
            for task in tasks where found.count < limit {
                guard let report = report(of: task), state == nil || report.state == state else { continue }
                found.append(report)
            }
            next = TaskID(last.rawValue + 1)
        }
        return found
    }

    /// What an executor was given for a call; nil when it has ended, or is not with an executor.
    package func attempt(of task: TaskID) -> (executor: any Executor, invocation: any TaskInvocation)? {
        let call = content.withLock { content in
            content.state.place(of: task)?.phase == .launched ? content.calls[task] : nil
        }
        guard let call, let index = call.executorIndex else { return nil }
        return (executors[index], call)
    }

    /// How a call has ended that is not held any more.
    package func end(of task: TaskID) -> CallEnd {
        guard task.rawValue >= 1, task.rawValue <= lastTask else { return .unknown(last: lastTask) }
        let (future, isComplete) = content.withLock { content in
            let kept = content.failures.count
            let others = content.state.cancelledCount > 0 || kept < content.state.failedCount
            return (content.failures.first { $0.taskID == task }, !others)
        }
        if let future, let error = future.failure { return .failed(app: future.appName, text: "\(error)") }
        return isComplete ? .succeeded : .forgotten
    }

    /// The bounds of executors: how many calls each has, may have, and how many more wait for room.
    package var rooms: [(label: String, unfinished: Int, limit: Int?, waiting: Int)] {
        let rooms = content.withLock { $0.rooms.map { ($0.unfinished, $0.limit, $0.waitingCount) } }
        return zip(executors, rooms).map { ($0.label, $1.0, $1.1, $1.2) }
    }
}
