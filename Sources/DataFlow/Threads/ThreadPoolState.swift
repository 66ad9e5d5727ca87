// The thread pool as a value: which call waits, which thread runs what, what was asked to stop and until when. Times go
// in; threads, semaphores and receivers are the executor's.

import DequeModule
import SystemSupport
import WorkflowCore

/// What a thread pool knows.
struct ThreadPoolState {
    /// A call and who hears of its end.
    struct Item {
        var invocation: any TaskInvocation
        var receiver: any OutcomeReceiver
    }

    /// What becomes of a call that is submitted.
    enum Submission {
        /// A thread will take it when it has ended another one.
        case queued
        /// One of the threads that sleep is to be woken for it.
        case wake
        /// The pool has stopped.
        case refused
    }

    /// Why a body that runs is asked to stop.
    enum StopReason: Equatable {
        case cancelled
        case walltime
        case shutdown
    }

    /// A call that has an outcome before its thread has one.
    struct Ended {
        var item: Item
        var error: any Error
    }

    /// A body that is to be cancelled.
    struct Cancellation: Equatable {
        var slot: Int
        var run: Int
    }

    /// What has to be done about a request or about the time.
    struct Actions {
        /// Bodies to be cancelled.
        var cancellations: [Cancellation] = []
        /// Calls to be reported.
        var ended: [Ended] = []
        /// Slots whose thread is given up, and that get another one.
        var abandoned: [Int] = []
    }

    /// One thread, as far as it can be relied upon; when it is given up, another one takes the place.
    private struct Slot {
        var item: Item?
        /// Counts the runs of the pool; names this one.
        var run = -1
        var began: UInt64 = 0
        var stop: StopReason?
        /// When the walltime, or after a stop the grace period, is over.
        var deadline = UInt64.max
    }

    private var items: Deque<Item?> = []
    /// The number of the first item.
    private var head = 0
    private var slots: [Slot]
    private var lastRun = 0
    /// Threads that sleep, or are about to, and that nobody has woken yet.
    private var idle = 0
    private var index = InvocationIndex()
    private let grace: UInt64
    private let label: String
    /// Calls taken and not ended.
    private(set) var outstanding = 0
    /// Nothing is taken any more.
    private(set) var isStopped = false
    /// When somebody will next look at the time; later than that nobody has to.
    private(set) var nextLook = UInt64.max

    init(label: String, threads: Int, grace: UInt64) {
        self.label = label
        self.grace = grace
        slots = Array(repeating: Slot(), count: threads)
    }

    /// Queues a call, and says what has to be done about it.
    mutating func submit(_ item: Item) -> Submission {
        guard !isStopped else { return .refused }
        items.append(item)
        outstanding += 1
        guard idle > 0 else { return .queued }
        idle -= 1
        return .wake
    }

    /// Gives a thread its next call; `nil` when there is none: then the thread goes to sleep, unless the pool has stopped.
    mutating func begin(_ slot: Int, now: @autoclosure () -> UInt64) -> (item: Item, run: Int)? {
        guard let item = nextItem() else {
            if !isStopped { idle += 1 }
            return nil
        }
        lastRun += 1
        slots[slot] = Slot(item: item, run: lastRun)
        if let walltime = item.invocation.walltime {
            let now = now()
            slots[slot].began = now
            slots[slot].deadline = now.addingSaturated(walltime.clampedNanoseconds)
        }
        return (item, lastRun)
    }

    private mutating func nextItem() -> Item? {
        while let entry = items.popFirst() {
            head += 1
            if let entry { return entry }
        }
        return nil
    }

    /// Takes the outcome of a run, and says what is to be reported; `nil` when that was done and the thread given up.
    mutating func end(_ slot: Int, run: Int, _ outcome: TaskOutcome, now: @autoclosure () -> UInt64) -> TaskOutcome? {
        guard slots[slot].run == run, let item = slots[slot].item else { return nil }
        outstanding -= 1
        let stop = slots[slot].stop
        let began = slots[slot].began
        slots[slot] = Slot(run: run)
        guard let stop else { return outcome }
        return .failure(error(stop, item, began: began, now: now(), isAbandoned: false))
    }

    /// Somebody wants a call stopped.
    mutating func cancel(_ invocation: any TaskInvocation, at now: UInt64) -> Actions {
        var actions = Actions()
        if let slot = slots.firstIndex(where: { $0.item?.invocation === invocation }) {
            stop(slot, .cancelled, at: now, &actions)
            return actions
        }
        let number = index.number(of: invocation, lowest: head, end: head + items.count, count: items.count) { number in
            number < head ? nil : items[number - head]?.invocation
        }
        guard let number, let item = items[number - head] else { return actions }
        // The place stays, for the others are found by theirs.
        items[number - head] = nil
        outstanding -= 1
        let error = ExecutionError(
            .cancelled,
            "\(Self.title(item)) was cancelled while it waited for a thread of the executor '\(label)'; it did not run")
        actions.ended.append(Ended(item: item, error: error))
        return actions
    }

    /// Takes nothing any more, gives back what waits, and stops what runs.
    mutating func shutDown(at now: UInt64) -> Actions {
        var actions = Actions()
        isStopped = true
        for case let item? in items {
            outstanding -= 1
            actions.ended.append(Ended(item: item, error: Self.refusal(item.invocation)))
        }
        items = []
        for slot in slots.indices { stop(slot, .shutdown, at: now, &actions) }
        return actions
    }

    /// Looks at the time: walltimes and grace periods that are over.
    mutating func tick(at now: UInt64) -> Actions {
        var actions = Actions()
        for slot in slots.indices where slots[slot].deadline <= now {
            if slots[slot].stop == nil { stop(slot, .walltime, at: now, &actions) }
            if slots[slot].deadline <= now { abandon(slot, at: now, &actions) }
        }
        nextLook = slots.reduce(UInt64.max) { min($0, $1.deadline) }
        return actions
    }

    /// Whether the one who looks at the time must be told to look earlier.
    mutating func mustLookEarlier() -> Bool {
        let earliest = slots.reduce(UInt64.max) { min($0, $1.deadline) }
        guard earliest < nextLook else { return false }
        nextLook = earliest
        return true
    }

    private mutating func stop(_ slot: Int, _ reason: StopReason, at now: UInt64, _ actions: inout Actions) {
        guard slots[slot].item != nil, slots[slot].stop == nil else { return }
        slots[slot].stop = reason
        slots[slot].deadline = now.addingSaturated(grace)
        actions.cancellations.append(Cancellation(slot: slot, run: slots[slot].run))
    }

    private mutating func abandon(_ slot: Int, at now: UInt64, _ actions: inout Actions) {
        guard let item = slots[slot].item, let reason = slots[slot].stop else { return }
        outstanding -= 1
        let error = error(reason, item, began: slots[slot].began, now: now, isAbandoned: true)
        actions.ended.append(Ended(item: item, error: error))
        actions.abandoned.append(slot)
        slots[slot] = Slot()
    }

    // MARK: Words

    /// The error of a call that the pool does not take any more.
    static func refusal(_ invocation: any TaskInvocation) -> ExecutionError {
        ExecutionError(.cancelled, "\(title(invocation)) was not run: its executor was stopped")
    }

    private func error(
        _ reason: StopReason, _ item: Item, began: UInt64, now: UInt64, isAbandoned: Bool
    ) -> any Error {
        if reason == .walltime, let walltime = item.invocation.walltime {
            return AppTimeout(
                app: item.invocation.definition.name, limit: Double(walltime.clampedNanoseconds) / 1e9,
                elapsed: Double(now &- began) / 1e9)
        }
        let why = reason == .shutdown ? "was stopped, because its executor was shut down," : "was cancelled"
        let how =
            isAbandoned
            ? "it was asked to stop and did not within \(Double(grace) / 1e9) s. A thread cannot be killed: it goes on by "
                + "itself and its result is dropped, and another thread takes its place; let the body look at "
                + "Task.isCancelled"
            : "it was asked to stop, and has ended"
        return ExecutionError(
            .cancelled, "\(Self.title(item)) \(why) while it ran on a thread of the executor '\(label)': \(how)")
    }

    private static func title(_ item: Item) -> String { title(item.invocation) }

    private static func title(_ invocation: any TaskInvocation) -> String {
        "'\(invocation.definition.name)' (\(invocation.identity))"
    }

    /// Where a call is.
    func place(of invocation: any TaskInvocation) -> ExecutorInspection.Place {
        if slots.contains(where: { $0.item?.invocation === invocation }) { return .onThread }
        var ahead = 0
        for case let item? in items {
            if item.invocation === invocation { return .waitingForThread(ahead: ahead) }
            ahead += 1
        }
        return .notHere
    }

    // MARK: Invariants

    /// What must hold after every event; a text for the first thing that does not.
    func checkInvariants() -> String? {
        let waiting = items.count { $0 != nil }
        let running = slots.count { $0.item != nil }
        if waiting + running != outstanding { return "\(waiting) wait, \(running) run, \(outstanding) are counted" }
        for (number, slot) in slots.enumerated() {
            if slot.item == nil, slot.stop != nil || slot.deadline != .max { return "slot \(number) stops nothing" }
            if slot.stop != nil, slot.deadline == .max { return "slot \(number) may stop for ever" }
        }
        return nil
    }
}

extension UInt64 {
    fileprivate func addingSaturated(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max - 1 : sum
    }
}
