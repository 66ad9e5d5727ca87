import Glibc
package import WireProtocol
package import ZeroMQ

/// Keeps the bytes of tasks until they have been handed over, and of results until they have been acknowledged.
///
/// A message under 16 KiB is copied into a block of its own: a kept libzmq message costs about twice as much. With the
/// 24 bytes here and the state's 40, a queued task of 358 bytes takes about 435. A larger message is kept as it came,
/// and passed on without a copy.
package final class TaskStore {
    /// From this size on a message is kept instead of copied.
    package static let copyLimit = 16 << 10

    private struct Entry {
        /// The bytes of a copied message; nil for a kept one, for a result and for a free handle.
        var block: UnsafeMutableRawPointer?
        /// The executor's number; for a free handle the next free one, or -1.
        var taskID = -1
        var count: UInt16 = 0
        var bufferStart: UInt16 = 0
        var bufferEnd: UInt16 = 0
        var contextIsEmpty = true
    }

    private var entries = PagedArray(filledWith: Entry())
    /// Large messages, and results that wait for their acknowledgement.
    private var boxes = PagedArray<MessageBox?>(filledWith: nil)
    private var firstFree = -1
    private var used = 0
    /// Handles in use.
    package private(set) var count = 0

    /// An empty store.
    package init() {}

    /// Keeps a task message; its bytes are copied, or the message is taken over.
    package func add(_ message: consuming Message, _ envelope: TaskEnvelope) -> TaskHandle {
        let handle = makeHandle()
        entries[handle.position].taskID = envelope.taskID
        guard message.count < Self.copyLimit else {
            keep(message, under: handle)
            return handle
        }
        message.withUnsafeBytes { bytes in
            let block = malloc(max(1, bytes.count))
            guard let block else { preconditionFailure("out of memory for a task of \(bytes.count) bytes") }
            if let base = bytes.baseAddress { block.copyMemory(from: base, byteCount: bytes.count) }
            entries[handle.position].block = block
            entries[handle.position].count = UInt16(bytes.count)
        }
        entries[handle.position].bufferStart = UInt16(envelope.buffer.lowerBound)
        entries[handle.position].bufferEnd = UInt16(envelope.buffer.upperBound)
        entries[handle.position].contextIsEmpty = envelope.contextIsEmpty
        return handle
    }

    /// The bytes of a task that was small enough to be copied, and where its parts lie.
    package func small(_ handle: TaskHandle) -> (bytes: UnsafeRawBufferPointer, envelope: TaskEnvelope)? {
        let entry = entries[handle.position]
        guard let block = entry.block else { return nil }
        return (
            UnsafeRawBufferPointer(start: block, count: Int(entry.count)),
            TaskEnvelope(
                taskID: entry.taskID, priority: .infinity, contextIsEmpty: entry.contextIsEmpty,
                buffer: Int(entry.bufferStart)..<Int(entry.bufferEnd))
        )
    }

    /// The executor's number of a task.
    package func taskID(_ handle: TaskHandle) -> Int { entries[handle.position].taskID }

    /// The kept message of a large task, or the kept result.
    package func kept(_ handle: TaskHandle) -> MessageBox? {
        handle.position < boxes.count ? boxes[handle.position] : nil
    }

    /// Forgets the bytes of a task; its handle stays.
    package func dropBytes(_ handle: TaskHandle) {
        if let block = entries[handle.position].block {
            free(block)
            entries[handle.position].block = nil
        }
        if handle.position < boxes.count { boxes[handle.position] = nil }
    }

    /// Keeps a result in the place of the task it answers.
    package func keep(_ message: consuming Message, under handle: TaskHandle) {
        dropBytes(handle)
        boxes.reserve(handle.position)
        boxes[handle.position] = MessageBox(message)
    }

    /// Forgets everything about a handle, which may be used again.
    package func release(_ handle: TaskHandle) {
        dropBytes(handle)
        entries[handle.position].taskID = firstFree
        firstFree = handle.position
        count -= 1
    }

    private func makeHandle() -> TaskHandle {
        count += 1
        guard firstFree < 0 else {
            let handle = TaskHandle(firstFree)
            firstFree = entries[handle.position].taskID
            return handle
        }
        entries.reserve(used)
        used += 1
        return TaskHandle(used - 1)
    }

    deinit {
        for index in 0..<used {
            if let block = entries[index].block { free(block) }
        }
    }
}
