import WorkflowCore

/// An app succeeded, but files that it promised are not there.
public struct MissingOutputs: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// The app.
    public var app: String
    /// The missing files, as the app names them.
    public var paths: [String]
    /// The directory that relative paths are relative to.
    public var directory: String

    /// Describes what is missing.
    public init(app: String, paths: [String], directory: String) {
        self.app = app
        self.paths = paths
        self.directory = directory
    }

    /// The files, and where they were looked for.
    public var description: String {
        let shown = Counted.list(paths.map { "'\($0)'" }, limit: 20)
        return "app '\(app)' ended without an error but did not make \(shown); "
            + "relative paths were looked for in \(directory)"
    }
}
