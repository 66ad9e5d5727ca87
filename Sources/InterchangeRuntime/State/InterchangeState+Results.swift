// Results, and who has acknowledged what.

extension InterchangeState {
    /// Results after which an Apus manager is told at once which have been passed on.
    static var acknowledgementCount: Int { 512 }
    /// Bytes of results after which it is told at once.
    static var acknowledgementBytes: Int { 1 << 20 }

    /// A manager finished a task.
    mutating func finish(
        _ id: Int, size: Int, at identity: ManagerIdentity, now: UInt64, into effects: inout InterchangeEffects
    ) {
        guard let slot = heard(identity, at: now) else {
            effects.list.append(.dropResult(identity, taskID: id, .unknownManager))
            return
        }
        guard let index = ledger.active[id], ledger.records[Int(index)].place == Int32(slot) else {
            let reason: DroppedResultReason = ledger.finished.contains(id) ? .endedBefore : .notInFlight
            effects.list.append(.dropResult(identity, taskID: id, reason))
            acknowledge(id, size: size, to: slot, into: &effects)
            return
        }
        let handle = TaskHandle(index: index)
        unlink(handle, from: slot, now: now)
        if settleCancel(id) {
            ledger.finish(handle, retained: false)
            effects.list.append(.dropResult(identity, taskID: id, .cancelled))
            effects.list.append(.releaseTask(handle))
        } else {
            ledger.finish(handle, retained: retainsResults)
            effects.list.append(.forwardResult(handle, retained: retainsResults))
        }
        acknowledge(id, size: size, to: slot, into: &effects)
        refresh(slot)
        reportLoad(slot, into: &effects)
        if managers[slot].draining, managers[slot].inFlight == 0 { endDrain(slot, into: &effects) }
    }

    /// Notes that a result needs no second sending; the manager is told now and then.
    private mutating func acknowledge(_ id: Int, size: Int, to slot: Int, into effects: inout InterchangeEffects) {
        guard managers[slot].isApus else { return }
        if acknowledgements[slot].isEmpty {
            // As many as last time: growing step by step took a tenth of a result's time.
            acknowledgements[slot].reserveCapacity(managers[slot].acknowledgementCount)
        }
        acknowledgements[slot].append(id)
        managers[slot].acknowledgementBytes += size
        guard
            acknowledgements[slot].count >= Self.acknowledgementCount
                || managers[slot].acknowledgementBytes >= Self.acknowledgementBytes
        else { return }
        sendAcknowledgements(to: slot, into: &effects)
    }

    /// Tells an Apus manager which results have been passed on; false when there is nothing to tell.
    @discardableResult
    mutating func sendAcknowledgements(to slot: Int, into effects: inout InterchangeEffects) -> Bool {
        guard !acknowledgements[slot].isEmpty else { return false }
        effects.list.append(.acknowledge(managers[slot].identity, acknowledgements[slot]))
        managers[slot].acknowledgementCount = acknowledgements[slot].count
        acknowledgements[slot] = []
        managers[slot].acknowledgementBytes = 0
        return true
    }

    /// An Apus executor connected again: sends it the results that may have been lost, and names the tasks that were.
    ///
    /// Not only results that it waits for are sent again: of the others the acknowledgement was lost, and they would be
    /// kept for ever.
    mutating func resume(_ outstanding: [Int], into effects: inout InterchangeEffects) {
        for handle in ledger.unacknowledged { effects.list.append(.resendResult(handle)) }
        var missing: [Int] = []
        for id in outstanding where ledger.active[id] == nil {
            guard !ledger.accepted.contains(id) || ledger.finished.contains(id) else { continue }
            // Ended and acknowledged, yet waited for: the executor knows better, and will send the task again.
            ledger.forget(id)
            missing.append(id)
        }
        answerAgain(outstanding, into: &effects)
        effects.list.append(.replyMissing(missing))
    }
}
