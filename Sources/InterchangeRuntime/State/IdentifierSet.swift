/// A set of task ids that costs a bit an id, since executors count upwards from 1.
///
/// Ids fall into chunks of 1,024 bits. A full chunk at the low end is forgotten and remembered by the watermark, so a
/// set of all ids up to some number takes no memory to speak of.
struct IdentifierSet: Sendable {
    private static let wordsPerPage = ChunkIndex.size / 64

    private var index = ChunkIndex()
    /// The bits, page by page.
    private var words: ContiguousArray<UInt64> = []
    /// Members in each page.
    private var populations: ContiguousArray<Int32> = []
    /// All ids from 0 up to this chunk are members, but for ``removed``.
    private var fullChunks = 0
    private var removed: Set<Int> = []
    /// The id 0 is never used by Parsl, and counts as filled in its chunk so that the chunk can become full.
    private var hasZero = false

    /// Whether `id` is a member.
    func contains(_ id: Int) -> Bool {
        if id == 0 { return hasZero }
        let chunk = id >> ChunkIndex.bits
        if chunk >= 0, chunk < fullChunks { return removed.isEmpty || !removed.contains(id) }
        let page = index.page(of: chunk)
        guard page >= 0 else { return false }
        return words[Self.word(of: id, in: page)] & Self.bit(of: id) != 0
    }

    /// Adds `id`; false when it was a member already.
    @discardableResult
    mutating func insert(_ id: Int) -> Bool {
        if id == 0 {
            defer { hasZero = true }
            return !hasZero
        }
        let chunk = id >> ChunkIndex.bits
        if chunk >= 0, chunk < fullChunks { return removed.isEmpty ? false : removed.remove(id) != nil }
        var page = index.page(of: chunk)
        if page < 0 {
            page = index.add(chunk)
            if page == populations.count {
                words.append(contentsOf: repeatElement(0, count: Self.wordsPerPage))
                populations.append(0)
            }
        }
        let word = Self.word(of: id, in: page)
        guard words[word] & Self.bit(of: id) == 0 else { return false }
        words[word] |= Self.bit(of: id)
        populations[page] += 1
        if chunk == fullChunks { advance() }
        return true
    }

    /// Removes `id`, if it is a member.
    mutating func remove(_ id: Int) {
        if id == 0 {
            hasZero = false
            return
        }
        let chunk = id >> ChunkIndex.bits
        if chunk >= 0, chunk < fullChunks {
            removed.insert(id)
            return
        }
        let page = index.page(of: chunk)
        guard page >= 0 else { return }
        let word = Self.word(of: id, in: page)
        guard words[word] & Self.bit(of: id) != 0 else { return }
        words[word] &= ~Self.bit(of: id)
        populations[page] -= 1
    }

    private mutating func advance() {
        while case let page = index.page(of: fullChunks), page >= 0,
            Int(populations[page]) == (fullChunks == 0 ? ChunkIndex.size - 1 : ChunkIndex.size)
        {
            // The page is used again, empty.
            for word in 0..<Self.wordsPerPage { words[page * Self.wordsPerPage + word] = 0 }
            populations[page] = 0
            index.remove(fullChunks)
            fullChunks += 1
        }
    }

    private static func word(of id: Int, in page: Int) -> Int {
        page * wordsPerPage + (id & (ChunkIndex.size - 1)) >> 6
    }

    private static func bit(of id: Int) -> UInt64 { 1 << UInt64(id & 63) }
}
