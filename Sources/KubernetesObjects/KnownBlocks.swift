package import Provisioning

/// What is known of blocks beyond the API's answers, from their start until nobody asks for them any more.
package struct KnownBlocks: Sendable {
    /// Who asks for a block: an executor of a run.
    package struct Owner: Hashable, Sendable {
        /// The run, as its objects' label has it.
        package var run: String
        /// The executor's directory.
        package var directory: String

        /// Names an executor of a run.
        package init(run: String, directory: String) {
            self.run = run
            self.directory = directory
        }
    }

    /// One block.
    private struct Block: Sendable {
        /// `nil` for a block of which only its number is known; such are not followed.
        var owner: Owner?
        /// Where the end of its output is written.
        var outputPath: String?
        var wasSeen = false
        /// Since when its container cannot start.
        var stuckSince: UInt64?
        /// Whether it has ended, or was told to.
        var isOver = false
        /// Whether this program has deleted it.
        var isCancelled = false
        /// What was answered of a block that has ended; the answer may have been lost on its way.
        var end: JobStatus?
    }

    private var blocks: [JobID: Block] = [:]
    private var lastRun: String?
    /// From how many on a new run forgets what is over of earlier ones.
    private static let most = 1000

    /// Nothing is known.
    package init() {}

    /// How many blocks are remembered.
    package var count: Int { blocks.count }

    // MARK: Their lives

    /// A block was created.
    ///
    /// A process has one run after the other, and what a run deletes at its end nobody asks for again.
    package mutating func started(_ id: JobID, owner: Owner?, outputPath: String) {
        if let run = owner?.run, run != lastRun {
            lastRun = run
            if blocks.count >= Self.most { blocks = blocks.filter { !$1.isOver || $1.owner?.run == run } }
        }
        blocks[id] = Block(owner: owner, outputPath: outputPath)
    }

    /// Somebody asks for these blocks: what has ended, and its owner has been told and asks for no more, is forgotten.
    ///
    /// - Returns: the ends among them that were told before.
    package mutating func asked(for jobs: [JobID]) -> [JobID: JobStatus] {
        let asked = Set(jobs)
        let owners = Set(jobs.map { blocks[$0]?.owner })
        for (id, block) in blocks where block.end != nil && !asked.contains(id) && owners.contains(block.owner) {
            blocks[id] = nil
        }
        return jobs.reduce(into: [:]) { ends, id in ends[id] = blocks[id]?.end }
    }

    /// The cluster has said something of a block.
    ///
    /// - Returns: since when it is stuck, where it is.
    package mutating func seen(_ id: JobID, isStuck: Bool, at now: UInt64) -> UInt64? {
        var block = blocks[id] ?? Block()
        block.wasSeen = true
        block.stuckSince = isStuck ? block.stuckSince ?? now : nil
        blocks[id] = block
        return block.stuckSince
    }

    /// This program has deleted these.
    package mutating func cancelled(_ jobs: [JobID]) {
        for id in jobs { blocks[id, default: Block()].isCancelled = true }
    }

    /// These have ended so, and their owner is told.
    package mutating func ended(_ ends: [JobID: JobStatus]) {
        for (id, end) in ends { blocks[id, default: Block()].end = end }
    }

    /// These have ended, or were told to.
    ///
    /// - Returns: their runs, and whether something of each goes on.
    package mutating func settle(_ jobs: [JobID]) -> [String: Bool] {
        for id in jobs { blocks[id]?.isOver = true }
        let living = Set(blocks.values.lazy.filter { !$0.isOver }.compactMap(\.owner?.run))
        return jobs.reduce(into: [:]) { runs, id in
            if let run = blocks[id]?.owner?.run { runs[run] = living.contains(run) }
        }
    }

    // MARK: What is known

    /// Blocks by the run whose objects are followed.
    package func byRun(_ jobs: some Sequence<JobID>) -> [String?: [JobID]] {
        Dictionary(grouping: jobs) { blocks[$0]?.owner?.run }
    }

    /// Where the end of a block's output is written.
    package func outputPath(of id: JobID) -> String? { blocks[id]?.outputPath }

    /// Whether the cluster has said something of a block.
    package func wasSeen(_ id: JobID) -> Bool { blocks[id]?.wasSeen == true }

    /// Whether this program has deleted a block.
    package func isCancelled(_ id: JobID) -> Bool { blocks[id]?.isCancelled == true }
}
