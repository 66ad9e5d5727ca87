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

    /// A node with nothing running.
    package init(_ capacity: NodeCapacity, workers: Int, memoryShare: Int = 0) {
        self.capacity = capacity
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

    /// Gives a task what it asks for; it must fit.
    mutating func take(_ needs: TaskNeeds) -> Grant {
        cores += needs.cores > 0 ? Double(needs.cores) : share
        memory += needs.memory > 0 ? needs.memory : memoryShare
        var grant = Grant(needs: needs)
        if dealsDevices {
            grant.devices = Array(freeDevices.prefix(needs.gpus))
            freeDevices.removeFirst(grant.devices.count)
        }
        grant.nodes = Array(freeNodes.prefix(needs.nodes))
        freeNodes.removeFirst(grant.nodes.count)
        return grant
    }

    /// Takes back what a task had.
    mutating func give(back grant: Grant) {
        cores -= grant.needs.cores > 0 ? Double(grant.needs.cores) : share
        memory -= grant.needs.memory > 0 ? grant.needs.memory : memoryShare
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
        for grant in grants {
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
        if nodes.sorted() != Array(0..<capacity.nodes) { faults.append("nodes are \(nodes)") }
        if cores > capacity.cores + 0.001 { faults.append("\(cores) of \(capacity.cores) processors are in use") }
        return faults
    }
}
