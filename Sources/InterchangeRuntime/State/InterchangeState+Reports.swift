package import WireProtocol

// What the executor may ask. The cost grows with the number of managers, here alone.

extension InterchangeState {
    /// The slots in use, earliest registration first.
    var slotsInOrder: [Int] {
        slots.values.sorted { managers[$0].order < managers[$1].order }
    }

    /// One entry for each manager, earliest registration first.
    package func managerSummaries(at now: UInt64) -> [ManagerSummary] {
        slotsInOrder.map { slot in
            let manager = managers[slot]
            let idle = manager.idleSince.map { Double(now &- $0) / 1e9 } ?? 0
            return ManagerSummary(
                manager: manager.identity.description, blockID: manager.registration.blockID,
                workerCount: manager.registration.workerCount, tasks: manager.inFlight, idleDuration: idle,
                active: manager.active, parslVersion: manager.registration.parslVersion,
                pythonVersion: manager.registration.pythonVersion, draining: manager.draining)
        }
    }

    /// The packages of each manager that told them.
    package var managerPackages: [(manager: String, packages: [(name: String, version: String)]?)] {
        slotsInOrder.map { slot in
            (manager: managers[slot].identity.description, packages: managers[slot].registration.packages)
        }
    }
}
