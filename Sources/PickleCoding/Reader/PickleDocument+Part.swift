extension PickleDocument {
    /// Reads the pickle that lies in a part of an array, without copying it: it may be large.
    package init(
        in message: [UInt8], range: Range<Int>, limits: PickleLimits = PickleLimits()
    ) throws(PickleError) {
        let owner = MessageOwner(message)
        let part = unsafe UnsafeRawBufferPointer(rebasing: owner.base[range])
        unsafe try self.init(borrowing: part, owner: owner, limits: limits)
    }

    /// Keeps a message where it is for as long as a document points into it.
    @safe
    private final class MessageOwner {
        private let message: [UInt8]
        /// The elements of an array that nobody changes stay where they are as long as the array lives.
        let base: UnsafeRawBufferPointer

        init(_ message: [UInt8]) {
            self.message = message
            unsafe base = message.withUnsafeBytes { unsafe $0 }
        }
    }
}
