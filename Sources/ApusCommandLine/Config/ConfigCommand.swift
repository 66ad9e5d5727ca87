import ArgumentParser
import ConfigurationFiles
import SystemSupport

/// `apus config`: looks after configuration files.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check, show and write configuration files.",
        discussion: """
            A file apus.yaml (or .json) holds what a program may also set in code; docs/configuration.md lists every \
            key. Programs that import ConfigurationFiles read it, and 'apus run --config FILE' hands it to a script or program.
            """,
        subcommands: [
            ConfigCheckCommand.self, ConfigShowCommand.self, ConfigInitCommand.self, ConfigReferenceCommand.self,
        ])

    /// Loads settings, or says on standard error what is wrong with them and ends with 1.
    static func load(_ path: String?) throws -> LoadedSettings {
        do throws(ConfigurationFileError) {
            return try LoadedSettings.load(file: path, environment: EnvironmentVariables.all)
        } catch {
            StandardStreams.error("\(error)\n")
            throw ExitCode(1)
        }
    }

    /// The file that was named, else the one of the working directory.
    static func path(_ named: String?) throws -> String? {
        if let named { return named }
        do throws(ConfigurationFileError) {
            return try LoadedSettings.usualFile()
        } catch {
            StandardStreams.error("\(error)\n")
            throw ExitCode(1)
        }
    }
}
