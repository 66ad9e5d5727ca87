import PickleCoding

/// One entry of the reply to `APUS_BLOCKS` (wire document §15.6): the managers of one block, added up.
package struct BlockSummary: Sendable, Equatable {
    /// The block, as its managers name it.
    package var blockID: String
    /// Its managers that are registered.
    package var managers: Int
    /// Their worker processes.
    package var workers: Int
    /// Tasks in flight there.
    package var tasks: Int
    /// Seconds since the last of them became idle, 0 while one is busy.
    package var idle: Double

    /// Describes the managers of a block.
    package init(blockID: String, managers: Int, workers: Int, tasks: Int, idle: Double) {
        self.blockID = blockID
        self.managers = managers
        self.workers = workers
        self.tasks = tasks
        self.idle = idle
    }
}

extension CommandReply {
    /// The reply to `APUS_BLOCKS`.
    package static func blockSummaries(_ blocks: [BlockSummary]) -> [UInt8] {
        encode { writer in
            writer.emptyList()
            guard !blocks.isEmpty else { return }
            writer.mark()
            for block in blocks {
                writer.emptyDict()
                writer.mark()
                writer.field("block_id", block.blockID)
                writer.field("managers", block.managers)
                writer.field("workers", block.workers)
                writer.field("tasks", block.tasks)
                writer.field("idle", block.idle)
                writer.setItems()
            }
            writer.appends()
        }
    }

    /// Reads the reply to `APUS_BLOCKS`.
    ///
    /// - Throws: ``WireError`` also for the None of an interchange that does not know the request: it holds nothing then.
    package static func parseBlockSummaries(_ message: UnsafeRawBufferPointer) throws(WireError) -> [BlockSummary] {
        guard let items = try PickleDocument(envelope: message).root.items else {
            throw WireError(.badField, "the interchange answered APUS_BLOCKS with no list")
        }
        var blocks: [BlockSummary] = []
        blocks.reserveCapacity(items.count)
        for item in items {
            guard let block = item["block_id"]?.stringValue, let managers = item["managers"]?.intValue,
                let workers = item["workers"]?.intValue, let tasks = item["tasks"]?.intValue,
                let idle = item["idle"]?.doubleValue
            else {
                throw WireError(.badField, "an entry of the reply to APUS_BLOCKS is incomplete")
            }
            blocks.append(
                BlockSummary(blockID: block, managers: managers, workers: workers, tasks: tasks, idle: idle))
        }
        return blocks
    }
}
