import WireProtocol

// Cancellation: what waits here is answered at once; what a manager has is stopped there, when it can be asked to.

/// What was done about a task in flight that was cancelled.
enum CancelStanding: Sendable {
    /// Its manager was asked to stop it, and will answer.
    case asked
    /// The executor was told at once, since its manager cannot be asked; what the manager answers is dropped.
    case answered
}

extension InterchangeState {
    /// Stops tasks; those that have ended, and those that never came, are passed over.
    mutating func cancel(_ ids: [Int], at now: UInt64, into effects: inout InterchangeEffects) {
        // A stock executor cannot ask for this, and could not read the answers.
        guard hello != nil else { return }
        var asked: [Int: [Int]] = [:]
        for id in ids where cancels[id] == nil {
            if ledger.cancelQueued(id) {
                effects.list.append(.answerCancelled(id: id, .queued))
                continue
            }
            guard let index = ledger.active[id], ledger.records[Int(index)].place >= 0 else { continue }
            let slot = Int(ledger.records[Int(index)].place)
            if managers[slot].canCancel {
                cancels[id] = .asked
                asked[slot, default: []].append(id)
            } else {
                cancels[id] = .answered
                effects.list.append(.answerCancelled(id: id, unstoppable(slot)))
            }
        }
        for (slot, ids) in asked.sorted(by: { $0.key < $1.key }) {
            effects.list.append(.cancelTasks(managers[slot].identity, ids))
        }
        ledger.bury()
    }

    private func unstoppable(_ slot: Int) -> CancelledWhere {
        .unstoppable(manager: managers[slot].identity, host: managers[slot].registration.hostname)
    }

    /// A manager that connected again is asked again: the question may have been lost.
    func askAgain(_ slot: Int, held: Set<Int>, into effects: inout InterchangeEffects) {
        guard !cancels.isEmpty else { return }
        let ids = tasksInFlight(at: slot).filter { cancels[$0] == .asked && held.contains($0) }
        if !ids.isEmpty { effects.list.append(.cancelTasks(managers[slot].identity, ids)) }
    }

    /// Ends cancelled tasks that a manager which connected again does not have: they are not sent a second time.
    mutating func endCancelled(
        _ slot: Int, notHeld held: Set<Int>, at now: UInt64, into effects: inout InterchangeEffects
    ) {
        guard !cancels.isEmpty else { return }
        let identity = managers[slot].identity
        let ids = tasksInFlight(at: slot).filter { cancels[$0] != nil && !held.contains($0) }
        for id in ids {
            guard let index = ledger.active[id] else { continue }
            end(TaskHandle(index: index), id, at: slot, .underway(manager: identity), now: now, into: &effects)
        }
        // One that registers without having been cut off may get them yet.
        if !ids.isEmpty, managers[slot].canCancel { effects.list.append(.cancelTasks(identity, ids)) }
    }

    /// Ends a task in flight that was cancelled, together with its manager; false when it was not cancelled.
    mutating func endCancelled(
        _ handle: TaskHandle, _ id: Int, at slot: Int, _ lost: LostManager, now: UInt64,
        into effects: inout InterchangeEffects
    ) -> Bool {
        guard !cancels.isEmpty, cancels[id] != nil else { return false }
        end(handle, id, at: slot, .lost(lost), now: now, into: &effects)
        return true
    }

    private mutating func end(
        _ handle: TaskHandle, _ id: Int, at slot: Int, _ place: CancelledWhere, now: UInt64,
        into effects: inout InterchangeEffects
    ) {
        let wasAnswered = cancels.removeValue(forKey: id) == .answered
        unlink(handle, from: slot, now: now)
        ledger.finish(handle, retained: false)
        if !wasAnswered { effects.list.append(.answerCancelled(id: id, place)) }
        effects.list.append(.releaseTask(handle))
    }

    /// Notes the result of a task that may have been cancelled; true when the executor has been answered before.
    mutating func settleCancel(_ id: Int) -> Bool {
        !cancels.isEmpty && cancels.removeValue(forKey: id) == .answered
    }

    /// Answers again for tasks that an executor still waits for after its connection broke.
    func answerAgain(_ outstanding: [Int], into effects: inout InterchangeEffects) {
        guard !cancels.isEmpty else { return }
        for id in outstanding where cancels[id] == .answered {
            guard let index = ledger.active[id] else { continue }
            effects.list.append(.answerCancelled(id: id, unstoppable(Int(ledger.records[Int(index)].place))))
        }
    }
}
