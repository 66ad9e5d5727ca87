import DataFlow
import HighThroughput
import Provisioning
import TestSupport
import Testing

@testable import ConfigurationFiles
@testable import Launch

/// The schema says the truth about the configuration, and all of it.
@Suite("The schema of settings", .paced)
struct SchemaTests {
    private static let schema = SettingsSchema.current

    @Test("every field of the workflow's configuration has a key, or a reason why not")
    func workflowFields() {
        let fields = Mirror(reflecting: WorkflowConfiguration.local()).children.compactMap(\.label)
        #expect(fields.count > 8)
        let keys = Self.schema.settings.map(\.name)
        for field in fields where SettingsSchema.fieldsWithoutKey[field] == nil {
            #expect(keys.contains(field), "WorkflowConfiguration.\(field) has no row in SettingsSchema+Workflow.swift")
        }
        for key in keys { #expect(fields.contains(key), "the key \(key) sets no field of that name") }
    }

    @Test("every field of the files' configuration has a key, or a reason why not")
    func fileFields() throws {
        let fields = Mirror(reflecting: FileStaging()).children.compactMap(\.label)
        #expect(fields.count > 2)
        let keys = try #require(Self.schema.sections.first { $0.name == "files" }).settings.map(\.name)
        for field in fields where SettingsSchema.fieldsWithoutKey[field] == nil {
            #expect(keys.contains(field), "FileStaging.\(field) has no row in SettingsSchema+Files.swift")
        }
        for key in keys { #expect(fields.contains(key), "the key \(key) sets no field of that name") }
    }

    @Test("every field of the processes' configuration has a key, or a reason why not")
    func processFields() throws {
        let fields = Mirror(reflecting: HighThroughputConfiguration(workers: 1)).children.compactMap(\.label)
        #expect(fields.count > 8)
        let keys = try #require(Self.schema.kind("local")).own.map(\.name)
        for field in fields where SettingsSchema.fieldsWithoutKey[field] == nil {
            #expect(
                keys.contains(field),
                "HighThroughputConfiguration.\(field) has no row in SettingsSchema+Executors.swift")
        }
        for key in keys where key != "acceleratorSharing" {
            #expect(fields.contains(key), "the key \(key) sets no field of that name")
        }
    }

    @Test(
        "every field of a provider has a key",
        arguments: ["slurm", "gridEngine", "pbsPro", "torque", "lsf", "condor", "localBlocks", "ssh"])
    func providerFields(name: String) throws {
        let kind = try #require(Self.schema.kind(name))
        let keys = kind.settings.map(\.name)
        guard case .processes(let processes) = kind.placement("x"), let provider = processes.provider else {
            Issue.record("\(name) has no provider")
            return
        }
        // `resources` of LSF are two numbers; `box` holds a launcher.
        let renamed = ["resources": "coresPerBlock", "box": "launcher"]
        for field in Mirror(reflecting: provider).children.compactMap(\.label) where field != "blocks" {
            #expect(keys.contains(renamed[field] ?? field), "\(name).\(field) has no key")
        }
        for field in Mirror(reflecting: provider.blocks).children.compactMap(\.label) {
            #expect(keys.contains(field), "BlockParameters.\(field) has no key")
        }
    }

    /// Each setting with the configuration that it is for.
    static let all: [(path: String, setting: Setting, base: WorkflowConfiguration)] =
        schema.paths.map { ($0.path, $0.setting, .local(workers: 3)) }
        + schema.kinds.flatMap { kind in
            kind.settings.map { setting in ("\(kind.name).\(setting.name)", setting, base(kind, setting.name)) }
        }

    /// An executor of the kind for which the key means something.
    private static func base(_ kind: ExecutorKind, _ key: String) -> WorkflowConfiguration {
        var base = kind.executor("x")
        let launchers = [
            "launcherOptions": "srun", "launcherFailsOnAny": "singleNode", "launcherBindOption": "mpiexec",
            "launcherShell": "mpirun",
        ]
        if let name = launchers[key] {
            kind.settings.first { $0.name == "launcher" }?.apply(.word(name), &base)
        }
        if kind.name == "lsf", key == "coresPerNode" {
            kind.settings.first { $0.name == "coresPerBlock" }?.apply(.integer(1), &base)
        }
        return base
    }

    @Test("a setting changes its field alone, and its default is the code's", arguments: all.map(\.path))
    func fields(path: String) throws {
        let (_, setting, base) = try #require(Self.all.first { $0.path == path })
        var unchanged = base
        if setting.name == "workers" { unchanged = .local() }
        let code = unchanged
        setting.apply(setting.fallback, &unchanged)
        #expect(Self.fields(unchanged) == Self.fields(code), "the default in the schema is not that of the code")

        let samples = Self.samples(of: setting.type).filter { $0 != setting.fallback }
        #expect(!samples.isEmpty)
        // The nodes of a block of LSF follow from its processors, and the blocks of ssh from its hosts.
        let most = path.hasPrefix("lsf.coresPer") ? 2 : path == "ssh.hosts" ? 3 : 1
        for sample in samples {
            var changed = code
            setting.apply(sample, &changed)
            let differing = zip(Self.fields(code), Self.fields(changed)).filter { $0.0 != $0.1 }.map(\.0)
            #expect(differing.count <= most, "\(sample) changes \(differing)")
            // `workers: 1` is no change on a machine with one core, `workers: automatic` none anywhere, and launchers
            // may be those that are there already.
            let isMaybe =
                ["workers", "launcher", "launcherOptions"].contains(setting.name) || path == "lsf.coresPerNode"
            if !isMaybe { #expect(differing.count >= 1, "\(sample) changes nothing") }
        }
    }

    @Test("what a value is written as is read as the same value", arguments: all.map(\.path))
    func roundTrip(path: String) throws {
        let (_, setting, _) = try #require(Self.all.first { $0.path == path })
        for value in Self.samples(of: setting.type) + [setting.fallback] {
            let input = setting.type.input(for: value)
            #expect(try setting.type.value(of: input) == value)
        }
    }

    @Test("names of keys and of variables are clear")
    func names() {
        var variables: [String] = []
        for (path, setting, _) in Self.all {
            variables.append(SettingsSchema.variable(for: path))
            #expect(setting.summary.hasSuffix("."), "\(path)")
            #expect(setting.type.words.allSatisfy { !$0.isEmpty } && setting.type.accepted != "nothing")
            #expect(setting.name != SettingsSchema.kindKey && setting.name != SettingsSchema.executorsKey)
        }
        #expect(Set(variables).count == variables.count)
        #expect(SettingsSchema.variable(for: "executors.my-node.workerPort") == "APUS_EXECUTORS_MY_NODE_WORKER_PORT")
        for kind in Self.schema.kinds {
            let names = kind.settings.map(\.name)
            #expect(Set(names).count == names.count, "\(kind.name) has a key twice")
            #expect(kind.starters.allSatisfy { names.contains($0.key) })
        }
        for variable in SettingsSchema.otherVariables.keys { #expect(!variables.contains(variable)) }
    }

    /// The struct's fields in words; placements are taken apart.
    private static func fields(_ configuration: WorkflowConfiguration) -> [String] {
        var result = Mirror(reflecting: configuration).children.filter {
            $0.label != "executors" && $0.label != "files"
        }
        .map { "\($0.label ?? ""): \($0.value)" }
        result += Mirror(reflecting: configuration.files).children.map { "\($0.label ?? ""): \($0.value)" }
        switch configuration.placement {
        case .threads(let count, let throughCodec): result += ["threads: \(count)", "throughCodec: \(throughCodec)"]
        case .processes(let processes):
            result += Mirror(reflecting: processes).children.filter { $0.label != "blockSource" }
                .map { "\($0.label ?? ""): \($0.value)" }
            if let provider = processes.provider {
                let values = Mirror(reflecting: provider).children.filter {
                    !["blocks", "description"].contains($0.label)
                }
                result += values.map { "\($0.label ?? ""): \($0.value)" }
                if let missing = provider as? MissingProvider {
                    let description = missing.description
                    result += ["\(description.statusPollingInterval)", description.workerInit, "\(description.values)"]
                }
                result += Mirror(reflecting: provider.blocks).children.map { "\($0.label ?? ""): \($0.value)" }
            }
        }
        result.append("executor's bound: \(configuration.executors[0].maxUnfinishedTasks ?? -1)")
        return result
    }

    /// A few values of a type.
    private static func samples(of type: SettingType) -> [SettingValue] {
        var values = type.words.map { SettingValue.word($0) }
        switch type.base {
        case .onlyWords: break
        case .boolean: values += [.boolean(true), .boolean(false)]
        case .integer(let range): values += [.integer(range.lowerBound), .integer(min(range.upperBound, 77))]
        case .number(let range): values += [.number(range.lowerBound), .number(0.25), .number(range.upperBound)]
        case .duration(let least): values += [.duration(least), .duration(.seconds(90)), .duration(.seconds(7200))]
        case .size(let least): values += [.integer(least), .integer(3 << 20), .integer(least + 1_000_001)]
        case .ports: values += [.ports(1...65_535), .ports(40_000...40_009)]
        case .text: values += [.text("10.0.0.1")]
        case .directory, .writableFile: values += [.text("/tmp/a b"), .text("x")]
        case .affinity: values += [.text("block"), .text("list:0,1:2-3")]
        case .items: values += [.list(["a", "b c"])]
        case .labels: values += [.list(["gpu=a100", "fast-disk"]), .list(["none"])]
        case .counts(let names): values += names.map { .text("\($0) 5") }
        case .assignments: values += [.list(["A=1", "B=x=y z"])]
        case .readableFiles: values += [.list(["a", "b,c"]), .list(["automatic"])]
        }
        return values
    }
}

/// Durations and sizes as people write them.
@Suite("Units of settings", .paced)
struct SettingUnitsTests {
    @Test(
        "durations are read exactly",
        arguments: [
            ("30 s", Duration.seconds(30)), ("30s", .seconds(30)), ("5 min", .seconds(300)), ("1.5 h", .seconds(5400)),
            ("250 ms", .milliseconds(250)), ("2 d", .seconds(172_800)), ("00:10:00", .seconds(600)),
            ("100:00:01", .seconds(360_001)), ("0.1 s", .milliseconds(100)), ("1.5 us", .nanoseconds(1500)),
            ("0 s", .zero),
        ])
    func durations(text: String, expected: Duration) {
        #expect(SettingUnits.duration(text) == expected)
        #expect(SettingUnits.duration(SettingUnits.text(expected)) == expected)
    }

    @Test(
        "what is no duration is none",
        arguments: [
            "", "30", "s", "30 S", "-1 s", "1 s ", " 1 s", "1.s", ".5 s", "1..5 s", "1 m", "1e3 s", "10:00", "00:60:00",
            "00:00:60", "1:1:1", "00:00:00:00", "a:00:00", "99999999999 d", "0.5 ns", "1.0000000000 s", "１ s", "+1 s",
            "1 s 2 min",
        ])
    func noDurations(text: String) {
        #expect(SettingUnits.duration(text) == nil)
    }

    @Test(
        "sizes are read exactly",
        arguments: [
            ("64 MiB", 64 << 20), ("1.5 GiB", 3 << 29), ("2 GB", 2_000_000_000), ("1 kB", 1000), ("512 B", 512),
            ("1 TiB", 1 << 40),
        ])
    func sizes(text: String, expected: Int) {
        #expect(SettingUnits.size(text) == expected)
        #expect(SettingUnits.size(SettingUnits.text(bytes: expected)) == expected)
    }

    @Test("what is no size is none", arguments: ["", "64", "64 mib", "64 M", "-1 B", "0.5 B", "9999999 TiB", "0x1 B"])
    func noSizes(text: String) {
        #expect(SettingUnits.size(text) == nil)
    }
}
