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

            # Where calls run: a label of your choice, and below it what it is.
            \(SettingsSchema.executorsKey):
              \(SettingsSchema.defaultLabel):
                # \(kind.summary)
                \(SettingsSchema.kindKey): \(kind.name)

            """
        for setting in kind.settings { text += "\n" + entry(setting, indent: "    ") }
        return text
    }

    private static func entry(_ setting: Setting, indent: String) -> String {
        let value = setting.isSecret ? "" : SettingsListing.yaml(setting.type.input(for: setting.fallback))
        return """
            \(indent)# \(setting.summary)
            \(indent)# It takes \(setting.type.accepted).
            \(indent)#\(setting.name): \(value)

            """
    }
}
