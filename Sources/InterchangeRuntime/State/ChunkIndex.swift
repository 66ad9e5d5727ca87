/// Finds the page that holds something for a range of task numbers, by the numbers' upper bits.
///
/// Executors count upwards from 1, so up to some number this is an array, and a look-up is an access to memory. Numbers
/// beyond it, and negative ones, which only a test client sends, are in a dictionary. Pages are numbers from 0, dense and
/// used again, so that their contents can lie in one array.
struct ChunkIndex: Sendable {
    /// Numbers in a chunk: two to this power.
    static let bits = 10
    /// Numbers in a chunk.
    static let size = 1 << bits
    /// Chunks that the array may come to hold: for a quarter of a billion tasks, at 4 bytes each.
    private static let nearLimit = 1 << 18

    private var near: ContiguousArray<Int32> = []
    private var far: [Int: Int32] = [:]
    private var free: [Int32] = []
    /// Pages that were ever in use.
    private(set) var pageCount = 0

    /// The page of a chunk; -1 when it has none.
    func page(of chunk: Int) -> Int {
        if chunk >= 0, chunk < near.count { return Int(near[chunk]) }
        return far.isEmpty ? -1 : Int(far[chunk] ?? -1)
    }

    /// Gives a chunk that has none a page.
    mutating func add(_ chunk: Int) -> Int {
        let page: Int
        if let used = free.popLast() {
            page = Int(used)
        } else {
            page = pageCount
            pageCount += 1
        }
        if chunk >= 0, chunk < Self.nearLimit {
            while chunk >= near.count { near.append(-1) }
            near[chunk] = Int32(page)
        } else {
            far[chunk] = Int32(page)
        }
        return page
    }

    /// Takes the page of a chunk back.
    mutating func remove(_ chunk: Int) {
        let page = page(of: chunk)
        guard page >= 0 else { return }
        free.append(Int32(page))
        if chunk >= 0, chunk < near.count { near[chunk] = -1 } else { far[chunk] = nil }
    }

    /// All chunks with a page, lowest first.
    var all: [(chunk: Int, page: Int)] {
        let close = near.enumerated().filter { $0.element >= 0 }.map { (chunk: $0.offset, page: Int($0.element)) }
        return (close + far.map { (chunk: $0.key, page: Int($0.value)) }).sorted { $0.chunk < $1.chunk }
    }
}
