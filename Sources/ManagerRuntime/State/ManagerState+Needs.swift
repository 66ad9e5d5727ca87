import DequeModule
import WireProtocol

// Tasks that ask for more than a worker: processors, memory, accelerators, nodes.
//
// While the manager has such a task, waiting or running, tasks are started one by one, in their order, as they fit beside
// what runs. One that does not fit is overtaken by others that do, but not for ever: after a bound in tasks or time nothing
// behind it begins until it has begun itself. Without such tasks nothing here runs.

/// The first waiting task that does not fit, and what it has put up with.
package struct BlockedTask: Sendable, Equatable {
    /// The task.
    package var id: Int
    /// When it was found not to fit.
    package var since: UInt64
    /// How many tasks have begun before it since then.
    package var overtaken = 0
}

extension ManagerState {
    /// So many tasks for each worker may overtake one that does not fit.
    static let overtakingLimit = 4
    /// For so long others may overtake it.
    static let overtakingTime: UInt64 = 10_000_000_000
    /// Waiting tasks looked at for one that fits.
    private static let lookAhead = 256

    /// Whether tasks are placed by what they ask for.
    var placesByNeeds: Bool { !needs.isEmpty }

    /// Notes what new tasks ask for, and answers those that this node can never run.
    mutating func note(_ ticket: TaskTicket, into effects: inout [ManagerEffect]) -> Bool {
        guard let wanted = ticket.needs else { return true }
        guard pool.capacity.allows(wanted) else {
            markFinished(ticket.id)
            effects.append(.reportStopped(task: ticket.id, .tooLarge(wanted, pool.capacity)))
            return false
        }
        // Labels are a matter of which node it is: on the right one it is a task like any other.
        if !wanted.isOneWorker { needs[ticket.id] = wanted }
        return true
    }

    /// Starts waiting tasks on idle workers as they fit.
    mutating func feedByNeeds(at now: UInt64, into effects: inout [ManagerEffect]) {
        var position = 0
        var isHeldUp = false
        var room = currentRoom
        while !idle.isEmpty, position < min(pending.count, Self.lookAhead) {
            let ticket = pending[position]
            guard let seat = opening(for: needs[ticket.id] ?? TaskNeeds(), in: room) else {
                if !isHeldUp {
                    isHeldUp = true
                    if blocked?.id != ticket.id { blocked = BlockedTask(id: ticket.id, since: now) }
                    if isReserved(at: now) { return }
                }
                position += 1
                continue
            }
            if isHeldUp {
                blocked?.overtaken += 1
            } else {
                blocked = nil
            }
            pending.remove(at: position)
            place(ticket, seat, at: now, into: &effects)
            room = currentRoom
            if isHeldUp, isReserved(at: now) { return }
        }
        if pending.isEmpty { blocked = nil }
    }

    /// What runs beside a task that may begin.
    private struct Room {
        /// Workers that run a task which asks for nothing.
        var plain: Int
        /// Processors that nobody uses, where workers are bound.
        var free: [Int]
    }

    private var currentRoom: Room {
        let plain = workers.count { worker in worker.queue.first.map { grants[$0.id] == nil } ?? false }
        guard let processors = pool.processors else { return Room(plain: plain, free: []) }
        return Room(plain: plain, free: processors.free(besides: workersOnTheirOwn))
    }

    /// Workers that run something on their own processors.
    private var workersOnTheirOwn: [Int] {
        workers.indices.filter { index in
            workers[index].queue.first.map { grants[$0.id]?.processors.isEmpty ?? true } ?? false
        }
    }

    /// The worker and the processors with which a task can begin now.
    private func opening(for wanted: TaskNeeds, in room: Room) -> (worker: Int, processors: [Int])? {
        guard pool.fits(wanted, beside: room.plain) else { return nil }
        return pool.seat(for: wanted, idle: idle, free: room.free)
    }

    /// Whether the node is kept for the task that does not fit.
    private func isReserved(at now: UInt64) -> Bool {
        guard let blocked else { return false }
        return blocked.overtaken >= Self.overtakingLimit * workers.count
            || (blocked.overtaken > 0 && now &- blocked.since >= Self.overtakingTime)
    }

    private mutating func place(
        _ ticket: TaskTicket, _ seat: (worker: Int, processors: [Int]), at now: UInt64,
        into effects: inout [ManagerEffect]
    ) {
        let index = seat.worker
        idle.removeAll { $0 == index }
        workers[index].frontSince = now
        workers[index].recallAfter = 0
        workers[index].queue.append(ticket)
        standing[ticket.id] = .sent(worker: index)
        // One that asks for nothing, but cannot run on its worker's own processors, has some to give back as well.
        if needs[ticket.id] == nil, !seat.processors.isEmpty { needs[ticket.id] = TaskNeeds() }
        guard let wanted = needs[ticket.id] else {
            return effects.append(.write(task: ticket.id, worker: index))
        }
        let grant = pool.take(wanted, processors: seat.processors)
        grants[ticket.id] = grant
        effects.append(.writePlaced(task: ticket.id, worker: index, grant))
    }

    /// Takes back what a task had; it may run again.
    mutating func release(_ id: Int) {
        guard let grant = grants.removeValue(forKey: id) else { return }
        pool.give(back: grant)
        if needs[id] == TaskNeeds() { needs[id] = nil }
    }

    /// Forgets what a task asked for: it has ended.
    mutating func forgetNeeds(_ id: Int) {
        release(id)
        needs[id] = nil
        if blocked?.id == id || needs.isEmpty { blocked = nil }
    }

    /// A task has taken more memory than it asked for: its worker is killed.
    mutating func memoryExceeded(
        _ index: Int, _ task: Int, reached: Int, at now: UInt64, into effects: inout [ManagerEffect]
    ) {
        guard workers[index].standing == .ready, workers[index].queue.first?.id == task, let wanted = needs[task],
            wanted.memory > 0
        else { return }
        // A cancellation that came first counts; the worker is killed all the same.
        if stops[task] == nil {
            stops[task] = TaskStop(reason: .memory(limit: wanted.memory, reached: reached), deadline: now)
        }
        effects.append(.log("task \(task) has taken \(reached) bytes of memory; its limit is \(wanted.memory)"))
        condemn(index, into: &effects)
    }

    /// What is wrong with the needs.
    func checkNeeds() -> [String] {
        var faults = pool.faults(grants.values)
        for (id, _) in grants {
            guard needs[id] != nil, case .sent(let index) = standing[id] else {
                faults.append("task \(id) has a grant and does not run")
                continue
            }
            if workers[index].queue.map(\.id) != [id] { faults.append("task \(id) shares worker \(index)") }
        }
        for index in workersOnTheirOwn where pool.processors?.isOwnFree(index) == false {
            faults.append("worker \(index) runs on processors that a task has for itself")
        }
        for (id, _) in needs where standing[id] == nil || standing[id] == .finished {
            faults.append("task \(id) has ended and is still counted with")
        }
        for (id, place) in standing where needs[id] != nil {
            if case .sent = place, grants[id] == nil { faults.append("task \(id) runs without what it asked for") }
        }
        if needs.isEmpty, !pending.isEmpty, !idle.isEmpty { faults.append("a task waits while a worker is idle") }
        if let blocked, standing[blocked.id] != .pending { faults.append("task \(blocked.id) does not wait") }
        if !needs.isEmpty, let first = pending.first,
            opening(for: needs[first.id] ?? TaskNeeds(), in: currentRoom) != nil
        {
            faults.append("task \(first.id) is first, fits, and waits")
        }
        return faults
    }
}
