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

/// Keys that several kinds of executors share, shown once in the reference.
package struct SettingGroup: Sendable {
    /// What the keys are about, as a heading.
    package var name: String
    /// What they are about, in one sentence.
    package var summary: String
    /// The keys.
    package var settings: [Setting]

    /// Describes a group.
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
    /// The keys that only this kind has.
    package var own: [Setting]
    /// The keys that it shares with others.
    package var groups: [SettingGroup]
    /// What a ready-made file sets, key by key: what a site looks at first.
    package var starters: [(key: String, value: SettingValue)]
    /// The product that has to be added to a program; `nil` when `Apus` has it all.
    package var product: String?
    /// What is wrong with values that do not go together, beginning with the name of a key; takes those that are set.
    package var check: @Sendable ([String: SettingValue]) -> String?
    /// Where calls run when nothing more is said; takes the executor's label.
    package var placement: @Sendable (String) -> WorkflowConfiguration.Placement

    /// Its keys, besides `kind`.
    package var settings: [Setting] { own + groups.flatMap(\.settings) }

    /// A configuration that consists of one executor of this kind, to which settings are applied.
    package func executor(_ label: String) -> WorkflowConfiguration {
        WorkflowConfiguration(executors: [ExecutorConfiguration(label, placement(label))])
    }

    /// Describes a kind.
    package init(
        _ name: String, _ summary: String, settings: [Setting], groups: [SettingGroup] = [],
        starters: [(key: String, value: SettingValue)] = [], product: String? = nil,
        check: @escaping @Sendable ([String: SettingValue]) -> String? = { _ in nil },
        placement: @escaping @Sendable (String) -> WorkflowConfiguration.Placement
    ) {
        self.name = name
        self.summary = summary
        own = settings
        self.groups = groups
        self.starters = starters
        self.product = product
        self.check = check
        self.placement = placement
    }
}
