// Handing out tasks: who gets which, and the bookkeeping of tasks in flight.

extension InterchangeState {
    /// Gives queued tasks to managers until either runs out, then sends each manager its tasks as one batch.
    mutating func handOut(at now: UInt64, into effects: inout InterchangeEffects) {
        if !ledger.demands.isEmpty { handOutDemands(at: now, into: &effects) }
        while let handle = ledger.first, let slot = candidates.next(using: &generator) {
            // A manager chosen by chance or block takes all it may before the next is asked (wire document §7.4); one
            // chosen for being the emptiest takes one, and then another may be the emptiest.
            let takesMany = candidates.level(of: slot) == nil
            var next: TaskHandle? = handle
            while let task = next {
                guard managers[slot].fits(ledger.records[task.position].size) else {
                    managers[slot].isByteBlocked = true
                    break
                }
                assign(slot)
                next = takesMany && managers[slot].canTake ? ledger.first : nil
            }
            refresh(slot)
        }
        for slot in touched {
            let first = effects.tasks.count
            var index = managers[slot].batch
            managers[slot].batch = -1
            while index >= 0 {
                effects.tasks.append(TaskHandle(index: index))
                index = ledger.records[Int(index)].next
            }
            effects.list.append(
                .dispatch(
                    managers[slot].identity, tasks: first..<effects.tasks.count, retained: managers[slot].isApus))
            reportLoad(slot, into: &effects)
        }
        touched.removeAll(keepingCapacity: true)
    }

    /// Moves the first task of the queue to a manager's list, and to the batch it will be sent.
    private mutating func assign(_ slot: Int) {
        guard let handle = ledger.takeFirst() else { return }
        assign(handle, to: slot)
    }

    /// Puts a task into a manager's list, and into the batch it will be sent.
    mutating func assign(_ handle: TaskHandle, to slot: Int) {
        let index = handle.index
        let tail = managers[slot].tail
        ledger.records[handle.position].place = Int32(slot)
        ledger.records[handle.position].previous = tail
        if tail >= 0 { ledger.records[Int(tail)].next = index } else { managers[slot].head = index }
        managers[slot].tail = index
        managers[slot].inFlight += 1
        managers[slot].bytes += ledger.records[handle.position].size
        managers[slot].idleSince = nil
        if managers[slot].batch < 0 {
            managers[slot].batch = index
            touched.append(slot)
        }
    }

    /// Takes a task out of its manager's list.
    mutating func unlink(_ handle: TaskHandle, from slot: Int, now: UInt64) {
        let record = ledger.records[handle.position]
        if record.previous >= 0 {
            ledger.records[Int(record.previous)].next = record.next
        } else {
            managers[slot].head = record.next
        }
        if record.next >= 0 {
            ledger.records[Int(record.next)].previous = record.previous
        } else {
            managers[slot].tail = record.previous
        }
        ledger.records[handle.position].next = -1
        ledger.records[handle.position].previous = -1
        managers[slot].inFlight -= 1
        managers[slot].bytes -= record.size
        managers[slot].isByteBlocked = false
        if !demandsInFlight.isEmpty { settleDemand(record.id, at: slot) }
        if managers[slot].inFlight == 0 { managers[slot].idleSince = now }
    }
}
