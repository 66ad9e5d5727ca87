/// The routing identity of a peer on the manager socket: any bytes, compared exactly.
///
/// Looked up for every message of a manager, so identities of up to 16 bytes (Parsl's have 12) need no allocation.
package struct ManagerIdentity: Hashable, Sendable, CustomStringConvertible {
    private let low: UInt64
    private let high: UInt64
    private let count: UInt8
    /// The bytes of a long identity; empty for a short one.
    private let long: [UInt8]

    private static let inlineCapacity = 16

    /// Copies the identity from a received frame.
    package init(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= Self.inlineCapacity else {
            low = 0
            high = 0
            count = .max
            long = Array(bytes)
            return
        }
        var low: UInt64 = 0
        var high: UInt64 = 0
        for index in bytes.indices {
            if index < 8 {
                low |= UInt64(bytes[index]) << UInt64(index * 8)
            } else {
                high |= UInt64(bytes[index]) << UInt64((index - 8) * 8)
            }
        }
        self.low = low
        self.high = high
        count = UInt8(bytes.count)
        long = []
    }

    /// The identity of a manager with this name.
    package init(_ name: String) {
        self = Array(name.utf8).withUnsafeBytes { ManagerIdentity($0) }
    }

    /// The bytes.
    package var bytes: [UInt8] {
        withUnsafeBytes { Array($0) }
    }

    /// Lends the bytes to `body`, without an allocation for a short identity.
    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard count <= UInt8(Self.inlineCapacity) else {
            return try Self.lend(long, body)
        }
        var words = (low.littleEndian, high.littleEndian)
        return try withUnsafePointer(to: &words) { pointer throws(Failure) -> Result in
            try body(UnsafeRawBufferPointer(start: pointer, count: Int(count)))
        }
    }

    private static func lend<Result, Failure: Error>(
        _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withUnsafeBufferPointer { buffer throws(Failure) -> Result in
            try body(UnsafeRawBufferPointer(buffer))
        }
    }

    /// The bytes as text, as managers are named in logs and replies.
    package var description: String { String(decoding: bytes, as: UTF8.self) }
}
