/// Why a command did not start.
package enum CommandError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The command line is empty, or white space alone.
    case noCommand
    /// The shell, its directory or its environment are not as they must be.
    case notStarted(reason: String)
    /// A file for standard output or standard error cannot be opened.
    case badStream(path: String, reason: String)

    /// What was tried, what came back, what to do.
    package var description: String {
        switch self {
        case .noCommand: "the command line is empty"
        case .notStarted(let reason): reason
        case .badStream(let path, let reason): "could not open '\(path)' for the output of a command: \(reason)"
        }
    }
}
