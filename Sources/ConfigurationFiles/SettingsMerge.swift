import Launch
import SystemSupport

/// Puts a file and the environment over the defaults, and collects all that is wrong.
struct SettingsMerge {
    private typealias Problem = ConfigurationFileError.Problem

    /// What is set for an executor.
    private struct Executor {
        var label: String
        var kind: ExecutorKind
        var kindSource: LoadedSettings.Source
        var values: [String: (value: SettingValue, source: LoadedSettings.Source)] = [:]
    }

    private let schema: SettingsSchema
    private let path: String
    private var values: [String: (value: SettingValue, source: LoadedSettings.Source)] = [:]
    private var executors: [Executor] = []
    private var problems: [(position: SettingsNode.Position?, problem: Problem)] = []
    /// Executors that are wrong: variables that name them are not wrong in addition.
    private var brokenLabels: [String] = []

    init(schema: SettingsSchema, path: String) {
        self.schema = schema
        self.path = path
    }

    private mutating func report(_ position: SettingsNode.Position?, _ message: String) {
        problems.append((position, Problem(place: SettingsFile.place(path, position), message: message)))
    }

    private mutating func report(variable: String, _ message: String) {
        problems.append((nil, Problem(place: variable, message: message)))
    }

    private func source(_ position: SettingsNode.Position) -> LoadedSettings.Source {
        .file(path, line: position.line, column: position.column)
    }

    private static func rejection(_ path: String, _ setting: Setting, _ mismatch: SettingMismatch) -> String {
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

    private mutating func read(_ member: SettingsNode.Member, as section: SettingsSection) {
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

    private mutating func read(
        _ member: SettingsNode.Member, as setting: Setting, path: String
    ) -> (value: SettingValue, source: LoadedSettings.Source)? {
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

    private mutating func readExecutors(_ section: SettingsNode.Member) {
        guard case .mapping(let members) = section.value.content, !members.isEmpty else {
            return report(
                section.value.position,
                "`executors` takes a label with settings below it, such as `\(SettingsSchema.defaultLabel):` with "
                    + "`kind: \(SettingsSchema.defaultKind)` below")
        }
        var seen: [String: SettingsNode.Member] = [:]
        var isMore = false
        for member in members {
            let variable = SettingsSchema.variable(for: member.key)
            if let first = seen.updateValue(member, forKey: variable) {
                report(
                    member.position,
                    "the label '\(SettingText.short(member.key))' is too much like '\(SettingText.short(first.key))' in line "
                        + "\(first.position.line): both have the variables \(variable.dropFirst(5))_…")
                continue
            }
            if isMore {
                report(
                    member.position,
                    "'\(SettingText.short(member.key))' is one executor too many: in this version a workflow has one")
            }
            isMore = true
            readExecutor(member)
        }
    }

    private mutating func readExecutor(_ member: SettingsNode.Member) {
        brokenLabels.append(member.key)
        guard Self.isLabel(member.key) else {
            return report(
                member.position,
                "'\(SettingText.short(member.key))' is no label; it takes letters, digits, '-' and '_', a letter first")
        }
        let section = "\(SettingsSchema.executorsKey).\(member.key)"
        guard case .mapping(let keys) = member.value.content else {
            return report(
                member.value.position, "\(section) takes settings, such as `kind: \(SettingsSchema.defaultKind)`")
        }
        let kinds = schema.kinds.map { "`\($0.name)`" }.joined(separator: " or ")
        guard let kindMember = keys.first(where: { $0.key == SettingsSchema.kindKey }) else {
            return report(member.position, "\(section) has no `kind`; it takes \(kinds)")
        }
        guard case .scalar(let name, _) = kindMember.value.content, let kind = schema.kind(name) else {
            if case .scalar(let name, _) = kindMember.value.content, let reason = schema.laterKinds[name] {
                return report(kindMember.value.position, "\(section).kind is \(name): \(reason); it takes \(kinds)")
            }
            let found = kindMember.value.input
            let mismatch = (try? schema.kindSetting.type.value(of: found)).map { _ in "" } ?? Self.shown(found)
            return report(kindMember.value.position, "\(section).kind is \(mismatch); it takes \(kinds)")
        }
        var executor = Executor(label: member.key, kind: kind, kindSource: source(kindMember.position))
        for key in keys where key.key != SettingsSchema.kindKey {
            if let setting = kind.settings.first(where: { $0.name == key.key }) {
                executor.values[setting.name] = read(key, as: setting, path: "\(section).\(setting.name)")
            } else {
                let names = kind.settings.map(\.name) + [SettingsSchema.kindKey]
                let atTop = schema.settings.contains { $0.name == key.key }
                let hint = atTop ? "; it belongs to the top of the file" : nil
                report(key.position, Self.unknown(key.key, among: names, of: "kind \(kind.name)", hint: hint))
            }
        }
        brokenLabels.removeLast()
        executors.append(executor)
    }

    private static func shown(_ input: SettingInput) -> String {
        do throws(SettingMismatch) {
            _ = try SettingType(.onlyWords).value(of: input)
            return ""
        } catch {
            return error.reason
        }
    }

    private static func isLabel(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first.isASCII, first.properties.isAlphabetic else { return false }
        return text.utf8.count <= 64
            && text.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil || $0 == "-" || $0 == "_")
            }
    }

    private static func unknown(
        _ key: String, among names: [String], of owner: String? = nil, hint: String? = nil
    ) -> String {
        let start = "there is no key '\(SettingText.short(key))'" + (owner.map { " of \($0)" } ?? "")
        if let hint { return start + hint }
        if let nearest = NearestName.find(key, among: names) { return start + "; did you mean '\(nearest)'?" }
        return start + "; the keys are " + names.joined(separator: ", ")
    }

    // MARK: The environment

    /// Reads the variables that begin with `APUS_`.
    mutating func read(_ environment: [String: String]) {
        if executors.isEmpty, brokenLabels.isEmpty, let kind = schema.kind(SettingsSchema.defaultKind) {
            executors = [Executor(label: SettingsSchema.defaultLabel, kind: kind, kindSource: .fallback)]
        }
        var rest = environment.filter { name, _ in
            name.hasPrefix(SettingsSchema.variablePrefix) && SettingsSchema.otherVariables[name] == nil
                && !SettingsSchema.otherPrefixes.contains { name.hasPrefix($0) }
        }
        var names: [String] = []
        for (path, setting) in schema.paths {
            read(setting, path: path, from: &rest, &names).map { values[path] = $0 }
        }
        for index in executors.indices {
            let section = "\(SettingsSchema.executorsKey).\(executors[index].label)"
            let kindPath = "\(section).\(SettingsSchema.kindKey)"
            if let found = read(schema.kindSetting, path: kindPath, from: &rest, &names),
                case .word(let name) = found.value, let kind = schema.kind(name)
            {
                // What the file says of another kind has no meaning for this one.
                if kind.name != executors[index].kind.name { executors[index].values = [:] }
                executors[index].kind = kind
                executors[index].kindSource = found.source
            }
            for setting in executors[index].kind.settings {
                read(setting, path: "\(section).\(setting.name)", from: &rest, &names)
                    .map { executors[index].values[setting.name] = $0 }
            }
        }
        let broken = brokenLabels.map { SettingsSchema.variable(for: "\(SettingsSchema.executorsKey).\($0)") + "_" }
        for name in rest.keys.sorted() where !broken.contains(where: { name.hasPrefix($0) }) {
            let nearest = NearestName.find(name, among: names)
            let remedy = nearest.map { "did you mean \($0)?" } ?? "`apus config reference` lists what there is"
            report(
                variable: SettingText.short(name),
                "variables that begin with \(SettingsSchema.variablePrefix) are settings, and this one is none; \(remedy)"
            )
        }
    }

    private mutating func read(
        _ setting: Setting, path: String, from environment: inout [String: String], _ names: inout [String]
    ) -> (value: SettingValue, source: LoadedSettings.Source)? {
        let variable = SettingsSchema.variable(for: path)
        names.append(variable)
        guard let text = environment.removeValue(forKey: variable) else { return nil }
        do throws(SettingMismatch) {
            let value = try setting.type.value(ofVariable: text)
            if let fault = SettingPlaces.fault(value, of: setting.type) {
                report(variable: variable, "\(path): \(fault)")
                return nil
            }
            return (value, .environment(variable))
        } catch {
            report(variable: variable, Self.rejection(path, setting, error))
            return nil
        }
    }

    // MARK: The result

    /// The merged settings.
    ///
    /// - Throws: all that is wrong.
    func finish() throws(ConfigurationFileError) -> LoadedSettings {
        guard problems.isEmpty else { throw failure(problems) }
        var entries: [LoadedSettings.Entry] = []
        var configuration = WorkflowConfiguration.local()
        func add(_ setting: Setting, _ path: String, _ found: (value: SettingValue, source: LoadedSettings.Source)?) {
            let (value, source) = found ?? (setting.fallback, .fallback)
            setting.apply(value, &configuration)
            entries.append(.init(path: path, setting: setting, value: value, source: source))
        }
        for (path, setting) in schema.paths { add(setting, path, values[path]) }
        for executor in executors {
            let section = "\(SettingsSchema.executorsKey).\(executor.label)."
            configuration.placement = executor.kind.placement(executor.label)
            add(
                schema.kindSetting, section + SettingsSchema.kindKey, (.word(executor.kind.name), executor.kindSource))
            for setting in executor.kind.settings {
                add(setting, section + setting.name, executor.values[setting.name])
            }
        }
        if let fault = configuration.fault { throw failure([locate(fault, entries)]) }
        return LoadedSettings(entries: entries, configuration: configuration)
    }

    /// What is wrong with values that are right each by itself, shown where the first of them is set.
    private func locate(
        _ fault: String, _ entries: [LoadedSettings.Entry]
    ) -> (position: SettingsNode.Position?, problem: Problem) {
        let named = entries.filter { $0.source != .fallback && fault.contains($0.setting.name) }
        switch named.first?.source {
        case .file(_, let line, let column):
            let position = SettingsNode.Position(line: line, column: column)
            return (position, Problem(place: SettingsFile.place(path, position), message: fault))
        case .environment(let variable): return (nil, Problem(place: variable, message: fault))
        case .fallback, nil: return (nil, Problem(place: path.isEmpty ? "settings" : path, message: fault))
        }
    }

    private func failure(_ found: [(position: SettingsNode.Position?, problem: Problem)]) -> ConfigurationFileError {
        let inFile = found.filter { $0.position != nil }.sorted { $0.position! < $1.position! }
        return .init(problems: inFile.map(\.problem) + found.filter { $0.position == nil }.map(\.problem))
    }
}
