public import Launch
import SystemSupport

extension WorkflowConfiguration {
    /// Reads a configuration file, with the environment's overrides.
    ///
    /// What the program then sets on the result holds over both. In a role process nothing is read and the result is
    /// of no use: the settings came with the process, and the file may not be on its machine.
    ///
    /// - Parameters:
    ///   - path: a file whose name ends in `.yaml`, `.yml` or `.json`.
    ///   - environment: variables; `nil` takes those of this process.
    /// - Throws: all that is wrong with the file and the variables.
    public init(file path: String, environment: [String: String]? = nil) throws(ConfigurationFileError) {
        self = try Self.settings(file: path, environment ?? EnvironmentVariables.all)
    }

    /// Reads `apus.yaml`, `apus.yml` or `apus.json` of the working directory, if there is one, and the environment.
    ///
    /// Without a file and without variables these are the defaults: worker processes, one for each core.
    ///
    /// - Parameter environment: variables; `nil` takes those of this process.
    /// - Throws: all that is wrong with the file and the variables.
    public static func load(environment: [String: String]? = nil) throws(ConfigurationFileError) -> Self {
        try settings(file: nil, environment ?? EnvironmentVariables.all)
    }

    private static func settings(
        file path: String?, _ environment: [String: String]
    ) throws(ConfigurationFileError) -> Self {
        guard environment["APUS_ROLE"] == nil else { return .local() }
        let file: String?
        if let path { file = path } else { file = try SettingsFile.usual() }
        return try LoadedSettings.load(file: file, environment: environment).configuration
    }
}
