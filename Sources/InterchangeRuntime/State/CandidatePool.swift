import HeapModule

/// The managers that can take a task, in the order in which they are given one (wire document §7.4).
///
/// Every operation costs the same for one manager and for thousands, but for the block order, which costs a logarithm.
struct CandidatePool: Sendable {
    /// How a manager is chosen among others.
    enum Order: Sendable, Equatable {
        /// The emptiest first: Apus managers.
        case level
        /// By chance: stock managers.
        case random
        /// The highest block id first, all managers, when the executor asked for it.
        case block
    }

    private struct BlockEntry: Comparable, Sendable {
        let label: String
        let slot: Int32
        let generation: UInt32

        static func < (left: BlockEntry, right: BlockEntry) -> Bool {
            left.label != right.label ? left.label < right.label : left.slot > right.slot
        }

        static func == (left: BlockEntry, right: BlockEntry) -> Bool {
            left.label == right.label && left.slot == right.slot
        }
    }

    private struct Place: Sendable {
        var isCandidate = false
        var order = Order.random
        /// Where it stands in ``chances``; -1 when it does not.
        var index = -1
        /// Raised when it stops being a candidate, so that its entry in ``blocks`` is no longer valid.
        var generation: UInt32 = 0
    }

    /// Whether an Apus manager is filled before the next one is used, so that others stay idle and can be given back.
    var packs = false
    private var places: [Place] = []
    private var levels = LoadLevels()
    private var chances: [Int] = []
    private var blocks = Heap<BlockEntry>()

    /// Makes a manager a candidate, or moves it to its new level.
    mutating func insert(_ slot: Int, order: Order, level: Int, block: String) {
        while slot >= places.count { places.append(Place()) }
        if order == .level { levels.place(slot, at: level) }
        guard !places[slot].isCandidate else { return }
        places[slot].isCandidate = true
        places[slot].order = order
        switch order {
        case .level: break
        case .random:
            places[slot].index = chances.count
            chances.append(slot)
        case .block:
            blocks.insert(BlockEntry(label: block, slot: Int32(slot), generation: places[slot].generation))
        }
    }

    /// Makes a manager no candidate.
    mutating func remove(_ slot: Int) {
        guard slot < places.count, places[slot].isCandidate else { return }
        places[slot].isCandidate = false
        switch places[slot].order {
        case .level: levels.place(slot, at: nil)
        case .random:
            let index = places[slot].index
            let last = chances.removeLast()
            if last != slot {
                chances[index] = last
                places[last].index = index
            }
            places[slot].index = -1
        case .block:
            places[slot].generation &+= 1
        }
    }

    /// Whether a manager is a candidate.
    func contains(_ slot: Int) -> Bool {
        slot < places.count && places[slot].isCandidate
    }

    /// The manager that is given the next task; nil when none can take one.
    ///
    /// Where both kinds of managers meet, an Apus manager with an idle worker comes first and one without comes last.
    mutating func next(using generator: inout SeededGenerator) -> Int? {
        let idle = packs ? levels.fullestWithIdleWorker() : levels.first(below: LoadLevels.full)
        if let idle { return idle }
        if !chances.isEmpty { return chances[Int.random(in: chances.indices, using: &generator)] }
        while let entry = blocks.max {
            let slot = Int(entry.slot)
            if places[slot].isCandidate, places[slot].generation == entry.generation { return slot }
            blocks.removeMax()
        }
        return levels.first()
    }

    /// The level at which a manager is listed; nil when it is not.
    func level(of slot: Int) -> Int? { levels.level(of: slot) }
}
