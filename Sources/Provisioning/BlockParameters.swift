/// How many blocks there are, how large each is, and how long it lives.
///
/// A block is what is asked of a provider at once: one batch job. The defaults are Parsl's.
public struct BlockParameters: Sendable, Hashable, Codable {
    /// Nodes of one block.
    public var nodesPerBlock: Int
    /// Blocks asked for at the start.
    public var initBlocks: Int
    /// Blocks that are kept, however little there is to do.
    public var minBlocks: Int
    /// The most blocks at one time.
    public var maxBlocks: Int
    /// The part of the waiting tasks for which there shall be workers: 1 is a worker for each, near 0 is one block.
    public var parallelism: Double
    /// How long a block may run; `nil` is the provider's own limit, or none.
    public var walltime: Duration?

    /// Describes blocks.
    public init(
        nodesPerBlock: Int = 1, initBlocks: Int = 1, minBlocks: Int = 0, maxBlocks: Int = 1, parallelism: Double = 1,
        walltime: Duration? = nil
    ) {
        self.nodesPerBlock = nodesPerBlock
        self.initBlocks = initBlocks
        self.minBlocks = minBlocks
        self.maxBlocks = maxBlocks
        self.parallelism = parallelism
        self.walltime = walltime
    }

    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    public var fault: String? {
        if nodesPerBlock < 1 { return "nodesPerBlock is \(nodesPerBlock); a block has at least 1 node" }
        if minBlocks < 0 { return "minBlocks is \(minBlocks); it is 0 or more" }
        if initBlocks < 0 { return "initBlocks is \(initBlocks); it is 0 or more" }
        if maxBlocks < 1 { return "maxBlocks is \(maxBlocks); without a block no task runs" }
        if minBlocks > maxBlocks { return "minBlocks is \(minBlocks), above maxBlocks, which is \(maxBlocks)" }
        if initBlocks > maxBlocks { return "initBlocks is \(initBlocks), above maxBlocks, which is \(maxBlocks)" }
        guard parallelism >= 0, parallelism <= 1 else { return "parallelism is \(parallelism); it is from 0 to 1" }
        if let walltime, walltime < .seconds(1) { return "walltime is \(walltime); it is a second or longer" }
        return nil
    }
}
