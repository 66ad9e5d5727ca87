/// A text that names no file, or a file that is not where it is asked for.
public struct FileError: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Codable, Sendable, Hashable {
        /// A path that no file can have.
        case badPath
        /// An address that says nothing, or not enough.
        case badURL
        /// A checksum that is none.
        case badChecksum
        /// The file is elsewhere: only inside an app is it on this machine.
        case notHere
        /// The file cannot be read.
        case unreadable
    }

    /// What is wrong.
    public var code: Code
    /// The text that was given.
    public var text: String
    /// What is wrong with it, and what to do.
    public var reason: String

    /// Describes a fault.
    public init(_ code: Code, _ text: String, _ reason: String) {
        self.code = code
        self.text = text
        self.reason = reason
    }

    /// The text and the reason.
    public var description: String { "the file '\(text)': \(reason)" }
}
