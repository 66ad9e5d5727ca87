package import WireProtocol

/// What a node has for tasks, and what of it is in use.
///
/// Tasks that ask for nothing count as the share of one worker, as long as they run.
package struct NodePool: Sendable, Equatable {
    /// What one running task has.
    package struct Grant: Sendable, Equatable {
        /// What it asked for.
        package var needs: TaskNeeds
        /// Positions of its accelerators among those of the node.
        package var devices: [Int] = []
        /// Positions of its nodes among those of the manager.
        package var nodes: [Int] = []
        /// The processors that it has for itself, by number; empty on those of its worker.
        package var processors: [Int] = []
    }

    /// All that there is.
    package let capacity: NodeCapacity
    /// Processors that a task has which asks for none.
    package let share: Double
    /// Bytes of memory that a task has which asks for none.
    package let memoryShare: Int

    private(set) var cores = 0.0
    private(set) var memory = 0
    private(set) var freeDevices: [Int]
    private(set) var freeNodes: [Int]
    /// The processors by number; `nil` where workers are not bound.
    private(set) var processors: ProcessorPool?

    /// A node with nothing running.
    package init(_ capacity: NodeCapacity, workers: Int, memoryShare: Int = 0, processors: ProcessorPool? = nil) {
        self.capacity = capacity
        self.processors = processors
        share = capacity.cores / Double(max(1, workers))
        self.memoryShare = memoryShare
        // Where each worker has a device of its own, there is nothing to be dealt out.
        freeDevices = capacity.gpusForOne < capacity.gpus ? [] : Array(0..<capacity.gpus)
        freeNodes = Array(0..<capacity.nodes)
    }

    private var dealsDevices: Bool { capacity.gpusForOne == capacity.gpus }

    /// Whether a task could run beside `plain` tasks that ask for nothing.
    func fits(_ needs: TaskNeeds, beside plain: Int) -> Bool {
        // Shares are no exact numbers: a thousandth of a processor decides nothing.
        let cores = cores + Double(plain) * share + (needs.cores > 0 ? Double(needs.cores) : share)
        let memory = self.memory + plain * memoryShare + (needs.memory > 0 ? needs.memory : memoryShare)
        return cores <= capacity.cores + 0.001
            && (memory <= capacity.memory || (needs.memory == 0 && memoryShare == 0))
            && (!dealsDevices || needs.gpus <= freeDevices.count) && needs.nodes <= freeNodes.count
    }

    /// The processors for a task that begins while these workers run on their own, and the idle worker for it; `nil` when
    /// it cannot begin now.
    ///
    /// No processors means those of the worker.
    func seat(
        for needs: TaskNeeds, idle: [Int], free: [Int]
    ) -> (worker: Int, processors: [Int])? {
        guard let last = idle.last else { return nil }
        guard let processors else { return (last, []) }
        if needs.cores > 0 {
            guard free.count >= needs.cores else { return nil }
            let chosen = ProcessorPool.choose(needs.cores, of: free)
            // The worker that has most of them: others keep theirs, for tasks that stay there.
            var best = (worker: last, count: -1)
            for worker in idle.reversed() {
                let count = processors.own[worker].count { chosen.contains($0) }
                if count > best.count { best = (worker, count) }
            }
            return (best.worker, chosen)
        }
        if let worker = idle.last(where: processors.isOwnFree) { return (worker, []) }
        // There is room, but not where any of the idle workers belongs.
        guard !free.isEmpty else { return nil }
        return (last, ProcessorPool.choose(min(free.count, max(1, Int(share))), of: free))
    }

    /// Gives a task what it asks for; it must fit, and the processors must be free.
    mutating func take(_ needs: TaskNeeds, processors chosen: [Int] = []) -> Grant {
        cores += needs.cores > 0 ? Double(needs.cores) : share
        memory += needs.memory > 0 ? needs.memory : memoryShare
        var grant = Grant(needs: needs)
        if dealsDevices {
            grant.devices = Array(freeDevices.prefix(needs.gpus))
            freeDevices.removeFirst(grant.devices.count)
        }
        grant.processors = chosen
        processors?.take(chosen)
        grant.nodes = Array(freeNodes.prefix(needs.nodes))
        freeNodes.removeFirst(grant.nodes.count)
        return grant
    }

    /// Takes back what a task had.
    mutating func give(back grant: Grant) {
        cores -= grant.needs.cores > 0 ? Double(grant.needs.cores) : share
        memory -= grant.needs.memory > 0 ? grant.needs.memory : memoryShare
        processors?.give(back: grant.processors)
        // In order, so that neighbours are dealt out together.
        freeDevices = (freeDevices + grant.devices).sorted()
        freeNodes = (freeNodes + grant.nodes).sorted()
    }

    /// What is wrong with the counts, when these tasks run.
    func faults(_ grants: some Sequence<Grant>) -> [String] {
        var cores = 0.0
        var memory = 0
        var devices = freeDevices
        var nodes = freeNodes
        var numbers: [Int] = []
        for grant in grants {
            numbers += grant.processors
            cores += grant.needs.cores > 0 ? Double(grant.needs.cores) : share
            memory += grant.needs.memory > 0 ? grant.needs.memory : memoryShare
            devices += grant.devices
            nodes += grant.nodes
        }
        var faults: [String] = []
        if abs(cores - self.cores) > 0.001 {
            faults.append("\(cores) processors are in use, \(self.cores) are counted")
        }
        if memory != self.memory { faults.append("\(memory) bytes are in use, \(self.memory) are counted") }
        if dealsDevices, devices.sorted() != Array(0..<capacity.gpus) { faults.append("devices are \(devices)") }
        if numbers.sorted() != (processors?.held ?? []).sorted() {
            faults.append("tasks have the processors \(numbers), held are \((processors?.held ?? []).sorted())")
        }
        if let all = processors?.all, !Set(numbers).isSubset(of: all) {
            faults.append("processors \(numbers) of \(all)")
        }
        if nodes.sorted() != Array(0..<capacity.nodes) { faults.append("nodes are \(nodes)") }
        if cores > capacity.cores + 0.001 { faults.append("\(cores) of \(capacity.cores) processors are in use") }
        return faults
    }
}
