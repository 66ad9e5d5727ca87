extension ScalingSettings {
    /// The settings of a provider's blocks.
    ///
    /// - Parameters:
    ///   - blocks: how many, and how large.
    ///   - workersPerNode: what is known of it; 1 where nothing is known, as Parsl has it.
    package init(blocks: BlockParameters, workersPerNode: Int?) {
        self.init()
        initialBlocks = blocks.initBlocks
        minBlocks = blocks.minBlocks
        maxBlocks = blocks.maxBlocks
        nodesPerBlock = blocks.nodesPerBlock
        parallelism = blocks.parallelism
        self.workersPerNode = max(1, workersPerNode ?? 1)
        // A scheduler that refuses all is given up after 2 s and 4 s, not 5 s and 10 s.
        startDelay = 2_000_000_000
        errorHandler = .failedStarts()
    }

    /// The workers of a node as they can be guessed before a manager has reported: Parsl's guess.
    ///
    /// - Parameters:
    ///   - cores: processors of a node, where known.
    ///   - memory: GiB of memory of a node, where known.
    ///   - coresPerWorker: processors of a worker.
    ///   - memoryPerWorker: GiB of memory of a worker.
    ///   - limit: the most workers of a node.
    ///   - accelerators: accelerators of a node; 0 where workers need none.
    package static func workersPerNode(
        cores: Int?, memory: Double?, coresPerWorker: Double = 1, memoryPerWorker: Double? = nil, limit: Int? = nil,
        accelerators: Int = 0
    ) -> Int {
        // Without any number a node counts as one slot, which errs towards too many blocks, never too few workers.
        guard cores != nil || memory != nil || limit != nil || accelerators > 0 else { return 1 }
        var bounds: [Int] = []
        if let limit { bounds.append(limit) }
        if accelerators > 0 { bounds.append(accelerators) }
        if let cores, coresPerWorker > 0 { bounds.append(Int(Double(cores) / coresPerWorker)) }
        if let memory, let memoryPerWorker, memoryPerWorker > 0 { bounds.append(Int(memory / memoryPerWorker)) }
        return max(1, bounds.min() ?? 1)
    }
}
