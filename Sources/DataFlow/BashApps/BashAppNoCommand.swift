/// The closure of a bash app returned an empty command line.
public struct BashAppNoCommand: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// The app.
    public var app: String

    /// Names the app.
    public init(app: String) { self.app = app }

    /// What is wrong and what to do.
    public var description: String {
        "bash app '\(app)' returned an empty command line; return ':' to do nothing on purpose"
    }
}
