import DataFlow
import HighThroughput
import Launch
import SystemSupport
import TestSupport
import Testing

@testable import ConfigurationFiles

/// Defaults, then the file, then the environment.
@Suite("Layers of settings", .paced)
struct LayerTests {
    private static let text = """
        # A remark.
        retries: 2
        checkpoint: 00:10:00
        checkpointLoading: latest
        files:
          cleaning: never
        monitoring: "records of 1 run.jsonl"
        executors:
          big-one:
            kind: local
            workers: 8
            prefetch: 3
            address: '*'
            workerPortRange: 50000-50099
            maximumUnfinishedBytes: 64 MiB
            heartbeatThreshold: 1 min
            echo: false

        """

    private static let json = """
        {"retries": 2, "checkpoint": "00:10:00", "checkpointLoading": "latest", "files": {"cleaning": "never"},
         "monitoring": "records of 1 run.jsonl",
         "executors": {"big-one": {"kind": "local", "workers": 8, "prefetch": 3, "address": "*",
           "workerPortRange": "50000-50099", "maximumUnfinishedBytes": "64 MiB",
           "heartbeatThreshold": "1 min", "echo": false}}}
        """

    private static var expected: WorkflowConfiguration {
        var processes = HighThroughputConfiguration(label: "big-one", workers: 8)
        processes.prefetch = .fixed(3)
        processes.address = "*"
        processes.workerPortRange = 50_000..<50_100
        processes.maximumUnfinishedBytes = 64 << 20
        processes.heartbeatThreshold = 60
        processes.echo = false
        var configuration = WorkflowConfiguration.processes(processes)
        configuration.retries = 2
        configuration.checkpoint = .periodic(.seconds(600))
        configuration.checkpointLoading = .latest
        configuration.monitoring = .file("records of 1 run.jsonl")
        configuration.files.cleaning = .never
        return configuration
    }

    @Test("YAML and JSON say the same", arguments: [("apus.yaml", text), ("apus.yml", text), ("a.json", json)])
    func formats(name: String, text: String) throws {
        let folder = try TestFolder()
        try folder.write(name, text)
        #expect(try WorkflowConfiguration(file: folder.path + "/" + name, environment: [:]) == Self.expected)
        try folder.write(name, bytes: [0xEF, 0xBB, 0xBF] + Array(text.replacing("\n", with: "\r\n").utf8))
        #expect(try WorkflowConfiguration(file: folder.path + "/" + name, environment: [:]) == Self.expected)
    }

    @Test("without a file and without variables the code's defaults hold, with the label `local`")
    func nothing() throws {
        let loaded = try LoadedSettings.load(
            file: nil, environment: ["HOME": "/", "APUS_DEPTH": "1", "APUS_CACHE": "/c"])
        #expect(loaded.configuration == .processes(HighThroughputConfiguration(label: "local")))
        #expect(loaded.entries.allSatisfy { $0.source == .fallback })
        #expect(loaded.handed.entries.isEmpty)
    }

    @Test("a variable holds over the file, and the file over defaults; each value knows its source")
    func sources() throws {
        let folder = try TestFolder()
        try folder.write("apus.yaml", Self.text)
        let loaded = try LoadedSettings.load(
            file: folder.path + "/apus.yaml",
            environment: [
                "APUS_RETRIES": "5", "APUS_EXECUTORS_BIG_ONE_WORKERS": "4",
                "APUS_CHECKPOINT_LOADING": "/dev/null,/dev/zero",
                "APUS_EXECUTORS_BIG_ONE_HEARTBEAT_PERIOD": "5 s", "APUS_TEST_X": "1",
                "APUS_FILES_CLEANING": "afterTask",
            ])
        var expected = Self.expected
        expected.retries = 5
        expected.files.cleaning = .afterTask
        expected.checkpointLoading = .files(["/dev/null", "/dev/zero"])
        guard case .processes(var processes) = expected.placement else { return }
        processes.workers = 4
        processes.heartbeatPeriod = 5
        expected.placement = .processes(processes)
        #expect(loaded.configuration == expected)

        let sources = Dictionary(uniqueKeysWithValues: loaded.entries.map { ($0.path, $0.source) })
        #expect(sources["retries"] == .environment("APUS_RETRIES"))
        #expect(sources["checkpoint"] == .file(folder.path + "/apus.yaml", line: 3, column: 1))
        #expect(sources["executors.big-one.workers"] == .environment("APUS_EXECUTORS_BIG_ONE_WORKERS"))
        #expect(sources["executors.big-one.prefetch"] == .file(folder.path + "/apus.yaml", line: 12, column: 5))
        #expect(sources["progress"] == .fallback)
        #expect(sources["executors.local.workers"] == nil)

        // What a script is handed says the same, over whatever it says itself.
        var script = WorkflowConfiguration.threads(7)
        try HandedSettings(entries: loaded.handed.entries).apply(to: &script)
        #expect(script == expected)
    }

    @Test("a variable changes the executor that there is without a file")
    func defaultExecutor() throws {
        let loaded = try LoadedSettings.load(file: nil, environment: ["APUS_EXECUTORS_LOCAL_WORKERS": "8"])
        #expect(loaded.configuration == .processes(HighThroughputConfiguration(label: "local", workers: 8)))
        let threads = try LoadedSettings.load(
            file: nil, environment: ["APUS_EXECUTORS_LOCAL_KIND": "threads", "APUS_EXECUTORS_LOCAL_THREADS": "3"])
        #expect(threads.configuration.executors == [.threads("local", 3)])
    }

    @Test("another kind by a variable leaves the file's keys of the old kind aside")
    func otherKind() throws {
        let folder = try TestFolder()
        try folder.write("apus.yaml", Self.text)
        let loaded = try LoadedSettings.load(
            file: folder.path + "/apus.yaml", environment: ["APUS_EXECUTORS_BIG_ONE_KIND": "threads"])
        #expect(loaded.configuration.placement == .threads(2, throughCodec: false))
        #expect(loaded.configuration.retries == 2)
    }

    @Test("values that are right each by itself and wrong together are shown where they are set")
    func together() {
        let error = #expect(throws: ConfigurationFileError.self) {
            try LoadedSettings.load(file: nil, environment: ["APUS_EXECUTORS_LOCAL_HEARTBEAT_THRESHOLD": "1 s"])
        }
        #expect(error?.problems.count == 1)
        #expect(error?.problems.first?.place == "APUS_EXECUTORS_LOCAL_HEARTBEAT_THRESHOLD")
        #expect(error?.problems.first?.message.contains("shorter than the threshold") == true)
    }

    @Test("in a role process nothing is read", arguments: ["worker", "manager", "interchange"])
    func roles(role: String) throws {
        let environment = ["APUS_ROLE": role, "APUS_RETRIES": "not a number"]
        #expect(try WorkflowConfiguration(file: "/nonexistent.yaml", environment: environment) == .local())
        #expect(try WorkflowConfiguration.load(environment: environment) == .local())
    }

    /// All Swift files of the library and the command.
    private static func swiftFiles() throws -> [String] {
        let found = try TestFolder().execute("/usr/bin/find", [Checkout.root + "/Sources", "-name", "*.swift"])
        return found.output.split(separator: "\n").map(String.init)
    }

    @Test("what the sources name and no key has is listed as no setting")
    func variables() throws {
        let settings = try LoadedSettings.load(file: nil, environment: [:]).entries.map {
            SettingsSchema.variable(for: $0.path)
        }
        var found: Set<String> = []
        for file in try Self.swiftFiles() where !file.contains("/ConfigurationFiles/") {
            for match in try SmallFile.readText(file).matches(of: #/"(APUS_[A-Z_]*[A-Z])"/#) {
                found.insert(String(match.output.1))
            }
        }
        #expect(found.contains("APUS_ROLE") && found.contains("APUS_CACHE"))
        // Words in messages between processes, which look the same.
        let words: Set = ["APUS_HELLO", "APUS_INSPECT", "APUS_RESUME", "APUS_BLOCKS"]
        for name in found.subtracting(words) where SettingsSchema.otherVariables[name] == nil {
            #expect(settings.contains(name), "\(name) is neither a setting nor in SettingsSchema.otherVariables")
        }
    }
}

/// What is shown of settings.
@Suite("Listings of settings", .paced)
struct ListingTests {
    /// A schema with a secret in it.
    private static var schema: SettingsSchema {
        var schema = SettingsSchema.current
        schema.settings.append(
            Setting(
                "password", SettingType(.integer(0...9)), .integer(0), "A secret.", isSecret: true
            ) { _, _ in })
        return schema
    }

    @Test("a secret is shown nowhere")
    func secrets() throws {
        let environment = ["APUS_PASSWORD": "7", "APUS_RETRIES": "3"]
        let loaded = try LoadedSettings.load(file: nil, environment: environment, schema: Self.schema)
        #expect(SettingsListing.text(loaded).contains("password: ********"))
        #expect(SettingsListing.json(loaded).contains(#"{"key": "password", "value": "********","#))
        #expect(!SettingsListing.text(loaded).contains("7 "))
        let rows = try JSONReader.read(SettingsListing.json(loaded))
        guard case .mapping(let members) = rows.content, case .sequence(let keys) = members.first?.value.content else {
            Issue.record("the listing is no object with an array")
            return
        }
        #expect(keys.count == loaded.entries.count)
        let error = #expect(throws: ConfigurationFileError.self) {
            try LoadedSettings.load(file: nil, environment: ["APUS_PASSWORD": "hunter2"], schema: Self.schema)
        }
        #expect(error.map { !"\($0)".contains("hunter2") } == true)
        #expect(loaded.handed.entries.contains { $0.path == "password" && $0.items == ["7"] })
        #expect(ConfigurationReference.markdown(Self.schema).contains("it is never shown"))
    }

    @Test("texts are quoted where YAML would read something else")
    func quoting() {
        func yaml(_ text: String) -> String { SettingsListing.yaml(.text(text, isQuoted: false)) }
        #expect(yaml("runinfo/a-b_c.d") == "runinfo/a-b_c.d")
        #expect(yaml("30 s") == "30 s")
        for text in ["*", "a: b", "a #b", "- a", " a", "a ", "", "null", "a\nb", "\"", "{", "é\u{7F}"] {
            #expect(yaml(text).hasPrefix("\"") && yaml(text).hasSuffix("\""), "\(text)")
            let node = try? YAMLReader.read("k: \(yaml(text))")
            guard case .mapping(let members) = node?.content else { Issue.record("\(text)"); continue }
            #expect(members.first?.value.content == .scalar(text, isQuoted: true))
        }
    }

    @Test(
        "a template can be used as it is, and with every setting of it",
        arguments: SettingsSchema.current.kinds.map(\.name))
    func templates(name: String) throws {
        let folder = try TestFolder()
        let kind = try #require(SettingsSchema.current.kind(name))
        let template = ConfigurationTemplate.yaml(kind: kind)
        try folder.write("apus.yaml", template)
        let asIs = try LoadedSettings.load(file: folder.path + "/apus.yaml", environment: [:])
        let set = Set(asIs.entries.filter { $0.source != .fallback }.map(\.path))
        let wanted = ["kind"] + kind.starters.map(\.key)
        #expect(set == Set(wanted.map { "executors.\(name).\($0)" }))

        let used = template.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.replacing(#/^( *)#(\w)/#) { "\($0.output.1)\($0.output.2)" }
        }.joined(separator: "\n")
        // Keys that only another launcher takes, or that exclude each other, are not all to be set at once.
        let alone = ["launcherBindOption", "launcherShell", "launcherOptions", "launcherFailsOnAny", "slots"]
        let exclusive = ["coresPerBlock", "coresPerNode"] + (name == "ssh" ? ["initBlocks", "maxBlocks"] : [])
        let lines = used.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
            !(alone + exclusive).contains { line.hasPrefix("    \($0): ") }
        }
        try folder.write("apus.yaml", lines.joined(separator: "\n"))
        let full = try LoadedSettings.load(file: folder.path + "/apus.yaml", environment: [:])
        let unset = full.entries.filter { $0.source == .fallback }.map(\.setting.name)
        #expect(Set(unset).isSubset(of: alone + exclusive), "\(unset)")
        #expect(full.configuration == asIs.configuration)
    }

    @Test("docs/configuration.md is what `apus config reference` prints")
    func reference() throws {
        let page = try SmallFile.readText(Checkout.root + "/docs/configuration.md")
        #expect(
            page == ConfigurationReference.markdown(), "run: .build/debug/apus config reference >docs/configuration.md")
    }
}
