import Glibc
public import Launch
public import Provisioning
import SystemSupport

extension WorkflowConfiguration {
    /// Reads a configuration file, with the environment's overrides.
    ///
    /// What the program then sets on the result holds over both. In a role process nothing is read: the settings
    /// came with the process, and the file may not be on its machine.
    ///
    /// - Parameters:
    ///   - path: a file whose name ends in `.yaml`, `.yml` or `.json`.
    ///   - environment: variables; `nil` takes those of this process.
    ///   - providers: providers of other products that the file may describe: `[KubernetesProvider.self]`.
    /// - Throws: all that is wrong with the file and the variables.
    public init(
        file path: String, environment: [String: String]? = nil, providers: [any DescribedProvider.Type] = []
    ) throws(ConfigurationFileError) {
        self = try Self.settings(file: path, environment ?? EnvironmentVariables.all, providers)
    }

    /// Reads `apus.yaml`, `apus.yml` or `apus.json` of the working directory, if there is one, and the environment.
    ///
    /// Without a file and without variables these are the defaults: worker processes, one for each core.
    ///
    /// - Parameters:
    ///   - environment: variables; `nil` takes those of this process.
    ///   - providers: providers of other products that the file may describe.
    /// - Throws: all that is wrong with the file and the variables.
    public static func load(
        environment: [String: String]? = nil, providers: [any DescribedProvider.Type] = []
    ) throws(ConfigurationFileError) -> Self {
        try settings(file: nil, environment ?? EnvironmentVariables.all, providers)
    }

    /// Reads a file, or that of the working directory, for top-level code and `static let`s, which cannot throw.
    ///
    /// When something is wrong, it is said on standard error, and the program ends with exit code 1.
    ///
    /// - Parameters:
    ///   - path: a file; `nil` takes that of the working directory, if there is one.
    ///   - environment: variables; `nil` takes those of this process.
    ///   - providers: providers of other products that the file may describe.
    public static func loadOrExit(
        _ path: String? = nil, environment: [String: String]? = nil, providers: [any DescribedProvider.Type] = []
    ) -> Self {
        do throws(ConfigurationFileError) {
            return try settings(file: path, environment ?? EnvironmentVariables.all, providers)
        } catch {
            StandardError.write("\(error)\n")
            exit(1)
        }
    }

    private static func settings(
        file path: String?, _ environment: [String: String], _ providers: [any DescribedProvider.Type]
    ) throws(ConfigurationFileError) -> Self {
        guard environment["APUS_ROLE"] == nil else { return .local() }
        let file: String?
        if let path { file = path } else { file = try SettingsFile.usual() }
        return try LoadedSettings.load(file: file, environment: environment, providers: providers).configuration
    }
}
