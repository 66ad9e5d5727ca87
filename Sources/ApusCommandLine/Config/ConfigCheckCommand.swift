import ArgumentParser
import ConfigurationFiles

/// `apus config check`: says all that is wrong with a file.
struct ConfigCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say all that is wrong with a file.",
        discussion: """
            Each mistake is one line on standard error, <file>:<line>:<column>: error: <what>, or begins with the \
            variable of the environment that is wrong. Exit code 0: the file can be used; 1: it cannot.
            """)

    @Argument(help: "A file whose name ends in .yaml, .yml or .json.")
    var file: String

    func run() throws {
        let settings = try ConfigCommand.load(file)
        let count = settings.entries.count { $0.source != .fallback }
        StandardStreams.output("\(file) can be used: \(count) of \(settings.entries.count) keys are set\n")
    }
}
