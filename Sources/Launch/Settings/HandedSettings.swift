import DataFlow
import PickleCoding
import SystemSupport

/// Settings on their way from a file to a program that need not read files: what `apus run --config` found.
///
/// They travel in a file without a name that the program inherits as a descriptor, never in the environment, since
/// values may be secret. The variable names the process that they are for, which keeps its number when it becomes the
/// program; role processes and whatever else the program starts have other numbers, and take nothing.
package struct HandedSettings: Codable, Sendable, Equatable {
    /// One key that the file or the environment sets.
    package struct Entry: Codable, Sendable, Equatable {
        /// Such as `retries` or `executors.local.workers`.
        package var path: String
        /// The value as text, or the items of a list.
        package var items: [String]
        /// Whether the value is a list.
        package var isList: Bool

        /// Writes a value down.
        package init(path: String, input: SettingInput) {
            self.path = path
            if case .list(let items) = input {
                (self.items, isList) = (items, true)
            } else if case .text(let text, _) = input {
                (items, isList) = ([text], false)
            } else {
                (items, isList) = ([], false)
            }
        }

        var input: SettingInput {
            isList ? .list(items) : items.first.map { .text($0, isQuoted: false) } ?? .nothing
        }
    }

    /// Names the process and the descriptor: `<pid>:<descriptor>`.
    package static let variable = "APUS_SETTINGS"
    /// A text that every program contains which takes settings; `apus run` looks for it, since others would lose them.
    ///
    /// It is a part of an error message, so that no linker leaves it out, and too long to be anything but data.
    package static let mark = "names settings that cannot be read as those of `apus run --config`"

    /// Every key that is set, an executor's `kind` before its other keys.
    package var entries: [Entry]

    /// Settings to hand over.
    package init(entries: [Entry]) { self.entries = entries }

    /// The content of the file.
    package func encode() throws -> [UInt8] { try PickleEncoder().encode(self) }

    /// Puts the settings over those of a program.
    ///
    /// What is set replaces the program's own; if anything of an executor is set, the file's executors replace the
    /// program's.
    package func apply(to configuration: inout WorkflowConfiguration, schema: SettingsSchema = .current) throws {
        var executors: [(kind: ExecutorKind, configuration: WorkflowConfiguration)] = []
        for entry in entries {
            let parts = entry.path.split(separator: ".").map(String.init)
            guard parts.count == 3, parts[0] == SettingsSchema.executorsKey else {
                guard let setting = schema.paths.first(where: { $0.path == entry.path })?.setting else {
                    throw Self.foreign(entry)
                }
                try Self.apply(entry, setting, to: &configuration)
                continue
            }
            if parts[2] == SettingsSchema.kindKey {
                guard let kind = entry.items.first.flatMap({ schema.kind($0) }) else { throw Self.foreign(entry) }
                executors.append((kind, kind.executor(parts[1])))
                continue
            }
            guard let last = executors.indices.last, executors[last].configuration.executors[0].label == parts[1],
                let setting = executors[last].kind.settings.first(where: { $0.name == parts[2] })
            else { throw Self.foreign(entry) }
            try Self.apply(entry, setting, to: &executors[last].configuration)
        }
        guard !executors.isEmpty else { return }
        configuration.executors = executors.flatMap(\.configuration.executors)
        if let wrong = configuration.resolve(configuration.providers).first {
            throw WorkflowError(
                .badConfiguration, "`apus run --config` handed over the executor '\(wrong.label)': \(wrong.fault)")
        }
    }

    private static func apply(
        _ entry: Entry, _ setting: Setting, to configuration: inout WorkflowConfiguration
    ) throws {
        do {
            setting.apply(try setting.type.value(of: entry.input), &configuration)
        } catch {
            throw foreign(entry)
        }
    }

    private static func foreign(_ entry: Entry) -> WorkflowError {
        WorkflowError(
            .badConfiguration,
            "`apus run --config` handed over '\(entry.path)' with a value that this program's library does not know; "
                + "use the `apus` that was built or installed with the library")
    }
}

extension HandedSettings {
    /// What this process was handed, taken once.
    private static let received = Locked(Result<HandedSettings?, any Error>.success(nil))

    /// Takes what was handed to this process, and removes every trace, so that its children find none.
    ///
    /// Called before other threads exist, since it changes the environment.
    static func receive() {
        guard let text = EnvironmentVariables.get(variable) else { return }
        EnvironmentVariables.unset(variable)
        guard let descriptor = descriptor(in: text, process: CurrentProcess.pid) else { return }
        let result = Result<HandedSettings?, any Error> {
            do {
                let bytes = try SmallFile.read("/proc/self/fd/\(descriptor)", limit: 1 << 22)
                return try PickleDecoder().decode(Self.self, from: bytes)
            } catch {
                throw WorkflowError(
                    .badConfiguration,
                    "\(variable)=\(text) \(mark): \(error); start the program with it, or unset \(variable)")
            }
        }
        DescriptorIO.close(descriptor)
        received.withLock { $0 = result }
    }

    /// A program's configuration, with what this process was handed put over it.
    static func applied(to configuration: WorkflowConfiguration) throws -> WorkflowConfiguration {
        var result = configuration
        try received.withLock { $0 }.get()?.apply(to: &result)
        return result
    }

    /// The descriptor that a variable's value names, if it names this process; the standard streams are none.
    static func descriptor(in text: String, process: Int32) -> Int32? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, Int32(parts[0]) == process, let descriptor = Int32(parts[1]) else { return nil }
        return descriptor > 2 ? descriptor : nil
    }
}
