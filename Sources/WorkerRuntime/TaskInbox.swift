import Glibc
import SystemSupport
import WireProtocol

// Frames are read by the thread that runs the tasks, so that no task waits for a hand-over between threads. While a
// body runs, the control thread may take back what lies here unbegun; the lock says whose turn it is.

/// The frames that come from the manager.
final class TaskInbox: @unchecked Sendable {  // why: everything but the lock is touched only while it is held
    /// One frame.
    struct Frame {
        var kind: WorkerFrame.Kind
        var body: [UInt8]
    }

    /// The largest frame taken from a manager: four times what Apus encodes by default.
    private static let largestFrame = 1 << 30
    /// Several hundred small frames, so that a full window comes with one read.
    private static let capacity = 1 << 16

    private let descriptor: Int32
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0

    init(descriptor: Int32) {
        self.descriptor = descriptor
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        buffer = .allocate(byteCount: Self.capacity, alignment: 16)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        buffer.deallocate()
    }

    /// The next frame, waiting for it; `nil` when the manager has closed.
    func next() throws -> Frame? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let frame = try takeBuffered() { return frame }
            if let header = try header(), WorkerFrame.headerSize + header.length > Self.capacity {
                return try takeLarge(header)
            }
            guard try fill(waiting: true) else { return nil }
        }
    }

    /// Takes out the task frames that have arrived and were not begun; empty when the task thread is reading itself.
    func takeUnbegun() throws -> [[UInt8]] {
        guard pthread_mutex_trylock(mutex) == 0 else { return [] }
        defer { pthread_mutex_unlock(mutex) }
        _ = try fill(waiting: false)
        var bodies: [[UInt8]] = []
        while let header = try header(), header.kind == .task || header.kind == .placedTask,
            let frame = try takeBuffered()
        {
            bodies.append(frame.kind == .task ? frame.body : try PlacedTask.message(frame.body))
        }
        return bodies
    }

    private func header() throws(WireError) -> WorkerFrame? {
        guard end - start >= WorkerFrame.headerSize else { return nil }
        let frame = try WorkerFrame.parse(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
        guard frame.length <= Self.largestFrame else {
            throw WireError(.malformed, "a frame of \(frame.length) bytes; at most \(Self.largestFrame) are taken")
        }
        return frame
    }

    /// A frame that is complete in the buffer.
    private func takeBuffered() throws -> Frame? {
        guard let header = try header() else { return nil }
        let bodyStart = start + WorkerFrame.headerSize
        guard end - bodyStart >= header.length else { return nil }
        let body = [UInt8](UnsafeRawBufferPointer(rebasing: buffer[bodyStart..<(bodyStart + header.length)]))
        start = bodyStart + header.length
        return Frame(kind: header.kind, body: body)
    }

    /// A frame larger than the buffer, read into its own storage.
    private func takeLarge(_ header: WorkerFrame) throws -> Frame? {
        let present = (start + WorkerFrame.headerSize)..<end
        var isComplete = false
        let body = try [UInt8](unsafeUninitializedCapacity: header.length) { storage, count in
            let storage = UnsafeMutableRawBufferPointer(storage)
            storage.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[present]))
            let rest = UnsafeMutableRawBufferPointer(rebasing: storage[present.count..<header.length])
            isComplete = try DescriptorIO.readExactly(descriptor, into: rest)
            count = header.length
        }
        start = 0
        end = 0
        return isComplete ? Frame(kind: header.kind, body: body) : nil
    }

    /// Reads what is there; false when the manager has closed.
    private func fill(waiting: Bool) throws -> Bool {
        if start > 0 {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[start..<end])
            buffer.copyMemory(from: rest)
            end -= start
            start = 0
        }
        guard end < buffer.count else { return true }
        while true {
            let count = recv(
                descriptor, buffer.baseAddress.map { $0 + end }, buffer.count - end,
                waiting ? 0 : Int32(MSG_DONTWAIT))
            if count > 0 {
                end += count
                return true
            }
            if count == 0 { return false }
            switch errno {
            case EINTR: continue
            case EAGAIN where !waiting: return true
            case ECONNRESET: return false
            default: throw SystemError.last("read a frame of the manager")
            }
        }
    }
}
