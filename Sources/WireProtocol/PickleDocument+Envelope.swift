import PickleCoding

extension PickleDocument {
    /// Reads an envelope the general way, where it lies: a payload of many megabytes is stepped over, not copied.
    ///
    /// The value shows the message's own memory, so the closure gives back only what it has taken from it: numbers,
    /// ranges, texts, bytes of its own.
    static func reading<Result>(
        _ message: UnsafeRawBufferPointer, _ body: (PickleValue) throws(WireError) -> Result
    ) throws(WireError) -> Result {
        let document: PickleDocument
        do {
            document = try PickleDocument(borrowing: message, owner: Borrowed.message)
        } catch {
            throw WireError(.malformed, "\(error); the message begins \(WireError.excerpt(message))")
        }
        return try body(document.root)
    }
}

/// Stands for the caller, who holds the memory as long as it is read.
private final class Borrowed: Sendable {
    static let message = Borrowed()
}

extension PickleDocument {
    /// Decodes a small envelope the general way, from a copy.
    init(envelope message: UnsafeRawBufferPointer) throws(WireError) {
        do {
            self = try PickleDocument(copying: message)
        } catch {
            throw WireError(.malformed, "\(error); the message begins \(WireError.excerpt(message))")
        }
    }
}

extension PickleValue {
    /// Where bytes lie in the message; `nil` for everything else, texts too.
    var bytesRange: Range<Int>? { kind == .bytes || kind == .byteArray ? sourceRange : nil }
}
