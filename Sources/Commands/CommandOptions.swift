/// One run of a command line by a shell: where it runs, where its output goes, how long it may take.
package struct CommandOptions: Sendable {
    /// Where a standard stream goes.
    package enum Stream: Sendable, Hashable {
        /// Where the caller's own goes.
        case inherit
        /// Into a file; missing directories above it are made.
        case file(_ path: String, append: Bool)
    }

    /// The text that the shell reads.
    package var commandLine: String
    /// The shell: a program that takes `-c` and a text.
    package var shell: String
    /// Where the command starts, and what relative paths of streams are relative to; nil is the caller's own directory.
    package var directory: String?
    /// Variables that are added to the caller's environment, or replace some of it.
    package var environment: [String: String]
    /// Standard output.
    package var standardOutput: Stream
    /// Standard error.
    package var standardError: Stream
    /// How long the command may take; nil is without end.
    package var walltime: Duration?
    /// How long the command's processes have between SIGTERM and SIGKILL.
    package var grace: Duration

    /// Describes a run.
    package init(
        _ commandLine: String, shell: String = "/bin/bash", directory: String? = nil,
        environment: [String: String] = [:], standardOutput: Stream = .inherit, standardError: Stream = .inherit,
        walltime: Duration? = nil, grace: Duration = .seconds(2)
    ) {
        self.commandLine = commandLine
        self.shell = shell
        self.directory = directory
        self.environment = environment
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.walltime = walltime
        self.grace = grace
    }

    /// A path as the caller can open it: relative ones are relative to the command's directory.
    package func resolved(_ path: String) -> String {
        guard let directory, !path.hasPrefix("/") else { return path }
        return directory.hasSuffix("/") ? directory + path : directory + "/" + path
    }
}
