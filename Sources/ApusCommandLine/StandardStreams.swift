import Glibc
import SystemSupport

/// Output of commands: results to standard output, talk to standard error.
enum StandardStreams {
    /// Writes a result.
    static func output(_ text: String) { write(Array(text.utf8), to: 1) }

    /// Writes a result as it is.
    static func output(_ bytes: [UInt8]) { write(bytes, to: 1) }

    /// Writes a remark.
    static func error(_ text: String) { write(Array(text.utf8), to: 2) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        // A reader that went away, as in `| head`, is no error worth a message.
        try? bytes.withUnsafeBytes { try DescriptorIO.writeFully(descriptor, $0) }
    }
}
