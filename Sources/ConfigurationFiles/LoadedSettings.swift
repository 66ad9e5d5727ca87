package import Launch
package import Provisioning

/// Defaults, a file and the environment, merged: every key with its value and where that comes from.
package struct LoadedSettings: Sendable {
    /// Where a value comes from.
    package enum Source: Sendable, Equatable, CustomStringConvertible {
        /// The schema's default.
        case fallback
        /// A place in a file.
        case file(String, line: Int, column: Int)
        /// A variable of the environment.
        case environment(String)

        package var description: String {
            switch self {
            case .fallback: "default"
            case .file(let path, let line, _): "\(path):\(line)"
            case .environment(let variable): variable
            }
        }
    }

    /// A key and its value.
    package struct Entry: Sendable {
        /// Such as `executors.local.workers`.
        package var path: String
        package var setting: Setting
        package var value: SettingValue
        package var source: Source
    }

    /// All keys: those at the top, then each executor's.
    package var entries: [Entry]
    /// The configuration that they describe.
    package var configuration: WorkflowConfiguration

    /// What `apus run` hands to a program: what is set, and nothing else.
    package var handed: HandedSettings {
        let section = SettingsSchema.executorsKey + "."
        let namesExecutor = entries.contains { $0.path.hasPrefix(section) && $0.source != .fallback }
        return HandedSettings(
            entries: entries.filter { entry in
                // An executor is described in full or not at all, and its kind comes first.
                let isKind = entry.path.hasPrefix(section) && entry.setting.name == SettingsSchema.kindKey
                return entry.source != .fallback || (namesExecutor && isKind)
            }.map { .init(path: $0.path, input: $0.setting.type.input(for: $0.value)) })
    }

    /// Reads a file, if one is named, and the environment.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - environment: variables.
    ///   - providers: types for kinds whose providers are in other products; `nil` checks such an executor's keys alone.
    ///   - schema: the keys.
    /// - Throws: all that is wrong.
    package static func load(
        file path: String?, environment: [String: String], providers: [any DescribedProvider.Type]? = nil,
        schema: SettingsSchema = .current
    ) throws(ConfigurationFileError) -> LoadedSettings {
        let file = try path.map { path throws(ConfigurationFileError) in try SettingsFile(path: path) }
        var merge = SettingsMerge(schema: schema, path: file?.path ?? "")
        if let file { merge.read(file.root) }
        merge.read(environment)
        return try merge.finish(providers: providers ?? [], isComplete: providers != nil)
    }
}

extension LoadedSettings {
    /// The file of a usual name in the working directory; nil when there is none.
    package static func usualFile() throws(ConfigurationFileError) -> String? { try SettingsFile.usual() }
}
