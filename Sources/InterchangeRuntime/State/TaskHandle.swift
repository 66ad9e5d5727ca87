/// A small number that stands for one stored task message, and later for its result.
///
/// Handles are given out by whoever keeps the bytes, are dense, and are used again only after the state has released
/// them.
package struct TaskHandle: Hashable, Sendable {
    /// The number, from 0.
    package let index: Int32

    /// The handle with this number.
    package init(_ index: Int) {
        self.index = Int32(truncatingIfNeeded: index)
    }

    init(index: Int32) {
        self.index = index
    }

    /// The number as an index into tables.
    package var position: Int { Int(index) }
}

/// What the state knows of a task.
///
/// 40 bytes, since hundreds of thousands may be queued.
struct TaskRecord: Sendable {
    /// The executor's number.
    var id = 0
    /// Lower runs first.
    var priority = Double.infinity
    /// Bytes of the task message.
    var size = 0
    /// The next task in the queue, or of the same manager; -1 for none.
    var next: Int32 = -1
    /// The one before, of the same manager; -1 for none.
    var previous: Int32 = -1
    /// The manager it is at, or one of the places below.
    var place = TaskRecord.free

    /// Waits to be handed to a manager.
    static let queued: Int32 = -1
    /// Its result was forwarded, and the executor has not acknowledged it.
    static let finished: Int32 = -2
    /// The handle stands for nothing.
    static let free: Int32 = -3
}
