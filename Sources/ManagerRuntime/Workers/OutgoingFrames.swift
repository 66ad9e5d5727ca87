import DequeModule
import SystemSupport
import WireProtocol
import ZeroMQ

/// The bytes of a task message, as the worker is sent them.
enum TaskPayload {
    /// Small ones, in storage of their own.
    case bytes([UInt8])
    /// A large one, where libzmq put it.
    case message(MessageBox)

    var count: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .message(let box): box.message.count
        }
    }

    func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self {
        case .message(let box): return try box.message.withUnsafeBytes(body)
        case .bytes(let bytes):
            var outcome: Swift.Result<Result, Failure>?
            bytes.withUnsafeBytes { buffer in
                do throws(Failure) { outcome = .success(try body(buffer)) } catch { outcome = .failure(error) }
            }
            guard let outcome else { preconditionFailure("withUnsafeBytes calls its body") }
            return try outcome.get()
        }
    }
}

/// What waits to be written to one worker.
///
/// Small frames are put together, large ones are written from where they lie.
struct OutgoingFrames {
    /// From this size on a payload is not copied.
    static let copyLimit = 16 << 10

    private var pieces: Deque<TaskPayload> = []
    /// Small frames behind all pieces.
    private var tail: [UInt8] = []
    /// How much of what comes first is written.
    private var written = 0

    var isEmpty: Bool { pieces.isEmpty && tail.isEmpty }

    /// Adds a frame with this body.
    mutating func append(_ kind: WorkerFrame.Kind, prefix: [UInt8] = [], _ payload: TaskPayload) {
        withUnsafeBytes(of: kind.rawValue.littleEndian) { tail.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt64(prefix.count + payload.count).littleEndian) { tail.append(contentsOf: $0) }
        tail += prefix
        if payload.count < Self.copyLimit {
            payload.withUnsafeBytes { tail.append(contentsOf: $0) }
        } else {
            closeTail()
            pieces.append(payload)
        }
    }

    /// Writes what the worker takes without waiting; false when the worker has closed.
    mutating func flush(to descriptor: Int32) throws(SystemError) -> Bool {
        while true {
            let payload: TaskPayload
            if let first = pieces.first {
                payload = first
            } else if tail.isEmpty {
                return true
            } else {
                payload = .bytes(tail)
            }
            let offset = written
            let transfer = try payload.withUnsafeBytes { buffer throws(SystemError) in
                try DescriptorIO.writeSome(descriptor, UnsafeRawBufferPointer(rebasing: buffer[offset...]))
            }
            switch transfer {
            case .bytes(let count):
                written += count
                guard written == payload.count else { continue }
                written = 0
                if pieces.popFirst() == nil { tail = [] }
            case .wouldBlock:
                // Half-written frames must stay as they are.
                if pieces.isEmpty { closeTail() }
                return true
            case .end: return false
            }
        }
    }

    private mutating func closeTail() {
        pieces.append(.bytes(tail))
        tail = []
    }
}
