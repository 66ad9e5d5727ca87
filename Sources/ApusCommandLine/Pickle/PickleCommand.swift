import ArgumentParser

/// `apus pickle …`: looks into pickles without ever executing them.
struct PickleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pickle",
        abstract: "Look into Python pickles without executing them.",
        subcommands: [
            PickleDumpCommand.self, PickleDisassembleCommand.self, PickleRoundtripCommand.self, PickleDiffCommand.self,
            PickleStatsCommand.self,
        ])
}
