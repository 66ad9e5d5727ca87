import HeapModule
import WireProtocol

// How managers go: silence, closed connections, drain and hold.

extension InterchangeState {
    /// How long a manager whose connection closed may take to come back.
    static var reconnectGrace: UInt64 { 1_000_000_000 }
    /// What is added for each other one that is in doubt at the same time: thousands of handshakes with keys take a
    /// processor some seconds, and those who wait for their turn are not lost.
    static var stormGrace: UInt64 { 3_000_000 }
    /// The most that is added: with the rest it is the silence after which an Apus manager counts as lost anyway.
    static var longestStormGrace: UInt64 { 9_000_000_000 }

    /// When a manager in doubt is lost, by how many are in doubt with it.
    func lossLimit(_ suspectUntil: UInt64) -> UInt64 {
        suspectUntil &+ min(UInt64(max(0, stormSize - 1)) * Self.stormGrace, Self.longestStormGrace)
    }

    /// A manager lives; it is answered, as Parsl's managers end without.
    mutating func heartbeat(of identity: ManagerIdentity, at now: UInt64, into effects: inout InterchangeEffects) {
        guard let slot = heard(identity, at: now) else { return logUnknown(identity, "heartbeat", into: &effects) }
        managers[slot].lastHeartbeat = now
        reportDue(slot, into: &effects)
        if sendAcknowledgements(to: slot, into: &effects) { return }
        effects.list.append(.heartbeat(identity))
    }

    /// The executor wants a manager to get no more tasks.
    ///
    /// There is no way back.
    mutating func hold(_ identity: ManagerIdentity, at now: UInt64, into effects: inout InterchangeEffects) {
        guard let slot = slots[identity] else {
            effects.list.append(.log(.warning, "asked to hold manager \(identity), which is not registered: ignored"))
            return
        }
        managers[slot].active = false
        refresh(slot)
        effects.list.append(.log(.info, "manager \(identity) is held, \(managers[slot].inFlight) in flight"))
        reportNode(slot, into: &effects)
    }

    // MARK: Drain

    /// A manager gets no more tasks, and ends when it has finished those it has.
    mutating func drain(_ slot: Int, at now: UInt64, into effects: inout InterchangeEffects) {
        guard !managers[slot].draining else { return }
        managers[slot].draining = true
        refresh(slot)
        effects.list.append(
            .log(.info, "manager \(managers[slot].identity) is draining, \(managers[slot].inFlight) in flight"))
        if managers[slot].inFlight == 0 { endDrain(slot, into: &effects) }
    }

    /// A drained manager has finished everything.
    mutating func endDrain(_ slot: Int, into effects: inout InterchangeEffects) {
        sendAcknowledgements(to: slot, into: &effects)
        effects.list.append(.shutdown(managers[slot].identity))
        managers[slot].active = false
        reportNode(slot, into: &effects)
        effects.list.append(.log(.info, "manager \(managers[slot].identity) is drained"))
        notify(.managerDrained, managers[slot].registration, "", into: &effects)
        drained[managers[slot].identity] = managers[slot].registration.startTime
        remove(slot)
    }

    // MARK: Loss

    /// A manager is gone: its tasks are reported, and it is forgotten.
    mutating func lose(_ slot: Int, _ reason: String, at now: UInt64, into effects: inout InterchangeEffects) {
        let registration = managers[slot].registration
        if managers[slot].active {
            managers[slot].active = false
            reportNode(slot, into: &effects)
        } else {
            heldWhenLost[managers[slot].identity] = registration.startTime
        }
        let lost = LostManager(identity: managers[slot].identity, host: registration.hostname, reason: reason)
        effects.list.append(
            .log(.warning, "manager \(lost.identity) is lost: \(reason); \(managers[slot].inFlight) in flight"))
        failAll(slot, lost, now: now, into: &effects)
        notify(.managerLost, registration, reason, into: &effects)
        remove(slot)
    }

    private mutating func failAll(
        _ slot: Int, _ lost: LostManager, now: UInt64, into effects: inout InterchangeEffects
    ) {
        while managers[slot].head >= 0 {
            let handle = TaskHandle(index: managers[slot].head)
            let id = ledger.records[handle.position].id
            if endCancelled(handle, id, at: slot, lost, now: now, into: &effects) { continue }
            unlink(handle, from: slot, now: now)
            ledger.finish(handle, retained: retainsResults)
            effects.list.append(.failTask(handle, id: id, lost, retained: retainsResults))
        }
    }

    private mutating func remove(_ slot: Int) {
        let identity = managers[slot].identity
        candidates.remove(slot)
        trust(slot)
        unlocated.remove(slot)
        unwatched.remove(slot)
        slots[identity] = nil
        if let descriptor = managers[slot].descriptor, descriptors[descriptor] == identity {
            descriptors[descriptor] = nil
        }
        generations[slot] &+= 1
        freeSlots.append(slot)
    }

    // MARK: Closed connections

    /// A connection closed.
    ///
    /// Its manager gets no tasks until it has registered again, or its second is over and it is asked: libzmq
    /// reports the end before it takes the peer out of the ROUTER, so asking at once says nothing.
    mutating func disconnected(_ descriptor: Int32, at now: UInt64, into effects: inout InterchangeEffects) {
        guard let identity = descriptors.removeValue(forKey: descriptor), let slot = slots[identity] else {
            // It may have been that of a manager which came back and has sent nothing since.
            // Those that are in doubt already need no second look, so a storm costs each manager once.
            for slot in unwatched.sorted() { suspect(slot, at: now) }
            return
        }
        managers[slot].descriptor = nil
        lookFor(slot)
        effects.list.append(.log(.info, "the connection of manager \(identity) closed"))
        suspect(slot, at: now)
    }

    /// The answer to ``InterchangeEffect/checkReachable(_:)``, or the fate of another message.
    mutating func confirm(
        _ identity: ManagerIdentity, isReachable: Bool, at now: UInt64, into effects: inout InterchangeEffects
    ) {
        guard let slot = slots[identity] else { return }
        if isReachable {
            trust(slot)
            refresh(slot)
            if !managers[slot].isApus { interrupt(slot, now: now, into: &effects) }
        } else if let until = managers[slot].suspectUntil {
            guard now >= lossLimit(until) else { return arm(.suspicion, at: lossLimit(until), for: slot) }
            lose(slot, "its connection closed and did not come back", at: now, into: &effects)
        } else {
            suspect(slot, at: now)
        }
    }

    /// Notes that a manager's connection is not known by its descriptor.
    mutating func lookFor(_ slot: Int) {
        unlocated.insert(slot)
        if managers[slot].suspectUntil == nil { unwatched.insert(slot) }
    }

    /// A manager is there after all, or gone for good: it is in doubt no more.
    mutating func trust(_ slot: Int) {
        guard managers[slot].suspectUntil != nil else { return }
        managers[slot].suspectUntil = nil
        suspectCount -= 1
        if suspectCount == 0 { stormSize = 0 }
        if unlocated.contains(slot) { unwatched.insert(slot) }
    }

    /// Gives a manager no tasks for as long as it may take to come back.
    private mutating func suspect(_ slot: Int, at now: UInt64) {
        guard managers[slot].suspectUntil == nil else { return }
        managers[slot].suspectUntil = now &+ Self.reconnectGrace
        unwatched.remove(slot)
        suspectCount += 1
        stormSize = max(stormSize, suspectCount)
        arm(.suspicion, at: now &+ Self.reconnectGrace, for: slot)
        refresh(slot)
    }

    /// A stock pool is there again, but not what was on its way when the connection closed.
    ///
    /// It cannot say which tasks and results that were, so all its tasks count as lost: one that never ends would be
    /// worse.
    private mutating func interrupt(_ slot: Int, now: UInt64, into effects: inout InterchangeEffects) {
        guard managers[slot].inFlight > 0 else { return }
        let identity = managers[slot].identity
        effects.list.append(
            .log(.warning, "manager \(identity) was cut off for a moment: \(managers[slot].inFlight) tasks are lost"))
        let lost = LostManager(
            identity: identity, host: managers[slot].registration.hostname, reason: "its connection was interrupted")
        failAll(slot, lost, now: now, into: &effects)
        refresh(slot)
        if managers[slot].draining { endDrain(slot, into: &effects) }
    }

    /// A message told by which connection a manager now comes.
    mutating func locate(_ identity: ManagerIdentity, _ descriptor: Int32) {
        guard let slot = slots[identity], managers[slot].descriptor == nil else { return }
        link(descriptor, to: slot)
    }

    // MARK: Time

    /// Sets a timer unless one of the kind is set; a timer that comes up too early is set again.
    mutating func arm(_ kind: ManagerTimer.Kind, at deadline: UInt64, for slot: Int) {
        guard managers[slot].armed.insert(.init(kind)).inserted else { return }
        timers.insert(
            ManagerTimer(deadline: deadline, slot: Int32(slot), generation: generations[slot], kind: kind))
    }

    /// Looks at every manager whose moment has come.
    mutating func runTimers(at now: UInt64, into effects: inout InterchangeEffects) {
        while let timer = timers.min, timer.deadline <= now {
            timers.removeMin()
            let slot = Int(timer.slot)
            guard generations[slot] == timer.generation else { continue }
            managers[slot].armed.remove(.init(timer.kind))
            switch timer.kind {
            case .silence:
                let limit = managers[slot].lastHeard &+ managers[slot].threshold
                if limit < now {
                    let seconds = (now &- managers[slot].lastHeard) / 1_000_000_000
                    lose(slot, "nothing was heard of it for \(seconds) s", at: now, into: &effects)
                } else {
                    arm(.silence, at: max(limit, now) &+ 1, for: slot)
                }
            case .drain:
                guard let drainAt = managers[slot].drainAt else { continue }
                if drainAt <= now { drain(slot, at: now, into: &effects) } else { arm(.drain, at: drainAt, for: slot) }
            case .suspicion:
                guard let until = managers[slot].suspectUntil else { continue }
                let limit = lossLimit(until)
                if limit <= now {
                    effects.list.append(.checkReachable(managers[slot].identity))
                } else {
                    arm(.suspicion, at: limit, for: slot)
                }
            }
        }
    }

    /// This process could not listen for a while, so nobody's silence counts until now.
    mutating func forgive(at now: UInt64) {
        for slot in slots.values {
            managers[slot].lastHeard = now
            if managers[slot].suspectUntil != nil { managers[slot].suspectUntil = now &+ Self.reconnectGrace }
        }
    }
}
