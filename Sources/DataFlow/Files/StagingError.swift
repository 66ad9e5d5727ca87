/// A file that could not be brought where it is needed, or taken where it shall be.
public struct StagingError: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Codable, Sendable, Hashable {
        /// No provider of the workflow knows the scheme, in this direction.
        case noProvider
        /// There is no such file.
        case notFound
        /// The other side says no.
        case refused
        /// The transfer broke off, and trying again did not help.
        case transferFailed
        /// What came is not the file: another length, or another checksum.
        case damaged
        /// A program that the provider runs is not on this host.
        case programMissing
        /// The file cannot be read or written on this host.
        case localFile
    }

    /// What went wrong.
    public var code: Code
    /// The address of the file, without a password.
    public var file: String
    /// The provider that tried.
    public var provider: String
    /// What was tried, what came back, what to do.
    public var message: String
    /// The status of an HTTP or FTP answer.
    public var status: Int?
    /// How many bytes had come.
    public var received: Int?

    /// Describes a failure.
    public init(
        _ code: Code, file: File, provider: String, _ message: String, status: Int? = nil, received: Int? = nil
    ) {
        self.code = code
        self.file = file.description
        self.provider = provider
        self.message = message
        self.status = status
        self.received = received
    }

    /// The file, the provider, and what happened.
    public var description: String { "staging of '\(file)' (\(provider)) failed: \(message)" }
}
