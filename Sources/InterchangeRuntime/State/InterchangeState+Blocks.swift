package import WireProtocol

// Blocks as an Apus executor scales them: all managers of a block are held together, also those that come later.

extension InterchangeState {
    /// The managers of these blocks get no more tasks, nor do those that register later.
    ///
    /// There is no way back.
    mutating func hold(blocks: [String], at now: UInt64, into effects: inout InterchangeEffects) {
        let blocks = Set(blocks)
        heldBlocks.formUnion(blocks)
        for slot in slotsInOrder
        where managers[slot].active && blocks.contains(managers[slot].registration.blockID.text) {
            hold(managers[slot].identity, at: now, into: &effects)
        }
    }

    /// One entry for each block that has a manager, in the order of their first registrations.
    package func blockSummaries(at now: UInt64) -> [BlockSummary] {
        var places: [BlockLabel: Int] = [:]
        var blocks: [BlockSummary] = []
        for slot in slotsInOrder {
            let manager = managers[slot]
            let idle = manager.idleSince.map { Double(now &- $0) / 1e9 } ?? 0
            if let place = places[manager.registration.blockID] {
                blocks[place].managers += 1
                blocks[place].workers += manager.registration.workerCount
                blocks[place].tasks += manager.inFlight
                blocks[place].idle = min(blocks[place].idle, idle)
            } else {
                places[manager.registration.blockID] = blocks.count
                blocks.append(
                    BlockSummary(
                        blockID: manager.registration.blockID.text, managers: 1,
                        workers: manager.registration.workerCount, tasks: manager.inFlight, idle: idle))
            }
        }
        return blocks
    }
}
