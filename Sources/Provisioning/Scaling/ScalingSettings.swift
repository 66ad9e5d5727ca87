/// The numbers by which an executor's blocks are scaled.
package struct ScalingSettings: Sendable {
    /// When blocks are started and ended.
    package var strategy: ScalingStrategy = .simple
    /// Blocks started at once.
    package var initialBlocks = 1
    /// Blocks that are kept though there is nothing to do.
    package var minBlocks = 0
    /// Blocks that are never exceeded.
    package var maxBlocks = 1
    /// Nodes of one block.
    package var nodesPerBlock = 1
    /// Workers of one node; a guess until a manager has reported.
    package var workersPerNode = 1
    /// Slots wanted for each task, from 0 to 1.
    package var parallelism = 1.0
    /// Nanoseconds of idleness after which a block, or the executor, is given back.
    package var maxIdleTime: UInt64 = 120_000_000_000
    /// Nanoseconds after which a draining block is cancelled though tasks run there; `nil` waits for them.
    package var drainLimit: UInt64?
    /// Nanoseconds that a running job may be without any manager before it is cancelled; `nil` is without limit.
    package var silenceLimit: UInt64? = 600_000_000_000
    /// Nanoseconds after a failed start before the next one; doubled with each failure in a row.
    package var startDelay: UInt64 = 5_000_000_000
    /// The longest such delay.
    package var longestStartDelay: UInt64 = 300_000_000_000
    /// Nanoseconds after which a hold or cancel that had no effect is repeated.
    package var repeatPeriod: UInt64 = 60_000_000_000
    /// When the executor is given up.
    package var errorHandler: BlockErrorHandler = .simple

    /// Parsl's defaults.
    package init() {}

    /// Workers of one block.
    package var slotsPerBlock: Int { nodesPerBlock * workersPerNode }

    /// What is wrong with the values; `nil` when they can work.
    package var fault: String? {
        if maxBlocks < 1 { return "maxBlocks is \(maxBlocks); at least 1 is needed to run anything" }
        if minBlocks < 0 { return "minBlocks is \(minBlocks); it is 0 or more" }
        if minBlocks > maxBlocks { return "minBlocks is \(minBlocks), more than maxBlocks, which is \(maxBlocks)" }
        if initialBlocks < 0 { return "initialBlocks is \(initialBlocks); it is 0 or more" }
        if initialBlocks > maxBlocks {
            return "initialBlocks is \(initialBlocks), more than maxBlocks, which is \(maxBlocks)"
        }
        if strategy == .none, initialBlocks == 0 {
            return "initialBlocks is 0 and the strategy is none: no block would ever start; use simple or auto"
        }
        if nodesPerBlock < 1 { return "nodesPerBlock is \(nodesPerBlock); at least 1 is needed" }
        if workersPerNode < 1 { return "workersPerNode is \(workersPerNode); at least 1 is needed" }
        guard (0...1).contains(parallelism) else { return "parallelism is \(parallelism); it is between 0 and 1" }
        return nil
    }
}
