internal import CZeroMQ

/// One frame.
///
/// The `zmq_msg_t` sits at a fixed heap address, so that a span may point into it: libzmq keeps payloads of up to 33
/// bytes inside the struct itself.
@safe
package struct Message: ~Copyable, @unchecked Sendable {  // why: one owner; libzmq counts atomically
    /// From this size on an array's storage is handed to libzmq instead of being copied; below, a copy costs less
    /// than the hand-over (an allocation here and a release on the I/O thread).
    package static let adoptionThreshold = 4096

    let raw: UnsafeMutablePointer<zmq_msg_t>

    /// Takes over a message that was initialised at `raw`.
    init(owning raw: UnsafeMutablePointer<zmq_msg_t>) { unsafe self.raw = raw }

    /// Makes an empty frame.
    package init() {
        unsafe raw = .allocate(capacity: 1)
        unsafe zmq_msg_init(raw)
    }

    /// Makes a frame with a copy of `bytes`.
    package init(copying bytes: UnsafeRawBufferPointer) {
        unsafe self.init(owning: Self.copy(bytes))
    }

    /// Makes a frame with a copy of `bytes`.
    package init(copying bytes: [UInt8]) {
        unsafe self.init(owning: bytes.withUnsafeBytes { unsafe Self.copy($0) })
    }

    /// Makes a frame with a copy of what the span shows.
    package init(copying bytes: borrowing RawSpan) {
        unsafe self.init(owning: bytes.withUnsafeBytes { unsafe Self.copy($0) })
    }

    /// Makes a frame of a string's UTF-8.
    package init(_ text: String) {
        var text = text
        unsafe self.init(owning: text.withUTF8 { unsafe Self.copy(UnsafeRawBufferPointer($0)) })
    }

    /// Makes a frame from an array without copying it; a small one is copied, as that is cheaper.
    ///
    /// libzmq releases the array on its I/O thread once the bytes are sent.
    package init(adopting bytes: [UInt8]) {
        let isLarge = bytes.count >= Self.adoptionThreshold
        unsafe self.init(owning: isLarge ? Self.adopt(bytes) : bytes.withUnsafeBytes { unsafe Self.copy($0) })
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<zmq_msg_t> {
        let raw = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        guard let base = bytes.baseAddress, bytes.count > 0 else {
            unsafe zmq_msg_init(raw)
            return unsafe raw
        }
        let code = unsafe zmq_msg_init_size(raw, bytes.count)
        precondition(code == 0, "out of memory for a message of \(bytes.count) bytes")
        unsafe zmq_msg_data(raw).copyMemory(from: base, byteCount: bytes.count)
        return unsafe raw
    }

    private static func adopt(_ bytes: [UInt8]) -> UnsafeMutablePointer<zmq_msg_t> {
        let raw = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        let owner = AdoptedBytes(bytes)
        let buffer = unsafe owner.buffer
        let hint = unsafe Unmanaged.passRetained(owner)
        let code = unsafe zmq_msg_init_data(raw, buffer.baseAddress, buffer.count, releaseAdoptedBytes, hint.toOpaque())
        precondition(code == 0, "out of memory for a message of \(bytes.count) bytes")
        return unsafe raw
    }

    /// The number of payload bytes.
    package var count: Int { unsafe zmq_msg_size(raw) }

    /// The payload, not copied; valid while the message is borrowed.
    package var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            guard let base = unsafe zmq_msg_data(raw) else { return RawSpan() }
            let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: zmq_msg_size(raw))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Lends the payload, not copied, to `body`.
    package borrowing func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: zmq_msg_data(raw), count: zmq_msg_size(raw)))
    }

    /// A copy of the payload.
    package borrowing func toArray() -> [UInt8] {
        unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// The payload as text; invalid UTF-8 is replaced.
    package borrowing func toString() -> String {
        unsafe withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the payload is exactly these bytes.
    package borrowing func equals(_ other: [UInt8]) -> Bool {
        unsafe withUnsafeBytes { unsafe $0.elementsEqual(other) }
    }

    /// Whether further frames of the same message follow; only on received frames.
    package var hasMore: Bool { unsafe zmq_msg_more(raw) != 0 }

    /// The descriptor of the connection the frame came through, nil for inproc and for frames made here.
    ///
    /// A hint: the number is used again after the connection has ended.
    package var sourceDescriptor: Int32? {
        let descriptor = unsafe zmq_msg_get(raw, ZMQ_SRCFD)
        return descriptor >= 0 ? descriptor : nil
    }

    /// A second owner of the same payload; a large payload is not copied.
    package borrowing func shared() -> Message {
        let copy = Message()
        let code = unsafe zmq_msg_copy(copy.raw, raw)
        precondition(code == 0, "a message that is initialised can always be shared")
        return copy
    }

    deinit {
        unsafe zmq_msg_close(raw)
        unsafe raw.deallocate()
    }
}

/// Keeps a received frame in a collection, since a `~Copyable` value cannot stand in an array.
package final class MessageBox {
    /// The frame.
    package let message: Message

    /// Takes the frame over.
    package init(_ message: consuming Message) { self.message = message }
}

/// An array that libzmq reads from.
@safe
private final class AdoptedBytes: Sendable {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Stays valid as long as this object: an array that is never changed keeps its storage.
    var buffer: UnsafeMutableRawBufferPointer {
        unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(mutating: $0) }
    }
}

/// A free function: formed in an isolated place, a C callback would trap on libzmq's thread.
private func releaseAdoptedBytes(_ data: UnsafeMutableRawPointer?, _ hint: UnsafeMutableRawPointer?) {
    guard let hint = unsafe hint else { return }
    unsafe Unmanaged<AdoptedBytes>.fromOpaque(hint).release()
}
