/// The file for the standard output or the standard error of a bash app cannot be written.
public struct BadStandardStream: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// The app.
    public var app: String
    /// The file.
    public var path: String
    /// What the system says.
    public var reason: String

    /// Describes a file that cannot be written.
    public init(app: String, path: String, reason: String) {
        self.app = app
        self.path = path
        self.reason = reason
    }

    /// The file and the reason.
    public var description: String {
        "bash app '\(app)' was not run: its output cannot go to '\(path)': \(reason)"
    }
}
