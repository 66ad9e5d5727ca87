/// An error that was thrown in another process and came back as data.
///
/// When the thrown type is Codable and named in the app's `throwing:` list, the caller catches the value itself instead.
public struct RemoteError: Error, Sendable, CustomStringConvertible {
    /// The name of the thrown type, with its module.
    public var typeName: String
    /// What the error says for people.
    public var message: String
    /// What `String(reflecting:)` gave in the other process.
    public var debugText: String
    /// The app that failed.
    public var app: String
    /// The host on which it failed.
    public var host: String
    /// Seconds from the start of the body to the error.
    public var elapsed: Double
    /// The last lines the worker wrote to its standard error, oldest first.
    public var standardErrorTail: [String]
    /// The pickled error value, when its type is Codable.
    public var payload: [UInt8]?

    /// Describes a failure elsewhere.
    public init(
        typeName: String, message: String, debugText: String, app: String, host: String, elapsed: Double,
        standardErrorTail: [String] = [], payload: [UInt8]? = nil
    ) {
        self.typeName = typeName
        self.message = message
        self.debugText = debugText
        self.app = app
        self.host = host
        self.elapsed = elapsed
        self.standardErrorTail = standardErrorTail
        self.payload = payload
    }

    /// One line, and the end of the worker's standard error if there is any.
    public var description: String {
        let tenths = (elapsed * 10).rounded() / 10
        var text = "task '\(app)' failed on \(host) after \(tenths) s: \(typeName): \(message)"
        if !standardErrorTail.isEmpty {
            text += "\nstderr ends:\n" + standardErrorTail.map { "  | \($0)" }.joined(separator: "\n")
        }
        return text
    }
}
