import DataFlow

extension SettingsSchema {
    /// How files reach the apps: the fields of ``FileStaging`` that are no code.
    static let files = SettingsSection(
        "files", "How files reach the apps, and where they are put.",
        settings: [
            Setting(
                "workingDirectory", SettingType(words: ["automatic"], .directory), .word("automatic"),
                "Where staged files go; `automatic` is `files` in the run's directory."
            ) { value, configuration in
                if case .text(let path) = value {
                    configuration.files.workingDirectory = path
                } else {
                    configuration.files.workingDirectory = nil
                }
            },
            Setting(
                "cleaning", SettingType(words: ["atEnd", "afterTask", "never"]), .word("atEnd"),
                "When staged files are removed: with the workflow's end, after each call, or never."
            ) { value, configuration in
                if case .word(let word) = value, let cleaning = FileStaging.Cleaning(rawValue: word) {
                    configuration.files.cleaning = cleaning
                }
            },
        ])
}
