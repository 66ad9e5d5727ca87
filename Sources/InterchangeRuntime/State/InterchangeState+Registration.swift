import WireProtocol
import WorkflowCore

// How managers come, and how an Apus executor presents itself.

extension InterchangeState {
    /// A manager presented itself, for the first time or again.
    mutating func register(
        _ identity: ManagerIdentity, _ arrival: ManagerArrival, at now: UInt64, into effects: inout InterchangeEffects
    ) {
        let registration = arrival.registration
        let known = slots[identity]
        if monitors {
            effects.list.append(
                .nodeInfo(
                    NodeRecord(
                        registration: registration, tasks: known.map(tasksInFlight(at:)) ?? [], active: true,
                        draining: false, lastHeartbeat: now, idleSince: now)))
        }
        guard versionsMatch(registration) else {
            let mine = Self.versions(python: settings.pythonVersion, parsl: settings.parslVersion)
            let other = Self.versions(python: registration.pythonVersion, parsl: registration.parslVersion)
            effects.list.append(.log(.error, "manager \(identity) runs \(other), this interchange \(mine): ending"))
            effects.list.append(.versionMismatch(interchange: mine, manager: other))
            effects.list.append(.finish)
            return
        }
        if let refusal = refusal(of: registration) {
            if let known { lose(known, "it registered again with another task table", at: now, into: &effects) }
            effects.list.append(.log(.error, "manager \(identity) refused: \(refusal)"))
            effects.list.append(.refuse(identity, refusal))
            notify(.managerRefused, registration, refusal, into: &effects)
            return
        }
        if known == nil, let startTime = drained.removeValue(forKey: identity), startTime == registration.startTime {
            drained[identity] = startTime
            effects.list.append(.shutdown(identity))
            return
        }
        // Another start time means another process; a process does not change its kind either.
        if let known,
            managers[known].registration.startTime != registration.startTime
                || managers[known].isApus != (registration.apus != nil)
        {
            lose(known, "another process registered under its name", at: now, into: &effects)
        }
        if let slot = slots[identity] {
            update(slot, arrival, at: now)
            if !managers[slot].isApus { remember(block: registration.blockID) }
            let count = managers[slot].inFlight
            effects.list.append(.log(.info, "manager \(identity) registered again, \(count) in flight"))
            welcome(slot, into: &effects)
            sendAgain(slot, held: registration.apus?.held, at: now, into: &effects)
            if managers[slot].draining, managers[slot].inFlight == 0 {
                // What it had was cancelled.
                endDrain(slot, into: &effects)
            } else if arrival.drainDelay == 0 {
                drain(slot, at: now, into: &effects)
            } else {
                refresh(slot)
            }
        } else {
            let slot = add(identity, registration, at: now)
            update(slot, arrival, at: now)
            remember(block: registration.blockID)
            effects.list.append(
                .log(
                    .info,
                    "manager \(identity) registered: host \(registration.hostname), block \(registration.blockID.text), "
                        + "\(Counted.text(registration.workerCount, "worker")), capacity \(registration.maxCapacity)"))
            welcome(slot, into: &effects)
            notify(.managerRegistered, registration, "", into: &effects)
            if arrival.drainDelay == 0 { drain(slot, at: now, into: &effects) } else { refresh(slot) }
        }
    }

    private mutating func add(_ identity: ManagerIdentity, _ registration: Registration, at now: UInt64) -> Int {
        registrationCount += 1
        var record = ManagerRecord(
            identity: identity, order: registrationCount, registration: registration, now: now)
        record.active =
            heldWhenLost.removeValue(forKey: identity) != registration.startTime
            && !heldBlocks.contains(registration.blockID.text)
        let slot: Int
        if let free = freeSlots.popLast() {
            slot = free
            managers[slot] = record
            acknowledgements[slot] = []
        } else {
            slot = managers.count
            managers.append(record)
            acknowledgements.append([])
            generations.append(0)
        }
        slots[identity] = slot
        return slot
    }

    private mutating func update(_ slot: Int, _ arrival: ManagerArrival, at now: UInt64) {
        let registration = arrival.registration
        managers[slot].registration = slim(registration)
        managers[slot].workers = max(1, registration.workerCount)
        managers[slot].maxCapacity = registration.maxCapacity
        managers[slot].byteCapacity = registration.apus?.byteCapacity ?? .max
        managers[slot].threshold =
            registration.apus.map { UInt64(min($0.heartbeatThreshold, 1e9) * 1e9) } ?? settings.heartbeatThreshold
        managers[slot].lastHeartbeat = now
        managers[slot].lastHeard = now
        trust(slot)
        managers[slot].isByteBlocked = false
        if managers[slot].inFlight == 0 { managers[slot].idleSince = now }
        link(arrival.descriptor, to: slot)
        arm(.silence, at: now &+ managers[slot].threshold, for: slot)
        managers[slot].drainAt = arrival.drainDelay.map { now &+ min($0, 1 << 62) }
        if let drainAt = managers[slot].drainAt, drainAt > now { arm(.drain, at: drainAt, for: slot) }
    }

    /// Notes by which connection a manager comes; nil when that is not known.
    mutating func link(_ descriptor: Int32?, to slot: Int) {
        if let old = managers[slot].descriptor, descriptors[old] == managers[slot].identity {
            descriptors[old] = nil
        }
        managers[slot].descriptor = descriptor
        if let descriptor {
            // A number stands for one connection: whoever had it before has another by now.
            if let earlier = descriptors[descriptor], let other = slots[earlier], other != slot {
                managers[other].descriptor = nil
                lookFor(other)
            }
            descriptors[descriptor] = managers[slot].identity
            unlocated.remove(slot)
            unwatched.remove(slot)
        } else {
            lookFor(slot)
        }
    }

    private func welcome(_ slot: Int, into effects: inout InterchangeEffects) {
        guard managers[slot].isApus else { return }
        effects.list.append(.welcome(managers[slot].identity))
    }

    /// Sends an Apus manager again what it should have and has not: it was lost with the connection.
    private mutating func sendAgain(
        _ slot: Int, held ids: [Int]?, at now: UInt64, into effects: inout InterchangeEffects
    ) {
        guard let ids, managers[slot].inFlight > 0 else { return }
        let held = Set(ids)
        endCancelled(slot, notHeld: held, at: now, into: &effects)
        askAgain(slot, held: held, into: &effects)
        let first = effects.tasks.count
        var index = managers[slot].head
        while index >= 0 {
            let record = ledger.records[Int(index)]
            if !held.contains(record.id) { effects.tasks.append(TaskHandle(index: index)) }
            index = record.next
        }
        guard effects.tasks.count > first else { return }
        effects.list.append(
            .log(
                .warning,
                "sending manager \(managers[slot].identity) \(Counted.text(effects.tasks.count - first, "task")) again")
        )
        effects.list.append(
            .dispatch(managers[slot].identity, tasks: first..<effects.tasks.count, retained: true))
    }

    // MARK: Who may take part

    private func versionsMatch(_ registration: Registration) -> Bool {
        guard settings.checksVersions else { return true }
        return registration.parslVersion == settings.parslVersion
            && Self.majorMinor(registration.pythonVersion) == Self.majorMinor(settings.pythonVersion)
    }

    private static func majorMinor(_ version: String) -> String {
        version.split(separator: ".", omittingEmptySubsequences: false).prefix(2).joined(separator: ".")
    }

    private static func versions(python: String, parsl: String) -> String {
        "py.v=\(majorMinor(python)) parsl.v=\(parsl)"
    }

    /// Why this manager may not take part; nil when it may.
    private func refusal(of registration: Registration) -> String? {
        guard let hello, let apus = registration.apus, !hello.fingerprint.isEmpty, !apus.fingerprint.isEmpty,
            hello.fingerprint != apus.fingerprint
        else { return nil }
        let here = Set(hello.rows)
        let there = Set(apus.rows)
        let missing = here.subtracting(there).sorted().joined(separator: "; ")
        let extra = there.subtracting(here).sorted().joined(separator: "; ")
        return "the manager on \(registration.hostname) has another task table than the program that submits"
            + (missing.isEmpty ? "" : "; only the program has: \(missing)")
            + (extra.isEmpty ? "" : "; only the manager has: \(extra)")
            + "; start both from the same build"
    }

    /// An Apus executor presented itself.
    mutating func present(_ hello: ExecutorHello, at now: UInt64, into effects: inout InterchangeEffects) {
        let isFirst = self.hello == nil
        self.hello = hello
        guard isFirst else { return }
        for slot in slotsInOrder {
            let registration = managers[slot].registration
            if let refusal = refusal(of: registration) {
                effects.list.append(.refuse(managers[slot].identity, refusal))
                notify(.managerRefused, registration, refusal, into: &effects)
                lose(slot, "it has another task table", at: now, into: &effects)
            } else {
                managers[slot].registration = slim(registration)
                notify(.managerRegistered, registration, "", into: &effects)
            }
        }
    }

    /// What is worth keeping of a registration: a task table that matches, and the message as it came, which only
    /// monitoring wants, would be the most of a manager's memory.
    private func slim(_ registration: Registration) -> Registration {
        guard let hello else { return registration }
        var slim = registration
        if !monitors { slim.document = nil }
        if slim.apus?.fingerprint == hello.fingerprint { slim.apus?.rows = [] }
        slim.apus?.held = []
        return slim
    }
}
