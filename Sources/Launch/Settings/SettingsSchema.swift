import HighThroughput

/// Every key of a configuration file: one value, from which files are read and checked, and pages and templates made.
///
/// A new field of the configuration gets a row here, named like the field; a field that is a struct becomes a section. A new kind of executor (a provider, say) is
/// one more ``ExecutorKind`` in ``kinds``.
package struct SettingsSchema: Sendable {
    /// The keys at the top.
    package var settings: [Setting]
    /// Keys with keys below them, but for executors.
    package var sections: [SettingsSection]
    /// What an executor can be.
    package var kinds: [ExecutorKind]

    /// The schema of this version.
    package static let current = SettingsSchema(
        settings: workflow, sections: [files], kinds: [local, threads] + blockKinds + [ssh, kubernetes])

    /// The section with executors.
    package static let executorsKey = "executors"
    /// The key that says what an executor is.
    package static let kindKey = "kind"
    /// The executor that there is when a file names none.
    package static let defaultLabel = "local"
    /// What that executor is.
    package static let defaultKind = "local"
    /// The beginning of every variable.
    package static let variablePrefix = "APUS_"

    /// The key `kind` of an executor.
    package var kindSetting: Setting {
        let names = kinds.map(\.name)
        return Setting(
            Self.kindKey, SettingType(words: names), .word(Self.defaultKind), "What the executor is."
        ) { _, _ in }
    }

    /// Variables that begin like settings and are none, each with what it is for.
    package static let otherVariables: [String: String] = [
        "APUS_ROLE": "names the role of a process that Apus started",
        "APUS_ROLE_FILE": "names a manager's file",
        "APUS_ROLE_LOGS": "names a directory for a manager's logs",
        "APUS_DEPTH": "counts how deep workflows are nested",
        "APUS_RUN_ID": "tells a task the run that it belongs to",
        "APUS_CACHE": "names the folder in which `apus run` keeps programs",
        "APUS_SETTINGS": "hands the settings of `apus run --config` to the program",
        "APUS_ACCELERATORS": "tells a worker which accelerators are its own",
        "APUS_NODE_LABELS": "tells a manager labels of its node",
        "APUS_MPI_NODES": "tells a task on several nodes their names",
        "APUS_MPI_NODE_COUNT": "tells a task on several nodes how many they are",
        "APUS_MPI_PREFIX": "tells a task on several nodes how its program is started there",
        "APUS_MPI_RANKS": "tells a task on several nodes how many processes its program has",
        "APUS_MPI_RANKS_PER_NODE": "tells a task on several nodes how many of them each node has",
        "APUS_TASK_CORES": "tells a task the processors that it asked for",
        "APUS_TASK_MEMORY": "tells a task the memory that it asked for, in bytes",
        "APUS_CONFORMANCE": "for tests: marks the processes of a test",
        "APUS_PYTHON": "for tests: a Python with packages",
        "APUS_VECTORS": "for tests: a folder of pickles",
    ]

    /// Beginnings of variables that tests use.
    package static let otherPrefixes = ["APUS_TEST_", "APUS_SIMULATION_"]

    /// Fields of the configuration's structs that no key of their name has, each with the reason.
    package static let fieldsWithoutKey: [String: String] = [
        "executors": "the section `executors`",
        "retryHandler": "code alone can say it",
        "label": "the executor's name in the section `executors`",
        "files": "the section `files`",
        "providers": "code alone can say it",
        "furtherProviders": "code alone can say it",
        "blockSource": "the kinds with blocks, whose keys are the provider's fields",
        "drainPeriod": "a key of the kinds with blocks",
        "executable": "a key of the kinds with blocks",
        "gateways": "a key of the kinds with blocks",
        "filling": "a key of the kinds with blocks",
        "mpiLauncher": "a key of the kinds with blocks",
        "drainsBeforeWalltime": "a key of the kinds with blocks",
        "strategy": "a key of the kinds with blocks",
        "strategyPeriod": "a key of the kinds with blocks",
        "maxIdleTime": "a key of the kinds with blocks",
        "drainLimit": "a key of the kinds with blocks",
        "blockErrorHandler": "a key of the kinds with blocks",
    ]

    /// The variable that overrides a key: `executors.local.workerPort` is `APUS_EXECUTORS_LOCAL_WORKER_PORT`.
    package static func variable(for path: String) -> String {
        var name = variablePrefix
        var previous: Character = "."
        for character in path {
            if character.isUppercase, previous.isLowercase || previous.isNumber { name.append("_") }
            name += character.isLetter || character.isNumber ? character.uppercased() : "_"
            previous = character
        }
        return name
    }

    /// All keys but those of executors, each with its path.
    package var paths: [(path: String, setting: Setting)] {
        settings.map { ($0.name, $0) }
            + sections.flatMap { section in section.settings.map { ("\(section.name).\($0.name)", $0) } }
    }

    /// The kind of that name.
    package func kind(_ name: String) -> ExecutorKind? { kinds.first { $0.name == name } }
}
