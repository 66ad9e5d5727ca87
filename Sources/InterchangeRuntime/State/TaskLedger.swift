import HeapModule
import WireProtocol

/// All tasks the interchange holds, and their order.
///
/// Nearly every task comes with a higher key (priority, then id) than all before it, so the queue is a linked list
/// through the records; what comes out of order goes to a heap beside it, and the lesser of both heads is next.
struct TaskLedger: Sendable {
    /// What decides who is next: lower first.
    struct Key: Comparable, Sendable {
        let priority: Double
        let id: Int

        static func < (left: Key, right: Key) -> Bool {
            left.priority != right.priority ? left.priority < right.priority : left.id < right.id
        }
    }

    private struct Unordered: Comparable, Sendable {
        let key: Key
        let index: Int32

        static func < (left: Unordered, right: Unordered) -> Bool { left.key < right.key }
        static func == (left: Unordered, right: Unordered) -> Bool { left.key == right.key }
    }

    /// What is known of each handle.
    var records = PagedArray(filledWith: TaskRecord())
    /// Handles of tasks in flight, and of results not yet acknowledged, by the executor's number.
    private(set) var active = IdentifierTable()
    /// Numbers of tasks that were ever accepted.
    private(set) var accepted = IdentifierSet()
    /// Numbers of tasks that have ended.
    private(set) var finished = IdentifierSet()
    /// Tasks in the queue, without the cancelled ones.
    private(set) var queuedCount = 0
    /// Numbers of cancelled tasks whose records are still in the queue; never that of the one that is next.
    ///
    /// The queue has no index by number: for hundreds of thousands of tasks it would cost more than the records.
    private var tombstones: Set<Int> = []
    /// Records of cancelled tasks that are out of the queue.
    private(set) var buried: [TaskHandle] = []
    /// Queued tasks that ask for more than a worker.
    private(set) var demands = DemandQueue()

    private var head: Int32 = -1
    private var tail: Int32 = -1
    private var unordered = Heap<Unordered>()

    /// Queues a task; false when its number was accepted before.
    mutating func enqueue(_ handle: TaskHandle, id: Int, priority: Double, size: Int) -> Bool {
        guard accepted.insert(id) else { return false }
        let index = handle.index
        records.reserve(handle.position)
        let key = Key(priority: priority.isNaN ? .infinity : priority, id: id)
        var record = TaskRecord(id: id, priority: key.priority, size: size)
        record.place = TaskRecord.queued
        records[handle.position] = record
        queuedCount += 1
        if tail < 0 {
            head = index
            tail = index
        } else if self.key(tail) < key {
            records[Int(tail)].next = index
            tail = index
        } else {
            unordered.insert(Unordered(key: key, index: index))
        }
        return true
    }

    /// Queues a task that asks for more than a worker; false when its number was accepted before.
    mutating func enqueue(_ handle: TaskHandle, id: Int, priority: Double, size: Int, needs: TaskNeeds) -> Bool {
        guard accepted.insert(id) else { return false }
        records.reserve(handle.position)
        let key = Key(priority: priority.isNaN ? .infinity : priority, id: id)
        var record = TaskRecord(id: id, priority: key.priority, size: size)
        record.place = TaskRecord.queued
        records[handle.position] = record
        demands.insert(handle, key, needs)
        return true
    }

    /// Takes the first task that asks for this; it counts as in flight from now on.
    mutating func takeDemand(_ wanted: TaskNeeds, at now: UInt64) -> (handle: TaskHandle, id: Int)? {
        guard let (handle, id) = demands.takeFirst(wanted, at: now) else { return nil }
        active[id] = handle.index
        return (handle, id)
    }

    /// Notes since when tasks that ask for this find no room.
    mutating func setBlocked(_ wanted: TaskNeeds, since: UInt64?) { demands.setBlocked(wanted, since: since) }

    /// Notes since when no manager could ever run tasks that ask for this.
    mutating func setHopeless(_ wanted: TaskNeeds, since: UInt64?) { demands.setHopeless(wanted, since: since) }

    /// The task that is next, or nil.
    var first: TaskHandle? {
        guard let other = unordered.min else { return head < 0 ? nil : TaskHandle(index: head) }
        guard head >= 0, key(head) < other.key else { return TaskHandle(index: other.index) }
        return TaskHandle(index: head)
    }

    /// Takes the task that is next out of the queue; it counts as in flight from now on.
    mutating func takeFirst() -> TaskHandle? {
        guard let handle = first else { return nil }
        queuedCount -= 1
        unlinkFirst(handle)
        active[records[handle.position].id] = handle.index
        if !tombstones.isEmpty { bury() }
        return handle
    }

    private mutating func unlinkFirst(_ handle: TaskHandle) {
        if handle.index == head {
            head = records[handle.position].next
            if head < 0 { tail = -1 }
        } else {
            _ = unordered.popMin()
        }
        records[handle.position].next = -1
    }

    // MARK: Cancellation

    /// Notes the end of a task that waits, by its number; false when it does not wait.
    ///
    /// Its record stays where it is until ``bury()``, which is to be called after the last of several.
    mutating func cancelQueued(_ id: Int) -> Bool {
        guard accepted.contains(id), !finished.contains(id), active[id] == nil else { return false }
        finished.insert(id)
        if !demands.isEmpty, let handle = demands.remove(id) {
            free(handle)
            return true
        }
        tombstones.insert(id)
        queuedCount -= 1
        return true
    }

    /// Takes cancelled tasks out of the queue: those that would be next, or all when they are more than the others.
    mutating func bury() {
        if tombstones.count > queuedCount { return sweep() }
        while !tombstones.isEmpty, let handle = first, tombstones.remove(records[handle.position].id) != nil {
            unlinkFirst(handle)
            free(handle)
        }
    }

    /// Returns the handles of the buried, once.
    mutating func takeBuried() -> [TaskHandle] {
        defer { buried = [] }
        return buried
    }

    private mutating func sweep() {
        guard !tombstones.isEmpty else { return }
        var index = head
        head = -1
        tail = -1
        while index >= 0 {
            let next = records[Int(index)].next
            records[Int(index)].next = -1
            if tombstones.contains(records[Int(index)].id) {
                free(TaskHandle(index: index))
            } else {
                if tail < 0 { head = index } else { records[Int(tail)].next = index }
                tail = index
            }
            index = next
        }
        let others = unordered.unordered
        for entry in others where tombstones.contains(entry.key.id) { free(TaskHandle(index: entry.index)) }
        unordered = Heap(others.filter { !tombstones.contains($0.key.id) })
        tombstones = []
    }

    private mutating func free(_ handle: TaskHandle) {
        records[handle.position].place = TaskRecord.free
        buried.append(handle)
    }

    /// Notes the end of a task.
    ///
    /// With `retained` its number stays active until ``release(_:)``.
    mutating func finish(_ handle: TaskHandle, retained: Bool) {
        let id = records[handle.position].id
        finished.insert(id)
        if retained {
            records[handle.position].place = TaskRecord.finished
        } else {
            records[handle.position].place = TaskRecord.free
            active[id] = nil
        }
    }

    /// Forgets a result that was acknowledged, and returns its handle; nil when there is no such result.
    mutating func release(_ id: Int) -> TaskHandle? {
        guard let index = active[id], records[Int(index)].place == TaskRecord.finished else { return nil }
        active[id] = nil
        records[Int(index)].place = TaskRecord.free
        return TaskHandle(index: index)
    }

    /// Results that were not acknowledged, by number.
    ///
    /// Cost proportional to what is in flight: for a resume alone.
    var unacknowledged: [TaskHandle] {
        active.entries.filter { records[Int($0.value)].place == TaskRecord.finished }
            .map { TaskHandle(index: $0.value) }
    }

    /// Forgets a number that is not held, so that the task is accepted when it comes again.
    mutating func forget(_ id: Int) {
        if tombstones.contains(id) { sweep() }
        accepted.remove(id)
        finished.remove(id)
    }

    func key(_ index: Int32) -> Key {
        let record = records[Int(index)]
        return Key(priority: record.priority, id: record.id)
    }

    /// The handles in the queue, in no particular order.
    ///
    /// Cost proportional to the queue: for checks alone.
    var queued: [TaskHandle] {
        var handles = unordered.unordered.map { TaskHandle(index: $0.index) }
        var index = head
        while index >= 0 {
            handles.append(TaskHandle(index: index))
            index = records[Int(index)].next
        }
        return handles.filter { !tombstones.contains(records[$0.position].id) }
    }

    /// What is wrong with the cancelled tasks; `nil` when nothing is.
    var tombstoneFault: String? {
        if tombstones.count > queuedCount { return "\(tombstones.count) cancelled tasks are kept for \(queuedCount)" }
        if let first, tombstones.contains(records[first.position].id) { return "a cancelled task is next" }
        return buried.isEmpty ? nil : "\(buried.count) handles of cancelled tasks are not free"
    }
}
