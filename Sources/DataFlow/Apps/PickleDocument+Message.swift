import PickleCoding

extension PickleDocument {
    /// Reads the pickle that lies in `range` of a received message, without copying it: results may be large.
    init(in message: [UInt8], range: Range<Int>) throws(PickleError) {
        let owner = MessageOwner(message)
        try self.init(borrowing: UnsafeRawBufferPointer(rebasing: owner.base[range]), owner: owner)
    }

    /// Keeps a message where it is for as long as a document points into it.
    private final class MessageOwner {
        private let message: [UInt8]
        /// The elements of an array that nobody changes stay where they are as long as the array lives.
        let base: UnsafeRawBufferPointer

        init(_ message: [UInt8]) {
            self.message = message
            base = message.withUnsafeBytes { $0 }
        }
    }
}
