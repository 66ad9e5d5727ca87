import Launch
import SystemSupport

/// Puts a file and the environment over the defaults, and collects all that is wrong.
struct SettingsMerge {
    typealias Problem = ConfigurationFileError.Problem
    typealias SourcedValue = (value: SettingValue, source: LoadedSettings.Source)

    /// What is set for an executor.
    struct Executor {
        var label: String
        var kind: ExecutorKind
        var kindSource: LoadedSettings.Source
        var values: [String: SourcedValue] = [:]
    }

    let schema: SettingsSchema
    let path: String
    var values: [String: SourcedValue] = [:]
    var executors: [Executor] = []
    var problems: [(position: SettingsNode.Position?, problem: Problem)] = []
    /// Executors that are wrong: variables that name them are not wrong in addition.
    var brokenLabels: [String] = []

    init(schema: SettingsSchema, path: String) {
        self.schema = schema
        self.path = path
    }

    mutating func report(_ position: SettingsNode.Position?, _ message: String) {
        problems.append((position, Problem(place: SettingsFile.place(path, position), message: message)))
    }

    mutating func report(variable: String, _ message: String) {
        problems.append((nil, Problem(place: variable, message: message)))
    }

    func source(_ position: SettingsNode.Position) -> LoadedSettings.Source {
        .file(path, line: position.line, column: position.column)
    }

    static func rejection(_ path: String, _ setting: Setting, _ mismatch: SettingMismatch) -> String {
        let reason = setting.isSecret ? "not what it takes" : mismatch.reason
        return "\(path) is \(reason); it takes \(setting.type.accepted)"
    }

    // MARK: The file

    /// Reads a file's content.
    mutating func read(_ root: SettingsNode) {
        guard case .mapping(let members) = root.content else {
            return report(root.position, "keys with values are expected, such as `retries: 2`")
        }
        for member in members {
            if member.key == SettingsSchema.executorsKey {
                readExecutors(member)
            } else if let setting = schema.settings.first(where: { $0.name == member.key }) {
                read(member, as: setting, path: setting.name).map { values[setting.name] = $0 }
            } else if let section = schema.sections.first(where: { $0.name == member.key }) {
                read(member, as: section)
            } else {
                let names =
                    schema.settings.map(\.name) + schema.sections.map(\.name) + [SettingsSchema.executorsKey]
                let inSection = schema.sections.first { $0.settings.contains { $0.name == member.key } }
                let inExecutor = schema.kinds.first { $0.settings.contains { $0.name == member.key } }
                let hint =
                    inSection.map { "; it belongs below `\($0.name)`" }
                    ?? inExecutor.map { "; it belongs to an executor of kind \($0.name), below `executors`" }
                report(member.position, Self.unknown(member.key, among: names, hint: hint))
            }
        }
    }

    mutating func read(_ member: SettingsNode.Member, as section: SettingsSection) {
        // A section of remarks alone, as in a template.
        if member.value.content == .nothing { return }
        guard case .mapping(let keys) = member.value.content else {
            return report(member.value.position, "`\(section.name)` takes keys with values below it")
        }
        for key in keys {
            if let setting = section.settings.first(where: { $0.name == key.key }) {
                let path = "\(section.name).\(setting.name)"
                read(key, as: setting, path: path).map { values[path] = $0 }
            } else {
                let names = section.settings.map(\.name)
                report(key.position, Self.unknown(key.key, among: names, of: "`\(section.name)`"))
            }
        }
    }

    mutating func read(
        _ member: SettingsNode.Member, as setting: Setting, path: String
    ) -> SourcedValue? {
        let node = member.value
        do throws(SettingMismatch) {
            let value = try setting.type.value(of: node.input)
            if let fault = SettingPlaces.fault(value, of: setting.type) {
                report(node.position, "\(path): \(fault)")
                return nil
            }
            return (value, source(member.position))
        } catch {
            report(node.position, Self.rejection(path, setting, error))
            return nil
        }
    }

    static func unknown(
        _ key: String, among names: [String], of owner: String? = nil, hint: String? = nil
    ) -> String {
        let start = "there is no key '\(SettingText.short(key))'" + (owner.map { " of \($0)" } ?? "")
        if let hint { return start + hint }
        if let nearest = NearestName.find(key, among: names) { return start + "; did you mean '\(nearest)'?" }
        return start + "; the keys are " + names.joined(separator: ", ")
    }
}
