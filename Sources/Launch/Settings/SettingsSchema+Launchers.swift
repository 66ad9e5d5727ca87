import Provisioning

/// The launchers by the names that files use, each with what can be set for it.
enum LauncherSettings {
    /// One launcher.
    struct Entry: Sendable {
        var name: String
        /// The keys besides `launcher` that it takes.
        var keys: [String]
        var make: @Sendable () -> any Launcher
    }

    static let entries: [Entry] = [
        Entry(name: "simple", keys: []) { SimpleLauncher() },
        Entry(name: "singleNode", keys: ["launcherFailsOnAny"]) { SingleNodeLauncher() },
        Entry(name: "wrapped", keys: ["launcherOptions"]) { WrappedLauncher(prefix: "") },
        Entry(name: "srun", keys: ["launcherOptions"]) { SrunLauncher() },
        Entry(name: "srunMPI", keys: ["launcherOptions"]) { SrunMPILauncher() },
        Entry(name: "aprun", keys: ["launcherOptions"]) { AprunLauncher() },
        Entry(name: "jsrun", keys: ["launcherOptions"]) { JsrunLauncher() },
        Entry(name: "mpiexec", keys: ["launcherOptions", "launcherBindOption"]) { MpiExecLauncher() },
        Entry(name: "mpirun", keys: ["launcherOptions", "launcherShell"]) { MpiRunLauncher() },
        Entry(name: "gnuParallel", keys: []) { GnuParallelLauncher() },
    ]

    /// The name of a launcher.
    static func name(of launcher: any Launcher) -> String {
        entries.first { type(of: $0.make()) == type(of: launcher) }?.name ?? "simple"
    }

    /// Puts the options' text where the launcher has it.
    static func setOptions(_ text: String, of launcher: inout any Launcher) {
        switch launcher {
        case is WrappedLauncher: launcher = WrappedLauncher(prefix: text)
        case is SrunLauncher: launcher = SrunLauncher(overrides: text)
        case is SrunMPILauncher: launcher = SrunMPILauncher(overrides: text)
        case is AprunLauncher: launcher = AprunLauncher(overrides: text)
        case is JsrunLauncher: launcher = JsrunLauncher(overrides: text)
        case var launching as MpiExecLauncher:
            launching.overrides = text
            launcher = launching
        case var launching as MpiRunLauncher:
            launching.overrides = text
            launcher = launching
        default: break
        }
    }

    /// What is wrong with keys that the launcher does not take, or lacks.
    static func fault(_ values: [String: SettingValue], default name: String) -> String? {
        var name = name
        if case .word(let word)? = values["launcher"] { name = word }
        guard let entry = entries.first(where: { $0.name == name }) else { return nil }
        for key in ["launcherOptions", "launcherFailsOnAny", "launcherBindOption", "launcherShell"]
        where values[key] != nil && !entry.keys.contains(key) {
            let takers = entries.filter { $0.keys.contains(key) }.map { "`\($0.name)`" }
            return "\(key) is set, and the launcher `\(name)` does not take it; it belongs to "
                + takers.joined(separator: ", ")
        }
        if name == "wrapped", values["launcherOptions"] == nil {
            return "launcher is wrapped, and launcherOptions does not say in what; write `launcherOptions: apptainer "
                + "exec image.sif`, say"
        }
        return nil
    }
}

extension SettingsSchema {
    /// What can be set for the launcher of a provider, with the default of this one.
    static func launchers(of code: some ProviderWithLauncher) -> SettingGroup {
        SettingGroup(
            "Launchers", "How a block's command comes to all its nodes.",
            settings: [
                launching(
                    "launcher", SettingType(words: LauncherSettings.entries.map(\.name)),
                    .word(LauncherSettings.name(of: code.launcher)),
                    "The program that starts the manager on each node; `singleNode` starts it on the first alone."
                ) { value, launcher in
                    guard case .word(let name) = value,
                        let entry = LauncherSettings.entries.first(where: { $0.name == name })
                    else { return }
                    launcher = entry.make()
                },
                launching(
                    "launcherOptions", SettingType(words: ["none"], .text("options of the launcher's program")),
                    .word("none"),
                    "Further options of the launcher's program; for `wrapped` what stands before the command."
                ) { value, launcher in
                    if case .text(let text) = value { LauncherSettings.setOptions(text, of: &launcher) }
                },
                launching(
                    "launcherFailsOnAny", SettingType(.boolean), .boolean(false),
                    "For `singleNode`: whether the job fails when one copy failed, not only when all did."
                ) { value, launcher in
                    guard case .boolean(let flag) = value, launcher is SingleNodeLauncher else { return }
                    launcher = SingleNodeLauncher(failsOnAny: flag)
                },
                launching(
                    "launcherBindOption", SettingType(.text("an option of `mpiexec`")),
                    .text(MpiExecLauncher().bindOption), "For `mpiexec`: how it is told to bind copies to nothing."
                ) { value, launcher in
                    guard case .text(let text) = value, var launching = launcher as? MpiExecLauncher else { return }
                    launching.bindOption = text
                    launcher = launching
                },
                launching(
                    "launcherShell", SettingType(.text("the path of a shell")), .text(MpiRunLauncher().shellPath),
                    "For `mpirun`: the shell that runs the command on the nodes."
                ) { value, launcher in
                    guard case .text(let text) = value, var launching = launcher as? MpiRunLauncher else { return }
                    launching.shellPath = text
                    launcher = launching
                },
            ])
    }

    private static func launching(
        _ name: String, _ type: SettingType, _ fallback: SettingValue, _ summary: String,
        apply: @escaping @Sendable (SettingValue, inout any Launcher) -> Void
    ) -> Setting {
        block(name, type, fallback, summary) { value, provider in
            guard var launching = provider as? any ProviderWithLauncher else { return }
            var launcher = launching.launcher
            apply(value, &launcher)
            launching.launcher = launcher
            provider = launching
        }
    }
}
