/// Managers by how full they are, for handing the next task to the emptiest one at a cost that does not depend on how
/// many there are.
///
/// A manager's level is its tasks in flight for each worker, in sixteenths, so a level below 16 means an idle worker.
/// Levels are lists; within one the manager that has waited longest is first.
struct LoadLevels: Sendable {
    /// The place of one manager in the lists.
    struct Link: Sendable {
        var level: Int32 = -1
        var next: Int32 = -1
        var previous: Int32 = -1
    }

    /// The first level without an idle worker.
    static let full = 16
    /// 64 tasks a worker is the widest window; what is beyond shares the last level.
    private static let last = 64 * full

    private var heads = [Int32](repeating: -1, count: last + 1)
    private var tails = [Int32](repeating: -1, count: last + 1)
    /// A bit for each level that is not empty.
    private var occupied = [UInt64](repeating: 0, count: (last >> 6) + 1)
    private var links: [Link] = []

    /// The level of a manager with this load.
    static func level(inFlight: Int, workers: Int) -> Int {
        min(last, inFlight * full / max(1, workers))
    }

    /// The manager that comes first in the lowest level below `limit`; nil when there is none.
    func first(below limit: Int = .max) -> Int? {
        for word in occupied.indices where occupied[word] != 0 {
            let level = word << 6 + occupied[word].trailingZeroBitCount
            return level < limit ? Int(heads[level]) : nil
        }
        return nil
    }

    /// The manager that comes first in the highest level with an idle worker; nil when there is none.
    func fullestWithIdleWorker() -> Int? {
        // These levels are the lowest bits of the first word.
        let bits = occupied[0] & ((1 << UInt64(Self.full)) - 1)
        return bits == 0 ? nil : Int(heads[63 - bits.leadingZeroBitCount])
    }

    /// Puts a manager at the end of a level, wherever it was before; with nil takes it out.
    mutating func place(_ manager: Int, at level: Int?) {
        while manager >= links.count { links.append(Link()) }
        let old = links[manager]
        if let level, old.level == Int32(level) { return }
        if old.level >= 0 { unlink(old) }
        guard let level else {
            links[manager] = Link()
            return
        }
        links[manager] = Link(level: Int32(level), next: -1, previous: tails[level])
        if tails[level] >= 0 { links[Int(tails[level])].next = Int32(manager) } else { heads[level] = Int32(manager) }
        tails[level] = Int32(manager)
        occupied[level >> 6] |= 1 << UInt64(level & 63)
    }

    /// The level a manager is in, or nil.
    func level(of manager: Int) -> Int? {
        guard manager < links.count, links[manager].level >= 0 else { return nil }
        return Int(links[manager].level)
    }

    private mutating func unlink(_ old: Link) {
        let level = Int(old.level)
        if old.previous >= 0 { links[Int(old.previous)].next = old.next } else { heads[level] = old.next }
        if old.next >= 0 { links[Int(old.next)].previous = old.previous } else { tails[level] = old.previous }
        if heads[level] < 0 { occupied[level >> 6] &= ~(1 << UInt64(level & 63)) }
    }
}
