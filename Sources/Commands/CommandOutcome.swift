package import SystemSupport

/// How a command ended.
package struct CommandOutcome: Sendable, Equatable {
    /// Who ended it.
    package enum Ending: Sendable, Equatable {
        /// It ended by itself.
        case ended
        /// It was stopped, since its walltime was over.
        case walltime
        /// It was stopped, since its caller said so.
        case stopped
    }

    /// Who ended it.
    package var ending: Ending
    /// The shell's status.
    package var status: ExitStatus
    /// Seconds from start to end.
    package var elapsed: Double
    /// The last lines that it wrote to standard error, oldest first, where that is a file.
    package var standardErrorTail: [String]
}
