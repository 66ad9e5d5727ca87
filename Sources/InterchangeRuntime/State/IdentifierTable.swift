/// A small number for each of some task ids, which are dense for a while and then gone.
///
/// Four bytes an id of each chunk in use, found without hashing: a dictionary of a million ids takes six times as much,
/// and each look-up in it misses the processor's caches several times.
struct IdentifierTable: Sendable {
    private var index = ChunkIndex()
    /// Page by page; -1 for an id without a number.
    private var values: ContiguousArray<Int32> = []
    /// Ids with a number in each page.
    private var populations: ContiguousArray<Int32> = []
    /// How many ids have a number.
    private(set) var count = 0

    /// The number of an id, 0 or greater; nil when it has none.
    subscript(id: Int) -> Int32? {
        get {
            let page = index.page(of: id >> ChunkIndex.bits)
            guard page >= 0 else { return nil }
            let value = values[Self.place(of: id, in: page)]
            return value < 0 ? nil : value
        }
        set {
            if let newValue { set(newValue, for: id) } else { remove(id) }
        }
    }

    private mutating func set(_ value: Int32, for id: Int) {
        let chunk = id >> ChunkIndex.bits
        var page = index.page(of: chunk)
        if page < 0 {
            page = index.add(chunk)
            if page == populations.count {
                values.append(contentsOf: repeatElement(-1, count: ChunkIndex.size))
                populations.append(0)
            }
        }
        let place = Self.place(of: id, in: page)
        if values[place] < 0 {
            count += 1
            populations[page] += 1
        }
        values[place] = value
    }

    private mutating func remove(_ id: Int) {
        let page = index.page(of: id >> ChunkIndex.bits)
        guard page >= 0 else { return }
        let place = Self.place(of: id, in: page)
        guard values[place] >= 0 else { return }
        values[place] = -1
        count -= 1
        populations[page] -= 1
        if populations[page] == 0 { index.remove(id >> ChunkIndex.bits) }
    }

    private static func place(of id: Int, in page: Int) -> Int {
        page << ChunkIndex.bits | id & (ChunkIndex.size - 1)
    }

    /// All ids that have a number, lowest first.
    ///
    /// Cost proportional to the chunks in use: for a resume, and for checks.
    var entries: [(id: Int, value: Int32)] {
        var result: [(id: Int, value: Int32)] = []
        for (chunk, page) in index.all {
            let end = result.count + Int(populations[page])
            var offset = 0
            while result.count < end {
                let value = values[page << ChunkIndex.bits | offset]
                if value >= 0 { result.append((chunk << ChunkIndex.bits | offset, value)) }
                offset += 1
            }
        }
        return result
    }
}
