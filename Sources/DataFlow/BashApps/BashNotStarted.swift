/// The command of a bash app could not be started.
public struct BashNotStarted: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// The app.
    public var app: String
    /// What is missing, and what to do.
    public var reason: String

    /// Describes why a command did not start.
    public init(app: String, reason: String) {
        self.app = app
        self.reason = reason
    }

    /// App and reason.
    public var description: String { "bash app '\(app)' was not run: \(reason)" }
}
