import ArgumentParser
import ConfigurationFiles

/// `apus config reference`: the page docs/configuration.md.
struct ConfigReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print the page that lists every key (Markdown).")

    func run() { StandardStreams.output(ConfigurationReference.markdown()) }
}
