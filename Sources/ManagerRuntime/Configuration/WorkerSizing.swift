import WorkflowCore

/// How many workers a manager has: the least of what each bound allows, and at least one.
package struct WorkerSizing: Sendable, Hashable, Codable {
    /// The most workers; `nil` when only the node decides.
    package var maximumWorkers: Int?
    /// Processors for each worker; 0 when processors do not matter.
    package var coresPerWorker: Double
    /// GiB of memory for each worker; `nil` when memory does not matter.
    package var memoryPerWorker: Double?

    /// Describes the bounds.
    ///
    /// The default is one worker for each processor, as in Parsl.
    package init(maximumWorkers: Int? = nil, coresPerWorker: Double = 1, memoryPerWorker: Double? = nil) {
        self.maximumWorkers = maximumWorkers
        self.coresPerWorker = coresPerWorker
        self.memoryPerWorker = memoryPerWorker
    }

    /// The number on a node with so many processors, so much memory and so many accelerators to be had by workers.
    package func workerCount(cores: Double, memoryGiB: Double, accelerators: Int = 0) -> Int {
        bound(cores: cores, memoryGiB: memoryGiB, accelerators: accelerators).count
    }

    /// The number, and which bound decided it.
    func bound(cores: Double, memoryGiB: Double, accelerators: Int) -> (count: Int, reason: String) {
        // A number larger than this is a mistake in a unit, not a node.
        var count = 4096.0
        var reason = "4096 workers is the most"
        func lower(to value: Double, _ text: String) {
            guard value < count else { return }
            count = value
            reason = text
        }
        if let maximumWorkers { lower(to: Double(maximumWorkers), "the number was given") }
        if coresPerWorker > 0 {
            lower(
                to: (cores / coresPerWorker).rounded(.down), "\(Counted.text(coresPerWorker, "processor")) for each"
            )
        }
        if let memoryPerWorker, memoryPerWorker > 0 {
            lower(
                to: (memoryGiB / memoryPerWorker).rounded(.down),
                "\(NodeInventory.text(memoryPerWorker)) GiB for each")
        }
        if accelerators > 0 { lower(to: Double(accelerators), "an accelerator for each") }
        return count < 1 ? (1, "\(reason): not even one fits, and one is started all the same") : (Int(count), reason)
    }
}
