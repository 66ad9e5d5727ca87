import SystemSupport

/// The command of a bash app ended with another exit code than 0, or by a signal.
public struct BashExitFailure: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// The app.
    public var app: String
    /// The command line.
    public var command: String
    /// The exit code; `nil` when a signal ended the shell.
    public var exitCode: Int?
    /// The signal that ended the shell; `nil` when it returned an exit code.
    public var signal: Int?
    /// The last lines of the standard error, oldest first.
    public var stderrTail: [String]
    /// The file with all of the standard error; `nil` when that went where the worker's goes.
    public var stderr: String?
    /// Seconds from the start of the command to its end.
    public var elapsed: Double

    /// Describes a failure.
    public init(
        app: String, command: String, exitCode: Int? = nil, signal: Int? = nil, stderrTail: [String] = [],
        stderr: String? = nil, elapsed: Double = 0
    ) {
        self.app = app
        self.command = command
        self.exitCode = exitCode
        self.signal = signal
        self.stderrTail = stderrTail
        self.stderr = stderr
        self.elapsed = elapsed
    }

    /// How it ended, what ran, and what it said last.
    public var description: String {
        var text = "bash app '\(app)' ended with \(ending) after \(BashText.seconds(elapsed)): "
        text += BashText.shortened(command)
        if !stderrTail.isEmpty {
            text += "\nstderr ends:\n" + stderrTail.map { "  | \($0)" }.joined(separator: "\n")
        }
        if let stderr { text += "\nall of it is in \(stderr)" }
        return text
    }

    private var ending: String {
        if let signal { return "signal \(name(signal))" }
        let code = exitCode ?? 0
        switch code {
        case 126: return "exit code 126 (a program in it cannot be executed)"
        case 127: return "exit code 127 (a program in it was not found)"
        case 129...192: return "exit code \(code) (a program in it was ended by signal \(name(code - 128)))"
        default: return "exit code \(code)"
        }
    }

    private func name(_ signal: Int) -> String { SignalName.describe(Int32(truncatingIfNeeded: signal)) }
}

/// How errors of bash apps put things.
enum BashText {
    /// A command is shown as far as it fits into a few lines.
    private static let longest = 500

    static func shortened(_ command: String) -> String {
        command.count <= longest ? command : command.prefix(longest) + " … (\(command.utf8.count) bytes in all)"
    }

    static func seconds(_ value: Double) -> String { "\((value * 1000).rounded() / 1000) s" }
}
