import Glibc
import Launch
import TestSupport
import Testing

@testable import ConfigurationFiles

/// Every wrong file is refused with the place and with what is accepted.
@Suite("Wrong configuration files", .paced)
struct BadFileTests {
    /// Writes a file, loads it, and returns what was wrong, without the file's folder.
    private func problems(
        _ text: some Collection<UInt8>, name: String = "apus.yaml", environment: [String: String] = [:]
    ) throws -> [String] {
        let folder = try TestFolder()
        let path = folder.path + "/" + name
        try folder.write(name, bytes: Array(text))
        let error = #expect(throws: ConfigurationFileError.self) {
            try LoadedSettings.load(file: path, environment: environment)
        }
        return error?.problems.map { "\($0)".replacing(folder.path + "/", with: "") } ?? []
    }

    /// A file, the place and words of the message.
    static let wrong: [(text: String, place: String, words: String)] = [
        ("retrys: 2", "1:1", "there is no key 'retrys'; did you mean 'retries'?"),
        ("lost_retries: 2", "1:1", "did you mean 'lostRetries'?"),
        ("colours: 2", "1:1", "there is no key 'colours'; the keys are retries, "),
        ("progress: true\nworkers: 2", "2:1", "it belongs to an executor of kind local"),
        ("retries: -1", "1:10", "retries is -1; it takes a whole number, 0 or more"),
        ("retries: +1", "1:10", "retries is +1"),
        ("retries: 1.5", "1:10", "retries is 1.5"),
        ("retries: \"2\"", "1:10", "retries is the text '2' in quotes; it takes a whole number"),
        ("retries: 99999999999999999999", "1:10", "it takes a whole number"),
        ("retries: [1]", "1:10", "retries is a list of 1"),
        ("retries: {a: 1}", "1:10", "retries is a mapping"),
        ("retries:", "1:9", "retries is empty"),
        ("retries: ~", "1:10", "retries is empty"),
        ("progress: yes", "1:11", "progress is yes; it takes `true` or `false`"),
        ("progress: True", "1:11", "`true` or `false`"),
        ("summary: sometimes", "1:10", "it takes `onTerminal`, `always` or `never`"),
        ("checkpoint: 30", "1:13", "a duration such as `30 s`"),
        ("checkpoint: 1 ms", "1:13", "10 ms or longer"),
        ("checkpoint: hourly", "1:13", "it takes `never`, `taskExit`, `atExit`, `manual` or a duration"),
        ("checkpointLoading: [/nonexistent/tasks]", "1:20", "the file '/nonexistent/tasks' cannot be read"),
        ("checkpointLoading: []", "1:20", "a list of 0"),
        ("checkpointLoading: [[a]]", "1:20", "a list of 1"),
        ("checkpointLoading: [/tmp]", "1:20", "'/tmp' is a directory"),
        (
            "monitoring: /nonexistent/m.jsonl", "1:13",
            "the directory '/nonexistent' of '/nonexistent/m.jsonl' is not there"
        ),
        ("monitoring: /tmp", "1:13", "'/tmp' is a directory; name a file"),
        ("runDirectory: /dev/null", "1:15", "'/dev/null' is no directory"),
        ("runDirectory: /dev/null/a/b", "1:15", "cannot be reached"),
        ("runDirectory: \"\"", "1:15", "it takes a directory"),
        ("runDirectory: \"a\\0b\"", "1:15", "it takes a directory"),
        ("files: 2", "1:8", "`files` takes keys with values below it"),
        ("files: {claening: never}", "1:9", "there is no key 'claening' of `files`; did you mean 'cleaning'?"),
        ("files: {cleaning: often}", "1:19", "files.cleaning is often; it takes `atEnd`, `afterTask` or `never`"),
        ("cleaning: never", "1:1", "it belongs below `files`"),
        ("executors: local", "1:12", "`executors` takes a label with settings below it"),
        ("executors: {}", "1:12", "`executors` takes a label"),
        ("executors: [{kind: local}]", "1:12", "`executors` takes a label"),
        ("executors:\n  local: 8", "2:10", "executors.local takes settings"),
        (
            "executors:\n  local:\n    workers: 8", "2:3",
            "executors.local has no `kind`; it takes `local`, `threads`, `slurm`, "
        ),
        ("executors:\n  a:\n    kind: lokal", "3:11", "executors.a.kind is lokal; it takes `local`, `threads`, "),
        ("executors:\n  a:\n    kind: lokal", "3:11", "; did you mean `local`?"),
        ("executors:\n  a:\n    kind: grid_engine", "3:11", "; did you mean `gridEngine`?"),
        ("executors:\n  a:\n    kind: {slurm: 1}", "3:11", "executors.a.kind is a mapping; it takes"),
        ("executors:\n  a:\n    kind: [local]", "3:11", "executors.a.kind is a list of 1"),
        ("executors:\n  a/b: {kind: local}", "2:3", "'a/b' is no label"),
        ("executors:\n  9: {kind: local}", "2:3", "'9' is no label"),
        ("executors:\n  a-b: {kind: local}\n  a_b: {kind: local}", "3:3", "'a_b' is too much like 'a-b' in line 2"),
        ("executors:\n  a: {kind: local}\n  a: {kind: local}", "2:3", "'a' is there more than once"),
        ("executors:\n  a: {kind: local, wrokers: 2}", "2:20", "of kind local; did you mean 'workers'?"),
        ("executors:\n  a: {kind: threads, workers: 2}", "2:22", "it belongs to kind local"),
        ("executors:\n  a: {kind: local, retries: 2}", "2:20", "it belongs to the top of the file"),
        ("executors:\n  a: {kind: local, workers: 0}", "2:29", "`automatic` or a whole number from 1 to 4096"),
        ("executors:\n  a: {kind: local, workers: 5000}", "2:29", "executors.a.workers is 5000"),
        ("executors:\n  a: {kind: threads, threads: 0}", "2:31", "from 1 to 4096"),
        ("executors:\n  a: {kind: local, workerPort: 70000}", "2:32", "from 1 to 65535"),
        ("executors:\n  a: {kind: local, workerPortRange: 5-6}", "2:37", "at least 3 ports"),
        ("executors:\n  a: {kind: local, workerPortRange: 60000-70000}", "2:37", "between 1 and 65535"),
        ("executors:\n  a: {kind: local, maximumUnfinishedBytes: 64}", "2:44", "a size such as `64 MiB`"),
        ("executors:\n  a: {kind: local, maximumUnfinishedBytes: 0 B}", "2:44", "1 B or more"),
        ("executors:\n  a: {kind: local, heartbeatPeriod: 20 s}", "2:20", "executors.a: heartbeatPeriod is 20.0"),
        ("retries: 1\nretries: 2", "1:1", "'retries' is there more than once"),
        ("retries: 1\n\tprogress: true", "2:1", "a tab indents this line"),
        ("executors:\n  a: &x {kind: local}\n  b: *x", "3:6", "no anchors and aliases"),
        ("retries: !!python/object:os.system 2", "1:10", "settings files have no tags"),
        ("retries: 2\n--- \nretries: 3", "2:1", "expected a single document"),
        ("retries: *x", "1:10", "undefined alias"),
        ("? [a]\n: 2", "1:3", "a key is a list or a mapping"),
        ("retries: [1", "", "this is no YAML"),
        ("retries: 'x", "", "this is no YAML"),
        ("- retries", "1:1", "keys with values are expected"),
        ("retries", "1:1", "keys with values are expected"),
        ("", "", "there is nothing in this file"),
        ("# only a remark\n", "", "there is nothing in this file"),
    ]

    @Test("YAML that cannot be used is refused with its place", arguments: wrong.indices)
    func yaml(index: Int) throws {
        let (text, place, words) = Self.wrong[index]
        let problems = try problems(text.utf8)
        #expect(problems.count == 1, "\(problems)")
        let first = try #require(problems.first)
        #expect(first.hasPrefix(place.isEmpty ? "apus.yaml" : "apus.yaml:\(place): error: "), "\(text) gave \(first)")
        #expect(first.contains(words), "\(first)")
        #expect(!first.contains("\n"))
    }

    static let wrongJSON: [(text: String, place: String, words: String)] = [
        ("{\"retrys\": 2}", "1:2", "did you mean 'retries'?"),
        ("{\"retries\": \"2\"}", "1:13", "the text '2' in quotes"),
        ("{\"retries\": null}", "1:13", "retries is empty"),
        ("{\n  \"retries\": 1,\n  \"retries\": 2\n}", "3:3", "'retries' is there more than once, first in line 2"),
        ("{\"é\": 1, \"x\": 2}", "1:2", "there is no key 'é'"),
        ("{\"retries\": 1,}", "1:15", "nothing behind the comma"),
        ("{\"retries\": 1 \"a\": 2}", "1:15", "',' is expected, and here is '\"'"),
        ("{\"retries\" 1}", "1:12", "':' is expected"),
        ("{retries: 1}", "1:2", "a key in double quotes is expected"),
        ("{\"retries\": 1} x", "1:16", "more behind the end"),
        ("{\"retries\": 01}", "1:13", "this is no JSON"),
        ("{\"retries\": .5}", "1:13", "this is no JSON"),
        ("{\"retries\": nan}", "1:13", "this is no JSON"),
        ("{\"retries\": 'x'}", "1:13", "this is no JSON"),
        ("{\"summary\": \"a\\qb\"}", "1:17", "no such escape"),
        ("{\"summary\": \"\\ud800\"}", "1:20", "half a pair"),
        ("{\"summary\": \"\\u12\"}", "1:16", "four hexadecimal digits"),
        ("{\"summary\": \"a", "1:15", "no closing"),
        ("{\"summary\": \"a\nb\"}", "1:15", "over the end of the line"),
        ("{", "1:2", "a key in double quotes"),
        ("[", "1:2", "a value is missing"),
        ("", "", "there is nothing in this file"),
        ("[1]", "1:1", "keys with values are expected"),
        (String(repeating: "[", count: 100_000), "1:34", "levels deep"),
    ]

    @Test("JSON that cannot be used is refused with its place", arguments: wrongJSON.indices)
    func json(index: Int) throws {
        let (text, place, words) = Self.wrongJSON[index]
        let problems = try problems(text.utf8, name: "apus.json")
        let first = try #require(problems.first)
        #expect(first.hasPrefix(place.isEmpty ? "apus.json" : "apus.json:\(place): error: "), "\(first)")
        #expect(first.contains(words), "\(first)")
    }

    @Test("all mistakes are reported together, in the order of the file, and then those of the environment")
    func together() throws {
        let text = "progress: maybe\nretrys: 1\nexecutors:\n  a:\n    kind: local\n    workers: 0\n    echo: 7\n"
        let problems = try problems(text.utf8, environment: ["APUS_RETRIES": "many", "APUS_RETRYS": "2", "OTHER": "1"])
        #expect(
            problems.map { $0.prefix { $0 != " " } } == [
                "apus.yaml:1:11:", "apus.yaml:2:1:", "apus.yaml:6:14:", "apus.yaml:7:11:", "APUS_RETRIES:",
                "APUS_RETRYS:",
            ])
    }

    @Test("a file that is no text, too large, or named like none is refused")
    func notText() throws {
        #expect(try problems([0x61, 0x3A, 0x20, 0x0A, 0xFF, 0xFE]) == ["apus.yaml:2: error: this is no UTF-8 text"])
        #expect(try problems("retries: 2".utf16.flatMap { [UInt8($0), 0] }).count == 1)
        let large = Array(repeating: UInt8(ascii: "#"), count: 1 << 20 + 1)
        #expect(try problems(large).first?.contains("larger than 1 MiB") == true)
        #expect(try problems("a".utf8, name: "apus.toml").first?.contains("ends in .yaml, .yml or .json") == true)
    }

    @Test("a path that is no file is refused", arguments: ["/nonexistent.yaml", "/tmp/..yaml/.yaml"])
    func missing(path: String) {
        let error = #expect(throws: ConfigurationFileError.self) {
            try LoadedSettings.load(file: path, environment: [:])
        }
        #expect(error?.problems.first?.message.contains("cannot be read") == true)
    }

    @Test("a directory, a pipe or a device is no file")
    func notRegular() throws {
        let folder = try TestFolder()
        try #require(mkdir(folder.path + "/a.yaml", 0o755) == 0)
        try #require(mkfifo(folder.path + "/b.yaml", 0o644) == 0)
        for name in ["a.yaml", "b.yaml"] {
            let error = #expect(throws: ConfigurationFileError.self) {
                try LoadedSettings.load(file: "\(folder.path)/\(name)", environment: [:])
            }
            #expect(error?.problems.first?.message == "this is no regular file")
        }
    }

    @Test("a small file that would grow to a huge one, or is nested deep, is refused at once")
    func bombs() throws {
        // Nine levels of nine aliases each, the last as a key, which is compared with others.
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...40 {
            bomb +=
                "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
        }
        bomb += "? *a40\n: 1\n? *a39\n: 2\n"
        #expect(try problems(bomb.utf8).first?.contains("no anchors and aliases") == true)
        #expect(try problems(String(repeating: "[", count: 1 << 20).utf8).first?.contains("this is no YAML") == true)
        #expect(try problems(String(repeating: "- ", count: 1 << 19).utf8).first?.contains("this is no YAML") == true)
        #expect(try problems((String(repeating: "k", count: 900_000) + ": 1").utf8).count == 1)
    }

    @Test("a damaged file is read or refused, and ends nobody", arguments: [UInt64(1), 2, 3, 4])
    func damaged(seed: UInt64) {
        var generator = SmallGenerator(state: seed)
        let kind = SettingsSchema.current.kinds[Int(seed) % SettingsSchema.current.kinds.count]
        let whole = Array(ConfigurationTemplate.yaml(kind: kind).replacing("#", with: "").utf8.suffix(1500))
        let json = Array(
            #"{"retries": 2, "a": [1.5e3, "x\u00e9\ud83d\ude00"], "executors": {"a": {"kind": null}}}"#.utf8)
        let tokens = [
            "&a ", "*a", "!x ", "? ", "- ", "{", "}", "[", "]", ": ", "\"", "'", "|\n", "\t", "\0", "%", "@", "\\",
        ]
        for round in 0..<500 {
            var bytes = round.isMultiple(of: 2) ? whole : json
            for _ in 0...(round % 5) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...127, using: &generator)
                case 1: bytes.removeSubrange(place..<min(bytes.count - 1, place + 9))
                default:
                    bytes.insert(contentsOf: tokens.randomElement(using: &generator)?.utf8 ?? "".utf8, at: place)
                }
                if bytes.count < 2 { break }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            for node in [try? YAMLReader.read(text), try? JSONReader.read(text)] {
                guard let node else { continue }
                var merge = SettingsMerge(schema: .current, path: "x.yaml")
                merge.read(node)
                _ = try? merge.finish(providers: [], isComplete: true)
            }
        }
    }

    @Test("a variable that is wrong is refused by its name")
    func variables() throws {
        func problem(_ name: String, _ value: String) -> String {
            let error = #expect(throws: ConfigurationFileError.self) {
                try LoadedSettings.load(file: nil, environment: [name: value])
            }
            return error?.description ?? ""
        }
        #expect(
            problem("APUS_RETRIES", "-1") == "APUS_RETRIES: error: retries is -1; it takes a whole number, 0 or more")
        #expect(problem("APUS_RETRIES", "").hasPrefix("APUS_RETRIES: error: retries is ; it takes"))
        #expect(problem("APUS_RETRYS", "1").contains("did you mean APUS_RETRIES?"))
        #expect(problem("APUS_EXECUTORS_LOCAL_WRKERS", "1").contains("did you mean APUS_EXECUTORS_LOCAL_WORKERS?"))
        #expect(problem("APUS_EXECUTORS_LOCAL_KIND", "x").contains("it takes `local`, `threads`, "))
        #expect(problem("APUS_EXECUTORS_OTHER_WORKERS", "1").contains("is none"))
        #expect(problem("APUS_RUN_DIRECTORY", "/dev/null").contains("is no directory"))
        #expect(problem("APUS_\u{1B}[31m", "1").contains("\u{FFFD}[31m: error"))
    }
}

/// Numbers that are the same in every run (SplitMix64).
private struct SmallGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
