/// A set of task ids that costs a bit an id, since executors count upwards from 1.
///
/// Ids fall into chunks of 4,096 bits. A full chunk at the low end is forgotten and remembered by the watermark, so a
/// set of all ids up to some number takes no memory to speak of.
struct IdentifierSet: Sendable {
    private struct Chunk: Sendable {
        var words = [UInt64](repeating: 0, count: 64)
        var population = 0

        mutating func insert(bit: UInt64, word: Int) -> Bool {
            guard words[word] & bit == 0 else { return false }
            words[word] |= bit
            population += 1
            return true
        }

        mutating func remove(bit: UInt64, word: Int) {
            guard words[word] & bit != 0 else { return }
            words[word] &= ~bit
            population -= 1
        }
    }

    private var chunks: [Int: Chunk] = [:]
    /// All ids from 0 up to this chunk are members, but for ``removed``.
    private var fullChunks = 0
    private var removed: Set<Int> = []
    /// The id 0 is never used by Parsl, and counts as filled in its chunk so that the chunk can become full.
    private var hasZero = false

    /// Whether `id` is a member.
    func contains(_ id: Int) -> Bool {
        if id == 0 { return hasZero }
        let index = id >> 12
        if index >= 0, index < fullChunks { return removed.isEmpty || !removed.contains(id) }
        guard let chunk = chunks[index] else { return false }
        return chunk.words[(id & 0xfff) >> 6] & (1 << UInt64(id & 63)) != 0
    }

    /// Adds `id`; false when it was a member already.
    @discardableResult
    mutating func insert(_ id: Int) -> Bool {
        if id == 0 {
            defer { hasZero = true }
            return !hasZero
        }
        let index = id >> 12
        if index >= 0, index < fullChunks { return removed.isEmpty ? false : removed.remove(id) != nil }
        let bit: UInt64 = 1 << UInt64(id & 63)
        let word = (id & 0xfff) >> 6
        let isNew = chunks[index, default: Chunk()].insert(bit: bit, word: word)
        if isNew, index == fullChunks { advance() }
        return isNew
    }

    /// Removes `id`, if it is a member.
    mutating func remove(_ id: Int) {
        if id == 0 {
            hasZero = false
            return
        }
        let index = id >> 12
        if index >= 0, index < fullChunks {
            removed.insert(id)
            return
        }
        chunks[index]?.remove(bit: 1 << UInt64(id & 63), word: (id & 0xfff) >> 6)
    }

    private mutating func advance() {
        while let chunk = chunks[fullChunks], chunk.population == (fullChunks == 0 ? 4095 : 4096) {
            chunks[fullChunks] = nil
            fullChunks += 1
        }
    }
}
