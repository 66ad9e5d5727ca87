/// Bytes from a peer that are not the message they should be.
package struct WireError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of fault it is.
    package enum Code: String, Sendable {
        /// The bytes are not a pickle, or end too early.
        case malformed
        /// A pickle, but not of a known message.
        case unknownMessage
        /// A known message with a field missing or of the wrong type.
        case badField
    }

    /// What kind of fault it is.
    package var code: Code
    /// What was expected, and what stood there.
    package var message: String

    /// Describes a fault.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Code and message.
    package var description: String { "\(code.rawValue): \(message)" }

    /// The first bytes of a bad message, for logs: hex, at most 32 bytes.
    package static func excerpt(_ bytes: UnsafeRawBufferPointer) -> String {
        let digits = bytes.prefix(32).map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }
        return digits.joined() + (bytes.count > 32 ? "… (\(bytes.count) bytes)" : "")
    }
}
