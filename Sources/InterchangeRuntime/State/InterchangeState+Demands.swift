import WireProtocol
import WorkflowCore

// Tasks that ask for more than a worker, and who is given them.
//
// A manager is given such a task when it fits beside what the manager has, by what the manager announced. One that finds
// no room for two seconds goes to the least busy manager that could run it, one ahead for each, and keeps a place there:
// the manager lets others overtake it only for a while. A task that none of the managers could ever run is answered after
// some seconds, in which others may still register. Without such tasks nothing here runs.
//
// A task that asks for labels and nothing else is given to managers that have them, and counts there like any other: it
// may be sent ahead, and takes up no more than a worker.

extension InterchangeState {
    /// How long a task waits for a manager with room, before it is given to one without.
    static var demandPatience: UInt64 { 2_000_000_000 }
    /// How long a task waits for a manager that could run it while there are only others.
    static var hopelessPatience: UInt64 { 5_000_000_000 }

    /// Between two looks at all managers.
    static var slowLookPeriod: UInt64 { 250_000_000 }

    /// Queues a task that asks for more than a worker.
    mutating func queue(
        _ handle: TaskHandle, _ id: Int, _ priority: Double, _ size: Int, _ needs: TaskNeeds,
        into effects: inout InterchangeEffects
    ) {
        // A stock executor's pools look after such tasks themselves.
        let accepted =
            hello == nil
            ? ledger.enqueue(handle, id: id, priority: priority, size: size)
            : ledger.enqueue(handle, id: id, priority: priority, size: size, needs: needs)
        if !accepted { effects.list.append(.dropTask(handle, id: id)) }
    }

    /// When ``handOut(at:into:)`` must look again although nothing has happened.
    var demandDeadline: UInt64? {
        guard !ledger.demands.isEmpty else { return nil }
        return ledger.demands.shapes.values.contains { $0.blockedSince != nil } ? nextSlowLook : nil
    }

    /// Gives out demanding tasks, and between them, in their order, the others, until neither finds a place.
    mutating func handOutDemands(at now: UInt64, into effects: inout InterchangeEffects) {
        // What costs a look at every manager is done now and then.
        let isSlow = now >= nextSlowLook
        if isSlow {
            nextSlowLook = now &+ Self.slowLookPeriod
            answerHopeless(at: now, into: &effects)
        }
        let freed = freedSlots
        while let (wanted, slot) = nextDemand(at: now, freed: freed, isSlow: isSlow) {
            if let plain = ledger.first, let key = ledger.demands.firstKey(wanted), ledger.key(plain.index) < key,
                let plainSlot = candidates.next(using: &generator)
            {
                handOne(to: plainSlot)
                continue
            }
            guard let (handle, id) = ledger.takeDemand(wanted, at: now) else { break }
            assign(handle, to: slot)
            if !wanted.isOneWorker {
                demandsInFlight[id] = wanted
                managers[slot].commit(wanted)
            }
            refresh(slot)
        }
        freedSlots.removeAll(keepingCapacity: true)
    }

    /// The demanding task that is next among those for which there is a place, and the place.
    private mutating func nextDemand(at now: UInt64, freed: [Int], isSlow: Bool) -> (TaskNeeds, Int)? {
        var best: (key: TaskLedger.Key, wanted: TaskNeeds, slot: Int)?
        for (wanted, shape) in ledger.demands.shapes {
            guard let key = ledger.demands.firstKey(wanted), best.map({ key < $0.key }) ?? true else { continue }
            if let slot = place(for: wanted, shape, at: now, freed: freed, isSlow: isSlow) {
                best = (key, wanted, slot)
            } else if shape.blockedSince == nil {
                ledger.setBlocked(wanted, since: now)
            }
        }
        return best.map { ($0.wanted, $0.slot) }
    }

    private mutating func place(
        for wanted: TaskNeeds, _ shape: DemandQueue.Shape, at now: UInt64, freed: [Int], isSlow: Bool
    ) -> Int? {
        let size = ledger.demands.first(wanted).map { ledger.records[$0.position].size } ?? 0
        guard let since = shape.blockedSince else {
            // One that can be sent ahead goes to an idle worker first, like any other.
            if wanted.isOneWorker, let slot = nextRoom(for: wanted, size, onlyIdle: true) { return slot }
            return nextRoom(for: wanted, size, onlyIdle: false)
        }
        let slot = freed.first { isLive($0) && managers[$0].hasRoom(for: wanted, size: size) }
        if let slot { return slot }
        guard isSlow, now &- since >= Self.demandPatience else { return nil }
        let able = managers.indices.filter { isLive($0) && managers[$0].mayWait(wanted) }
        return able.min { managers[$0].level < managers[$1].level }
    }

    /// The next manager with room, from where the last one was found, so that all get their share.
    private mutating func nextRoom(for wanted: TaskNeeds, _ size: Int, onlyIdle: Bool) -> Int? {
        for step in 0..<managers.count {
            let slot = (demandCursor + step) % managers.count
            guard isLive(slot), !onlyIdle || managers[slot].level < LoadLevels.full,
                managers[slot].hasRoom(for: wanted, size: size)
            else { continue }
            // With packing the search always begins at the first.
            if settings.selector != .packed { demandCursor = (slot + 1) % managers.count }
            return slot
        }
        return nil
    }

    private func isLive(_ slot: Int) -> Bool { slots[managers[slot].identity] == slot }

    /// Gives one plain task to a manager.
    private mutating func handOne(to slot: Int) {
        guard let task = ledger.first else { return }
        if managers[slot].fits(ledger.records[task.position].size) {
            if let handle = ledger.takeFirst() { assign(handle, to: slot) }
        } else {
            managers[slot].isByteBlocked = true
        }
        refresh(slot)
    }

    /// A task that asked for more than a worker is at no manager any more.
    mutating func settleDemand(_ id: Int, at slot: Int) {
        guard let wanted = demandsInFlight.removeValue(forKey: id) else { return }
        managers[slot].uncommit(wanted)
    }

    // MARK: Tasks that no manager can run

    private mutating func answerHopeless(at now: UInt64, into effects: inout InterchangeEffects) {
        let live = managers.indices.filter { isLive($0) && managers[$0].active && !managers[$0].draining }
        for (wanted, shape) in ledger.demands.shapes {
            let isHopeless = !live.isEmpty && !live.contains { managers[$0].couldRun(wanted) }
            guard isHopeless else {
                if shape.hopelessSince != nil { ledger.setHopeless(wanted, since: nil) }
                continue
            }
            guard let since = shape.hopelessSince else {
                ledger.setHopeless(wanted, since: now)
                continue
            }
            guard now &- since >= Self.hopelessPatience else { continue }
            let text = hopelessText(wanted, live)
            while let (handle, id) = ledger.takeDemand(wanted, at: now) {
                ledger.finish(handle, retained: retainsResults)
                effects.list.append(.failUnplaceable(handle, id: id, text, retained: retainsResults))
            }
        }
    }

    private func hopelessText(_ wanted: TaskNeeds, _ live: [Int]) -> String {
        let who =
            live.count == 1
            ? "the only manager that is connected could never run it"
            : "none of the \(live.count) managers that are connected could ever run it"
        let lacking = lackingLabels(wanted, among: live)
        guard lacking.isEmpty else {
            let present = live.reduce(into: Set<String>()) { $0.formUnion(managers[$1].resources?.labels ?? []) }
            let what = NodeCapacity.text(of: Set(lacking))
            return "the task asks for \(wanted.text), and \(who): no node has \(lacking.count > 1 ? "all of " : "")"
                + "\(what); they have "
                + NodeCapacity.text(of: present)
                + ". Look at how it is spelled, or give nodes the label: nodeLabels of the executor, or "
                + "\(NodeLabels.variable) on the node"
        }
        let labelled = live.filter { managers[$0].carries(wanted.labels) }
        let kinds = Set(
            labelled.map { managers[$0].resources?.text ?? "nothing that is known (another version)" }
        ).sorted()
        return "the task asks for \(wanted.text), and \(who): "
            + (wanted.labels.isEmpty ? "they have " : "those that are labelled so have ")
            + kinds.prefix(3).joined(separator: "; or ") + (kinds.count > 3 ? "; and other sizes" : "")
            + ". Ask for less, or give the executor larger nodes"
    }

    /// The labels for which no manager could run a task: those that none of these has.
    ///
    /// All, when each is somewhere and all together nowhere; none when labels are not the reason.
    func lackingLabels(_ wanted: TaskNeeds, among live: [Int]) -> [String] {
        guard !live.isEmpty, !live.contains(where: { managers[$0].carries(wanted.labels) }) else { return [] }
        let nowhere = wanted.labels.filter { label in !live.contains { managers[$0].carries([label]) } }
        return nowhere.isEmpty ? wanted.labels : nowhere
    }
}
