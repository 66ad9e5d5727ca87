package import WireProtocol

// What an operator asks. Nothing is changed, and nothing is kept for it.

extension InterchangeState {
    /// Managers, the queue's length, and where these tasks are.
    ///
    /// The cost grows with the number of managers, and, for a task that waits, with the queue.
    package func inspection(of tasks: [Int], at now: UInt64) -> InterchangeInspection {
        InterchangeInspection(
            queued: queuedCount,
            managers: slotsInOrder.map { slot in
                let manager = managers[slot]
                return .init(
                    name: manager.identity.description, host: manager.registration.hostname,
                    block: manager.registration.blockID.text, workers: manager.registration.workerCount,
                    capacity: manager.maxCapacity, tasks: manager.inFlight,
                    idle: manager.idleSince.map { Double(now &- $0) / 1e9 } ?? 0,
                    silent: Double(now &- manager.lastHeard) / 1e9, active: manager.active,
                    draining: manager.draining, inDoubt: manager.suspectUntil != nil,
                    labels: manager.resources?.labels.sorted() ?? [])
            },
            places: tasks.map { place(of: $0) })
    }

    private func place(of task: Int) -> InterchangeInspection.Place {
        if let index = ledger.active[task] {
            let place = ledger.records[Int(index)].place
            return place >= 0 ? .atManager(managers[Int(place)].identity.description) : .ended
        }
        if let wanted = ledger.demands.wanted(by: task) {
            let able = slots.values.count { managers[$0].couldRun(wanted) }
            let lacking = able == 0 ? lackingLabels(wanted, among: Array(slots.values)) : []
            return .demanding(wanted.text, able: able, lacking: lacking)
        }
        guard ledger.accepted.contains(task) else { return .unknown }
        guard !ledger.finished.contains(task), let ahead = ledger.queuedBefore(task) else { return .ended }
        return .queued(ahead: ahead)
    }
}

extension TaskLedger {
    /// How many tasks are handed out before one that waits; nil when it does not wait.
    fileprivate func queuedBefore(_ task: Int) -> Int? {
        let waiting = queued
        guard let own = waiting.first(where: { records[$0.position].id == task }) else { return nil }
        let key = Key(priority: records[own.position].priority, id: task)
        return waiting.count { handle in
            let record = records[handle.position]
            return Key(priority: record.priority, id: record.id) < key
        }
    }
}
