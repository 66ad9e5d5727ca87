// The table of results as a value: which calls have a result already, which wait for an equal call that runs. It knows
// neither arguments nor futures nor files; the kernel feeds it events and performs its effects.
//
//     asked ──▶ run ──▶ succeeded: served to all who asked meanwhile, kept for those who ask later
//       │         └───▶ failed: passed on, or the next of those who wait runs
//       ├──▶ waits for an equal call
//       └──▶ served from the table

package import WorkflowCore

/// The results of earlier calls, by key, and the equal calls that are under way.
package struct MemoState: Sendable {
    /// What happens to calls whose results are kept.
    package enum Event: Sendable {
        /// A call is ready to run.
        case asked(TaskID, MemoKey)
        /// The call that runs for its key has a value.
        case succeeded(TaskID, MemoEntry)
        /// The call that runs for its key has no value. With `passOn` the equal calls fail as it did; without, one of
        /// them runs in its place.
        case failed(TaskID, passOn: Bool)
        /// A call that waits for an equal one is taken back.
        case withdrawn(TaskID)
        /// The result that was served to this call cannot be read.
        case unusable(TaskID, MemoKey)
        /// A result of an earlier run was found.
        case loaded(MemoKey, MemoEntry)
    }

    /// What the kernel has to do.
    package enum Effect: Sendable, Equatable {
        /// Hand the call to its executor.
        case run(TaskID)
        /// Complete the call with this result.
        case serve(TaskID, MemoKey, MemoEntry)
        /// Fail the call with the error of the call that ran for it.
        case fail(TaskID)
        /// The call that was taken back waits no longer; nobody runs it.
        case release(TaskID)
    }

    private struct Run {
        var key: MemoKey
        var followers: [TaskID] = []
    }

    private var entries: [MemoKey: MemoEntry] = [:]
    private var leaders: [MemoKey: TaskID] = [:]
    private var runs: [TaskID: Run] = [:]
    /// What calls wait for that an equal one runs for.
    private var following: [TaskID: MemoKey] = [:]
    /// Calls that were completed without running.
    package private(set) var servedCount = 0

    /// An empty table.
    package init() {}

    /// How many results there are.
    package var entryCount: Int { entries.count }

    /// Whether a call runs, or waits for one that does.
    package var runningCount: Int { runs.count }

    /// The key of a call that runs for all equal ones; `nil` for every other call.
    package func key(of task: TaskID) -> MemoKey? { runs[task]?.key }

    /// Makes room for so many results.
    package mutating func reserve(_ count: Int) { entries.reserveCapacity(count) }

    /// Takes one event and appends what has to be done about it.
    package mutating func handle(_ event: Event, into effects: inout [Effect]) {
        switch event {
        case .asked(let task, let key): asked(task, key, &effects)
        case .succeeded(let task, let entry): succeeded(task, entry, &effects)
        case .failed(let task, let passOn): failed(task, passOn, &effects)
        case .withdrawn(let task): withdrawn(task, &effects)
        case .unusable(let task, let key):
            servedCount -= 1
            // Only a result from a file can be unreadable; a newer one, of this run, stays.
            if case .stored? = entries[key] { entries[key] = nil }
            asked(task, key, &effects)
        case .loaded(let key, let entry): entries[key] = entry
        }
    }

    private mutating func asked(_ task: TaskID, _ key: MemoKey, _ effects: inout [Effect]) {
        if let entry = entries[key] {
            servedCount += 1
            effects.append(.serve(task, key, entry))
        } else if let leader = leaders[key] {
            runs[leader]?.followers.append(task)
            following[task] = key
        } else {
            lead(task, Run(key: key), &effects)
        }
    }

    private mutating func lead(_ task: TaskID, _ run: Run, _ effects: inout [Effect]) {
        leaders[run.key] = task
        runs[task] = run
        effects.append(.run(task))
    }

    private mutating func succeeded(_ task: TaskID, _ entry: MemoEntry, _ effects: inout [Effect]) {
        guard let run = runs.removeValue(forKey: task) else { return }
        leaders[run.key] = nil
        entries[run.key] = entry
        servedCount += run.followers.count
        for follower in run.followers {
            following[follower] = nil
            effects.append(.serve(follower, run.key, entry))
        }
    }

    private mutating func failed(_ task: TaskID, _ passOn: Bool, _ effects: inout [Effect]) {
        guard var run = runs.removeValue(forKey: task) else { return }
        leaders[run.key] = nil
        if passOn {
            for follower in run.followers {
                following[follower] = nil
                effects.append(.fail(follower))
            }
        } else if !run.followers.isEmpty {
            let next = run.followers.removeFirst()
            following[next] = nil
            lead(next, run, &effects)
        }
    }

    private mutating func withdrawn(_ task: TaskID, _ effects: inout [Effect]) {
        guard let key = following.removeValue(forKey: task), let leader = leaders[key] else { return }
        runs[leader]?.followers.removeAll { $0 == task }
        effects.append(.release(task))
    }

    /// What must hold after every event; a text for the first thing that does not.
    package func checkInvariants() -> String? {
        if runs.count != leaders.count { return "\(runs.count) calls run for \(leaders.count) keys" }
        for (task, run) in runs {
            if leaders[run.key] != task { return "task \(task) runs, but not for its key" }
            if entries[run.key] != nil { return "task \(task) runs, and its result is there" }
        }
        let followers = runs.values.reduce(0) { $0 + $1.followers.count }
        if followers != following.count { return "\(followers) calls wait, \(following.count) are known" }
        return nil
    }
}

/// One result that is kept.
package enum MemoEntry: Sendable, Equatable {
    /// A value of this run.
    case value(MemoValue)
    /// A record of a checkpoint file.
    case stored(CheckpointRecord)
}

/// A value of any type, shared by all calls that have it.
package final class MemoValue: Sendable, Equatable {
    /// The value.
    package let value: any Sendable

    /// Keeps a value.
    package init(_ value: any Sendable) { self.value = value }

    /// One value is equal to itself alone.
    package static func == (left: MemoValue, right: MemoValue) -> Bool { left === right }
}
