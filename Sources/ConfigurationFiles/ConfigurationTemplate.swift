package import Launch

/// A ready-made file: the executor of one kind, and every other key as a comment with its default.
package enum ConfigurationTemplate {
    /// The text of a file in YAML.
    ///
    /// A line that begins with `#` and a space is a remark; one without the space is a setting, ready to be used.
    package static func yaml(kind: ExecutorKind, schema: SettingsSchema = .current) -> String {
        var text = """
            # Settings of a workflow: where its calls run, and how.
            #
            # `apus config check FILE` checks this file, `apus config show FILE` shows what holds, and from where.
            # Lines such as `#retries: 0` are settings at their defaults: take the # away to change one.
            # A variable overrides what stands here, such as \(SettingsSchema.variable(for: "retries"))=2 for `retries`.

            """
        for setting in schema.settings { text += "\n" + entry(setting, indent: "") }
        for section in schema.sections {
            text += "\n# \(section.summary)\n\(section.name):\n"
            for setting in section.settings { text += "\n" + entry(setting, indent: "  ") }
        }
        text += """

            # Where calls run: a label of your choice, and below it what it is. There may be several; the first runs apps
            # that ask for none, and `AppOptions(executor: "…")` asks for one.
            \(SettingsSchema.executorsKey):
              \(kind.name):
                # \(kind.summary)
                \(SettingsSchema.kindKey): \(kind.name)

            """
        if let product = kind.product {
            text += "    # A program reads this with the product \(product), and `providers: [\(product).self]`.\n"
        }
        let starters = kind.starters.compactMap { starter in
            kind.settings.first { $0.name == starter.key }.map { ($0, starter.value) }
        }
        for (setting, value) in starters { text += "\n" + entry(setting, indent: "    ", set: value) }
        for setting in kind.own where !kind.starters.contains(where: { $0.key == setting.name }) {
            text += "\n" + entry(setting, indent: "    ")
        }
        for group in kind.groups {
            text += "\n    # \(group.name). \(group.summary)\n"
            for setting in group.settings where !kind.starters.contains(where: { $0.key == setting.name }) {
                text += "\n" + entry(setting, indent: "    ")
            }
        }
        return text
    }

    /// A setting with what is known of it; as a comment unless a value is set.
    private static func entry(_ setting: Setting, indent: String, set value: SettingValue? = nil) -> String {
        let mark = value == nil ? "#" : ""
        // A secret has no value in a template, but for the word that says that there is none.
        let shown = SettingsListing.yaml(setting.type.input(for: value ?? setting.fallback))
        return """
            \(indent)# \(setting.summary)
            \(indent)# It takes \(setting.type.accepted).
            \(indent)\(mark)\(setting.name): \(shown)

            """
    }
}
