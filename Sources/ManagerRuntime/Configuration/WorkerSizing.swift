/// How many workers a manager has: the least of what each bound allows, and at least one.
package struct WorkerSizing: Sendable, Hashable, Codable {
    /// The most workers; `nil` when only the node decides.
    package var maximumWorkers: Int?
    /// Processors for each worker.
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

    /// The number on a node with so many processors and so much memory.
    package func workerCount(cores: Double, memoryGiB: Double) -> Int {
        var count = cores / max(coresPerWorker, 0.001)
        if let memoryPerWorker, memoryPerWorker > 0 { count = min(count, memoryGiB / memoryPerWorker) }
        // A number larger than this is a mistake in a unit, not a node.
        let bounded = Int(min(max(count, 1), 4096))
        return max(1, min(bounded, maximumWorkers ?? bounded))
    }
}
