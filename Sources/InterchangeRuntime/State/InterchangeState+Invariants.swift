import WireProtocol

// What must be true after every event. For tests: the cost grows with everything there is.

/// A rule that the state has broken.
package struct BrokenInvariant: Error, CustomStringConvertible {
    /// Which, with the numbers that show it.
    package let description: String
}

extension InterchangeState {
    /// Checks every rule.
    ///
    /// - Throws: ``BrokenInvariant`` for the first that is broken.
    package func checkInvariants() throws(BrokenInvariant) {
        var inFlight = 0
        let free = Set(freeSlots)
        for (identity, slot) in slots {
            try require(managers[slot].identity == identity, "slot \(slot) belongs to \(managers[slot].identity)")
            try require(!free.contains(slot), "slot \(slot) of \(identity) is free")
            inFlight += try checkTasks(of: slot)
            try checkCandidate(slot)
            try require(managers[slot].armed.contains(.init(.silence)), "nobody listens for the silence of \(identity)")
            try require(managers[slot].batch < 0, "a batch for \(identity) was not sent")
        }
        try require(touched.isEmpty, "batches for \(touched) were not sent")
        try require(slots.count + freeSlots.count == managers.count, "slots are missing")
        for (descriptor, identity) in descriptors {
            try require(
                slots[identity].map { managers[$0].descriptor == descriptor } ?? false,
                "descriptor \(descriptor) leads to \(identity), which has another")
        }
        for slot in unlocated {
            try require(managers[slot].descriptor == nil, "\(managers[slot].identity) is looked for and was found")
            try require(
                unwatched.contains(slot) == (managers[slot].suspectUntil == nil),
                "\(managers[slot].identity) is not told of closed connections")
        }
        try require(unwatched.isSubset(of: unlocated), "slots \(unwatched.subtracting(unlocated)) are located")
        let suspects = slots.values.count { managers[$0].suspectUntil != nil }
        try require(suspects == suspectCount, "\(suspects) managers are in doubt, counted \(suspectCount)")
        try require(
            stormSize >= suspects && (stormSize == 0) == (suspects == 0), "a storm of \(stormSize), \(suspects)")
        try checkQueue()
        try checkDemands()
        var retained = 0
        for (id, index) in ledger.active.entries {
            let record = ledger.records[Int(index)]
            try require(record.id == id, "task \(id) leads to task \(record.id)")
            if record.place == TaskRecord.finished {
                retained += 1
                try require(ledger.finished.contains(id), "task \(id) has a result but did not end")
            } else {
                try require(record.place >= 0, "task \(id) is active but nowhere")
                try require(!ledger.finished.contains(id), "task \(id) is in flight and has ended")
            }
        }
        try require(ledger.active.count == inFlight + retained, "\(ledger.active.count) active, \(inFlight) in flight")
    }

    private func checkTasks(of slot: Int) throws(BrokenInvariant) -> Int {
        let manager = managers[slot]
        var count = 0
        var bytes = 0
        var previous: Int32 = -1
        var index = manager.head
        while index >= 0 {
            let record = ledger.records[Int(index)]
            try require(record.place == Int32(slot), "task \(record.id) of \(manager.identity) is at \(record.place)")
            try require(record.previous == previous, "the list of \(manager.identity) is torn at task \(record.id)")
            try require(ledger.active[record.id] == index, "task \(record.id) is in flight but not active")
            count += 1
            bytes += record.size
            previous = index
            index = record.next
        }
        try require(manager.tail == previous, "the list of \(manager.identity) has another end")
        try require(count == manager.inFlight, "\(manager.identity) has \(count) tasks, counted \(manager.inFlight)")
        try require(bytes == manager.bytes, "\(manager.identity) has \(bytes) bytes, counted \(manager.bytes)")
        try require((manager.idleSince == nil) == (count > 0), "\(manager.identity) is idle with \(count) tasks")
        try require(!manager.draining || count > 0, "\(manager.identity) is drained but still there")
        return count
    }

    private func checkCandidate(_ slot: Int) throws(BrokenInvariant) {
        let manager = managers[slot]
        let expected = manager.canTake && !manager.isByteBlocked
        try require(
            candidates.contains(slot) == expected, "\(manager.identity) should \(expected ? "" : "not ")be a candidate")
        if manager.isByteBlocked {
            try require(manager.inFlight >= manager.workers, "\(manager.identity) is blocked with an idle worker")
        }
        if let level = candidates.level(of: slot) {
            try require(level == manager.level, "\(manager.identity) is at level \(level), not \(manager.level)")
        }
    }

    private func checkQueue() throws(BrokenInvariant) {
        let queued = ledger.queued
        if let fault = ledger.tombstoneFault { throw BrokenInvariant(description: fault) }
        for (id, _) in cancels {
            let place = ledger.active[id].map { ledger.records[Int($0)].place } ?? TaskRecord.free
            try require(place >= 0, "task \(id) is cancelled in flight and at \(place)")
        }
        try require(queued.count == ledger.queuedCount, "\(queued.count) queued, counted \(ledger.queuedCount)")
        for handle in queued {
            let record = ledger.records[handle.position]
            try require(record.place == TaskRecord.queued, "task \(record.id) is queued and at \(record.place)")
            try require(ledger.accepted.contains(record.id), "task \(record.id) is queued but was not accepted")
            try require(!ledger.finished.contains(record.id), "task \(record.id) is queued and has ended")
        }
    }

    private func checkDemands() throws(BrokenInvariant) {
        if let fault = ledger.demands.fault { throw BrokenInvariant(description: fault) }
        for handle in ledger.demands.handles {
            let record = ledger.records[handle.position]
            try require(record.place == TaskRecord.queued, "task \(record.id) is queued and at \(record.place)")
            try require(!ledger.finished.contains(record.id), "task \(record.id) is queued and has ended")
        }
        for (id, _) in demandsInFlight {
            let place = ledger.active[id].map { ledger.records[Int($0)].place } ?? TaskRecord.free
            try require(place >= 0, "task \(id) is counted at a manager and at \(place)")
        }
        for (identity, slot) in slots {
            let wanted = tasksInFlight(at: slot).compactMap { demandsInFlight[$0] }
            try require(
                wanted.count == managers[slot].demands.count
                    && wanted.reduce(0) { $0 + $1.gpus } == managers[slot].demands.gpus
                    && wanted.reduce(0) { $0 + $1.memory } == managers[slot].demands.memory,
                "\(identity) has \(wanted.count) demanding tasks, counted \(managers[slot].demands.count)")
        }
    }

    private func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(BrokenInvariant) {
        if !condition { throw BrokenInvariant(description: text()) }
    }
}
