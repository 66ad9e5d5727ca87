package import Launch

/// The page `docs/configuration.md`, from the schema.
package enum ConfigurationReference {
    /// The page's text.
    package static func markdown(_ schema: SettingsSchema = .current) -> String {
        var page = opening
        page += "\n## Keys at the top\n\n" + table(schema.settings)
        for section in schema.sections {
            page += "\n## Keys below `\(section.name)`\n\n\(section.summary)\n\n" + table(section.settings)
        }
        page += "\n## Executors\n\n" + executors
        for kind in schema.kinds {
            page += "\n### kind: \(kind.name)\n\n\(kind.summary)\n"
            if !kind.own.isEmpty { page += "\n" + table(kind.own) }
            page += "\n" + shared(kind, schema)
        }
        for group in groups(schema) {
            page += "\n### \(group.name)\n\n\(group.summary)\n\n" + table(group.settings)
        }
        page += "\n" + environment
        page += SettingsSchema.otherVariables.sorted { $0.key < $1.key }.map { "| `\($0)` | \($1) |\n" }.joined()
        page += "\n" + closing
        return page
    }

    /// The groups of all kinds, each once, with the defaults of the first kind that has it.
    private static func groups(_ schema: SettingsSchema) -> [SettingGroup] {
        var groups: [SettingGroup] = []
        for group in schema.kinds.flatMap(\.groups) where !groups.contains(where: { $0.name == group.name }) {
            groups.append(group)
        }
        return groups
    }

    /// What a kind shares with others, and which defaults are its own.
    private static func shared(_ kind: ExecutorKind, _ schema: SettingsSchema) -> String {
        let known = groups(schema)
        let names = kind.groups.map { group in
            let anchor = group.name.lowercased().split(separator: " ").joined(separator: "-")
            return "[\(group.name.prefix(1).lowercased() + group.name.dropFirst())](#\(anchor))"
        }
        let different = kind.groups.flatMap { group in
            let usual = known.first { $0.name == group.name }?.settings ?? []
            return zip(group.settings, usual).filter { $0.fallback != $1.fallback }.map { setting, _ in
                "`\(setting.name)`: `\(SettingsListing.yaml(setting.type.input(for: setting.fallback)))`"
            }
        }
        let defaults = different.isEmpty ? "" : " Other defaults there: \(different.joined(separator: ", "))."
        return "Also: keys of \(names.joined(separator: ", ")).\(defaults)\n"
    }

    private static func table(_ settings: [Setting]) -> String {
        "| key | default | takes | meaning |\n|---|---|---|---|\n"
            + settings.map { setting in
                let value = SettingsListing.yaml(setting.type.input(for: setting.fallback))
                let summary = setting.summary + (setting.isSecret ? " Secret: it is never shown." : "")
                return "| `\(setting.name)` | `\(value)` | \(setting.type.accepted) | \(summary) |\n"
            }.joined()
    }

    private static let opening = """
        # Configuration files

        (This page is written by `apus config reference`; a test keeps it true.)

        What stands in code as a `WorkflowConfiguration` may stand in a file, in YAML or JSON, with the same names:

        ```yaml
        # apus.yaml
        retries: 2
        checkpoint: 5 min
        executors:
          local:
            kind: local
            workers: 8
            heartbeatThreshold: 00:01:00
        ```

        | command | what it does |
        |---|---|
        | `apus config init KIND` | writes `apus.yaml` for a kind such as `local` or `slurm`, with every key, its default and what it takes |
        | `apus config check FILE` | says all that is wrong, as `FILE:line:column: error: …`; exit code 1 |
        | `apus config show [FILE]` | shows what holds, and where each value comes from; `--json` for programs |
        | `apus config reference` | prints this page |
        | `apus run --config FILE PROGRAM` | runs a script, or a compiled program, with these settings |

        Without `FILE`, `show` reads `apus.yaml`, `apus.yml` or `apus.json` of the working directory, if there is one.

        ## Which value holds

        From the weakest to the strongest:

        1. the defaults on this page;
        2. the file;
        3. variables of the environment, `APUS_…` (below);
        4. what the program sets on the configuration that it has read;
        5. under `apus run --config FILE`: what the file or a variable sets, once more;
        6. the options that a program takes on its command line (`--on`, `--workers`, `--no-progress`).

        In a program, the product `ConfigurationFiles` of this package reads a file:

        ```swift
        import Apus
        import ConfigurationFiles

        var configuration = try WorkflowConfiguration(file: "apus.yaml")   // defaults, file, variables
        configuration.progress = false                                     // the program has the last word
        await Workflow.run(configuration: configuration) { … }
        ```

        `try WorkflowConfiguration.load()` does the same with the file of the working directory, if there is one; `loadOrExit()`,
        for top-level code, says what is wrong and ends the program instead of throwing. Programs that
        import `Apus` alone read neither files nor variables. In the processes that Apus starts from the program nothing is read;
        what the code then sets holds there as well, which staging providers (`configuration.files.providers`) need.

        `apus run --config FILE PROGRAM` is for scripts and compiled programs that do not import `ConfigurationFiles`, and for
        running one program in several ways. The command reads file and variables, hands what is set to the program, and becomes
        it; there it replaces what the program's own configuration says, key by key, in every `Workflow.run` of it. What neither
        file nor variable sets stays as the program says. An executor is replaced as a whole: as soon as the file or a variable
        says anything about an executor, the program's own goes. What is handed over travels in a file without a name, never in
        the environment, and ends at the program: neither its workers nor programs that its tasks start see it.

        A program that was linked without Apus is refused, since nothing in it would take the settings. One that has the library,
        and does not come to `Workflow.run` or `Workflow.execute`, is not noticed.

        """

    private static let executors = """
        Below `executors` stand labels, and below each label the settings of that executor. A label is the name in logs, of the
        directory of logs within the run's directory, and in the app's `AppOptions(executor:)`: letters, digits, `-` and `_`, a
        letter first. `kind` says what the executor is, and which other keys there are. The first executor runs apps that ask
        for none. A file without `executors` means one executor `local` of kind `local`.

        ```yaml
        executors:
          small:                # for apps that say nothing
            kind: local
            workers: 4
          big:                  # AppOptions(executor: "big")
            kind: slurm
            partition: batch
            nodesPerBlock: 2
            maxBlocks: 4
            walltime: 2 h
            workerInit: module load gcc
            launcher: srun
        ```

        The kinds whose workers are in jobs have the fields of their providers as keys; what these do on each scheduler is on
        the page [clusters.md](clusters.md). A provider of another product is named by the program, which has to import it:

        ```swift
        let configuration = try WorkflowConfiguration(file: "apus.yaml", providers: [KubernetesProvider.self])
        ```

        For files that `apus run --config` hands over, it is named in the program's own configuration, which holds otherwise:
        `configuration.providers = [KubernetesProvider.self]`, or `.local(workers: 2).knowing([KubernetesProvider.self])`.

        `apus config check` and `show` need no product. Scripts cannot name providers: a script that shall run in pods becomes a
        package (`apus init`). A type of your own that conforms to `DescribedProvider`, with the kind of one of these, is named in
        the same way.

        """

    private static let environment = """
        ## Variables

        A key's variable is `APUS_` and the key in capitals, with `_` between words and between levels:

        | key | variable |
        |---|---|
        | `retries` | `\(SettingsSchema.variable(for: "retries"))` |
        | `runDirectory` | `\(SettingsSchema.variable(for: "runDirectory"))` |
        | `files.cleaning` | `\(SettingsSchema.variable(for: "files.cleaning"))` |
        | `executors.local.workers` | `\(SettingsSchema.variable(for: "executors.local.workers"))` |
        | `executors.my-node.workerPort` | `\(SettingsSchema.variable(for: "executors.my-node.workerPort"))` |

        Values are written as in YAML, without quotes; items of a list have commas between them. Variables change executors,
        and add none: they name an executor of the file, or `local` when the file names none. When a variable changes an
        executor's `kind`, what the file says of that executor's other keys does not hold. A variable that begins with `APUS_`
        and is no setting is an error, but for these:

        | variable | what it does |
        |---|---|

        """

    private static let closing = """
        ## What is accepted

        * Durations: a number and a unit, `250 ms`, `30 s`, `5 min`, `1.5 h`, `2 d`, or `HH:MM:SS`.
        * Sizes: a number and a unit, `512 B`, `64 KiB`, `64 MiB`, `2 GiB`, `1 TiB`, or `kB`, `MB`, `GB`, `TB` by thousands.
        * Numbers and `true`, `false` without quotes. Paths are taken from the working directory, as in code.
        * An unknown key is an error that names the nearest one. So is a key without a value, one that is there twice, a
          directory that cannot be used, a file that cannot be read. All mistakes are reported together.
        * Files are UTF-8, not empty, at most 1 MiB. YAML is one document, indented with spaces, without anchors, aliases and
          tags. The name ends in `.yaml`, `.yml` or `.json`.

        Why it is so: [decisions/0008-configuration-files.md](decisions/0008-configuration-files.md).

        """
}
