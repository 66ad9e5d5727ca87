import WireProtocol

// What a manager's node has for tasks that ask for more than a worker, and what of it is promised.

/// The sums of what tasks in flight asked for.
struct Demands: Sendable {
    /// How many tasks.
    var count = 0
    /// Workers' worth of load that they are beyond one each.
    var extraLoad = 0
    var cores = 0.0
    var memory = 0
    var gpus = 0
    var nodes = 0
}

extension ManagerRecord {
    /// Whether it could run a task if it had nothing else to do.
    func couldRun(_ needs: TaskNeeds) -> Bool { resources?.allows(needs) ?? false }

    /// Whether its node has all of these labels.
    func carries(_ labels: [String]) -> Bool { labels.isEmpty || (resources?.carries(labels) ?? false) }

    /// Whether a task of so many bytes fits beside what the manager has now.
    func hasRoom(for needs: TaskNeeds, size: Int) -> Bool {
        guard canTake, let resources, resources.allows(needs) else { return false }
        // One that asks for no more than a certain node is there like any other, and may be sent ahead.
        if needs.isOneWorker { return fits(size) }
        let plain = Double(min(workers, max(0, inFlight - demands.count))) * share(resources)
        return demands.cores + plain + cores(needs, resources) <= resources.cores + 0.001
            && demands.memory + needs.memory <= max(resources.memory, needs.memory == 0 ? .max : 0)
            && demands.gpus + needs.gpus <= resources.gpus && demands.nodes + needs.nodes <= resources.nodes
    }

    /// Whether a task that finds no room anywhere may wait at this manager: one at a time.
    func mayWait(_ needs: TaskNeeds) -> Bool {
        guard active, !draining, suspectUntil == nil, let resources, resources.allows(needs) else { return false }
        if needs.isOneWorker { return inFlight + demands.extraLoad <= maxCapacity }
        return demands.cores <= resources.cores + 0.001 && demands.memory <= resources.memory
            && demands.gpus <= resources.gpus && demands.nodes <= resources.nodes
    }

    mutating func commit(_ needs: TaskNeeds) { count(needs, 1) }

    mutating func uncommit(_ needs: TaskNeeds) { count(needs, -1) }

    private mutating func count(_ needs: TaskNeeds, _ sign: Int) {
        guard let resources else { return }
        demands.count += sign
        demands.cores += Double(sign) * cores(needs, resources)
        demands.memory += sign * needs.memory
        demands.gpus += sign * needs.gpus
        demands.nodes += sign * needs.nodes
        let slots = (cores(needs, resources) / max(share(resources), 1e-9)).rounded(.up)
        demands.extraLoad += sign * max(0, Int(min(slots, Double(workers))) - 1)
    }

    private func share(_ resources: NodeCapacity) -> Double { resources.cores / Double(workers) }

    private func cores(_ needs: TaskNeeds, _ resources: NodeCapacity) -> Double {
        needs.cores > 0 ? Double(needs.cores) : share(resources)
    }
}
