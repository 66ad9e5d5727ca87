import HeapModule
import WireProtocol

/// Queued tasks that ask for more than a worker, sorted by what they ask for: of those that ask for the same, only the
/// first can be next.
struct DemandQueue: Sendable {
    /// Tasks that ask for the same.
    struct Shape: Sendable {
        fileprivate var heap = Heap<Entry>()
        /// How many there are, without the cancelled.
        fileprivate(set) var count = 0
        /// Since when no manager has room for the first of them; `nil` while one may have.
        var blockedSince: UInt64?
        /// Since when there are managers, and none of them could ever run them.
        var hopelessSince: UInt64?
    }

    fileprivate struct Entry: Comparable, Sendable {
        let key: TaskLedger.Key
        let index: Int32

        static func < (left: Entry, right: Entry) -> Bool { left.key < right.key }
        static func == (left: Entry, right: Entry) -> Bool { left.key == right.key }
    }

    private(set) var shapes: [TaskNeeds: Shape] = [:]
    /// What each queued task asks for; one that is not here was cancelled, and its entry is passed over.
    private var needs: [Int: TaskNeeds] = [:]

    /// How many tasks wait.
    var count: Int { needs.count }
    var isEmpty: Bool { needs.isEmpty }

    /// What a task that waits asks for; `nil` when it does not wait here.
    func wanted(by id: Int) -> TaskNeeds? { needs[id] }

    /// Queues a task.
    mutating func insert(_ handle: TaskHandle, _ key: TaskLedger.Key, _ wanted: TaskNeeds) {
        needs[key.id] = wanted
        shapes[wanted, default: Shape()].heap.insert(Entry(key: key, index: handle.index))
        shapes[wanted]?.count += 1
    }

    /// Takes a cancelled task out; `nil` when it does not wait here.
    mutating func remove(_ id: Int) -> TaskHandle? {
        guard let wanted = needs.removeValue(forKey: id), let shape = shapes[wanted] else { return nil }
        let entry = shape.heap.unordered.first { $0.key.id == id }
        shapes[wanted]?.heap = Heap(shape.heap.unordered.filter { $0.key.id != id })
        shrink(wanted)
        return entry.map { TaskHandle(index: $0.index) }
    }

    /// The key of the first task of a shape.
    func firstKey(_ wanted: TaskNeeds) -> TaskLedger.Key? { shapes[wanted]?.heap.min?.key }

    /// The first task of a shape.
    func first(_ wanted: TaskNeeds) -> TaskHandle? { shapes[wanted]?.heap.min.map { TaskHandle(index: $0.index) } }

    /// Takes the first task of a shape out.
    ///
    /// A shape that found no room stays so: only managers that change are looked at for the next.
    mutating func takeFirst(_ wanted: TaskNeeds, at now: UInt64) -> (handle: TaskHandle, id: Int)? {
        guard let entry = shapes[wanted]?.heap.popMin() else { return nil }
        needs[entry.key.id] = nil
        if shapes[wanted]?.blockedSince != nil { shapes[wanted]?.blockedSince = now }
        shrink(wanted)
        return (TaskHandle(index: entry.index), entry.key.id)
    }

    private mutating func shrink(_ wanted: TaskNeeds) {
        guard let left = shapes[wanted]?.count else { return }
        if left <= 1 { shapes[wanted] = nil } else { shapes[wanted]?.count = left - 1 }
    }

    /// Notes since when a shape finds no room.
    mutating func setBlocked(_ wanted: TaskNeeds, since: UInt64?) { shapes[wanted]?.blockedSince = since }

    /// Notes since when a shape is hopeless.
    mutating func setHopeless(_ wanted: TaskNeeds, since: UInt64?) { shapes[wanted]?.hopelessSince = since }

    /// The handles that wait, for checks alone.
    var handles: [TaskHandle] {
        shapes.values.flatMap { $0.heap.unordered.map { TaskHandle(index: $0.index) } }
    }

    /// What is wrong; `nil` when nothing is.
    var fault: String? {
        let sum = shapes.values.reduce(0) { $0 + $1.count }
        return sum == needs.count && shapes.values.allSatisfy { $0.count == $0.heap.count && $0.count > 0 }
            ? nil : "\(needs.count) demanding tasks are queued, \(sum) in their shapes"
    }
}
