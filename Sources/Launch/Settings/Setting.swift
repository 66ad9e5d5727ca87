/// One thing that can be set: all that there is to know of a key, and what it does.
package struct Setting: Sendable {
    /// The key within its section.
    package var name: String
    /// What it accepts.
    package var type: SettingType
    /// Its value when nobody sets it.
    package var fallback: SettingValue
    /// What it is for, in one sentence.
    package var summary: String
    /// Whether its value is masked wherever values are shown.
    package var isSecret: Bool
    /// Puts a value of the type into a configuration.
    package var apply: @Sendable (SettingValue, inout WorkflowConfiguration) -> Void

    /// Describes a setting.
    package init(
        _ name: String, _ type: SettingType, _ fallback: SettingValue, _ summary: String, isSecret: Bool = false,
        apply: @escaping @Sendable (SettingValue, inout WorkflowConfiguration) -> Void
    ) {
        self.name = name
        self.type = type
        self.fallback = fallback
        self.summary = summary
        self.isSecret = isSecret
        self.apply = apply
    }
}

/// Keys that belong together, below a key of their own.
package struct SettingsSection: Sendable {
    /// The key.
    package var name: String
    /// What the section is about, in one sentence.
    package var summary: String
    /// The keys below it.
    package var settings: [Setting]

    /// Describes a section.
    package init(_ name: String, _ summary: String, settings: [Setting]) {
        self.name = name
        self.summary = summary
        self.settings = settings
    }
}

/// A kind of executor: what can be set for one, and what it is without settings.
package struct ExecutorKind: Sendable {
    /// The value of the key `kind`.
    package var name: String
    /// What it is, in one sentence.
    package var summary: String
    /// Its keys, besides `kind`.
    package var settings: [Setting]
    /// Where calls run when nothing more is said; takes the executor's label.
    package var placement: @Sendable (String) -> WorkflowConfiguration.Placement

    /// Describes a kind.
    package init(
        _ name: String, _ summary: String, settings: [Setting],
        placement: @escaping @Sendable (String) -> WorkflowConfiguration.Placement
    ) {
        self.name = name
        self.summary = summary
        self.settings = settings
        self.placement = placement
    }
}
