import ArgumentParser
import ConfigurationFiles

/// `apus config show`: what holds, and from where.
struct ConfigShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the value of each key and where it comes from.",
        discussion: """
            Defaults, the file and the environment are merged as a program would get them. A secret is masked. Without \
            a file, apus.yaml, apus.yml or apus.json of the working directory is read, if there is one.
            """)

    @Argument(help: "A file whose name ends in .yaml, .yml or .json.")
    var file: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let settings = try ConfigCommand.load(ConfigCommand.path(file))
        StandardStreams.output(json ? SettingsListing.json(settings) : SettingsListing.text(settings))
    }
}
