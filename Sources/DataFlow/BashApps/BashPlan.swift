import Commands

/// How one call of a bash app is run: travels beside its arguments, so that each call has its own.
struct BashPlan: AppValue {
    /// A stream, once automatic names are given.
    struct Stream: Codable, Sendable {
        var path: String
        var append: Bool
        /// The file that it becomes, when it is staged out.
        var output: OutputFile?

        /// Where it is written, on the machine where the command runs.
        var stream: CommandOptions.Stream { .file((try? output?.localPath) ?? path, append: append) }
    }

    var stdout: Stream?
    var stderr: Stream?
    /// Seconds.
    var walltime: Double?
    var outputs: [String]
    var directory: String?
    var environment: [String: String]

    /// The command's options, with everything but the command taken from here.
    func options(for command: ShellCommand) -> CommandOptions {
        CommandOptions(
            command.text, directory: directory, environment: environment,
            standardOutput: stdout?.stream ?? .inherit, standardError: stderr?.stream ?? .inherit,
            walltime: walltime.map { .seconds($0) })
    }
}
