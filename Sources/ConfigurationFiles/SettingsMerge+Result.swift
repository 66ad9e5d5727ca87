import Launch
import Provisioning

// What comes of it all.

extension SettingsMerge {
    /// The merged settings.
    ///
    /// - Parameters:
    ///   - providers: types that the program names for kinds whose providers are in other products.
    ///   - isComplete: whether every provider must be known; a mere check of a file needs none.
    /// - Throws: all that is wrong.
    func finish(
        providers: [any DescribedProvider.Type], isComplete: Bool
    ) throws(ConfigurationFileError) -> LoadedSettings {
        guard problems.isEmpty else { throw failure(problems) }
        var entries: [LoadedSettings.Entry] = []
        var configuration = WorkflowConfiguration.local()
        func add(
            _ setting: Setting, _ path: String, _ found: SourcedValue?, to configuration: inout WorkflowConfiguration
        ) {
            // The schema's default is that of the code, which is there already.
            if let found { setting.apply(found.value, &configuration) }
            entries.append(
                .init(
                    path: path, setting: setting, value: found?.value ?? setting.fallback,
                    source: found?.source ?? .fallback))
        }
        for (path, setting) in schema.paths { add(setting, path, values[path], to: &configuration) }
        configuration.executors = []
        configuration.providers = providers
        var found: [(position: SettingsNode.Position?, problem: Problem)] = []
        for executor in executors {
            let section = "\(SettingsSchema.executorsKey).\(executor.label)."
            let first = entries.count
            var one = executor.kind.executor(executor.label)
            entries.append(
                .init(
                    path: section + SettingsSchema.kindKey, setting: schema.kindSetting,
                    value: .word(executor.kind.name), source: executor.kindSource))
            for setting in executor.kind.settings {
                add(setting, section + setting.name, executor.values[setting.name], to: &one)
            }
            let fault =
                executor.kind.check(executor.values.mapValues(\.value)) ?? one.resolve(providers).first?.fault
                ?? (executor.kind.product == nil || isComplete || one.isResolved ? one.fault : nil)
            if let fault { found.append(locate(fault, Array(entries[first...]), in: executor.label)) }
            configuration.executors += one.executors
        }
        guard found.isEmpty else { throw failure(found) }
        if isComplete, let fault = configuration.fault { throw failure([locate(fault, entries)]) }
        return LoadedSettings(entries: entries, configuration: configuration)
    }

    /// What is wrong with values that are right each by itself, shown where the first of them is set.
    func locate(
        _ fault: String, _ entries: [LoadedSettings.Entry], in label: String? = nil
    ) -> (position: SettingsNode.Position?, problem: Problem) {
        // The text begins with the key that it is about; what is missing has no place, but the executor's kind has one.
        let named =
            entries.filter { $0.source != .fallback }.compactMap { entry in
                fault.place(of: entry.setting.name).map { (entry: entry, place: $0) }
            }.min { $0.place < $1.place }?.entry
            ?? entries.first { label != nil && $0.setting.name == SettingsSchema.kindKey && $0.source != .fallback }
        let text = String(fault.map { $0.isNewline ? " " : $0 })
        let message = label.map { "\(SettingsSchema.executorsKey).\($0): \(text)" } ?? text
        switch named?.source {
        case .file(_, let line, let column):
            let position = SettingsNode.Position(line: line, column: column)
            return (position, Problem(place: SettingsFile.place(path, position), message: message))
        case .environment(let variable): return (nil, Problem(place: variable, message: message))
        case .fallback, nil: return (nil, Problem(place: path.isEmpty ? "settings" : path, message: message))
        }
    }

    func failure(_ found: [(position: SettingsNode.Position?, problem: Problem)]) -> ConfigurationFileError {
        let inFile = found.filter { $0.position != nil }.sorted { $0.position! < $1.position! }
        return .init(problems: inFile.map(\.problem) + found.filter { $0.position == nil }.map(\.problem))
    }
}

extension String {
    /// Which of its words is this key; nil when none is.
    fileprivate func place(of key: String) -> Int? {
        split { !($0.isLetter || $0.isNumber) }.firstIndex { $0 == key }
    }
}
