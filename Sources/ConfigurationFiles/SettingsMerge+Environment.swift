import Launch
import SystemSupport

// Variables that begin with `APUS_`.

extension SettingsMerge {
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

    mutating func read(
        _ setting: Setting, path: String, from environment: inout [String: String], _ names: inout [String]
    ) -> SourcedValue? {
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
}
