import Glibc
import SystemSupport
import TestSupport
import Testing

/// `apus config` and `apus run --config`, as real processes.
@Suite("Commands for settings", .tags(.realProcess), .blocking)
struct CommandTests {
    @Test("check says all that is wrong, and ends with 1")
    func check() throws {
        let folder = try TestFolder()
        try folder.write("good.yaml", "retries: 2\n")
        let good = try folder.apus("config", "check", "good.yaml")
        #expect(good.code == 0 && good.errors.isEmpty, "\(good.errors)")
        #expect(good.output.hasPrefix("good.yaml can be used: 1 of "))

        try folder.write("bad.yaml", "retrys: 2\nsummary: x\n")
        let bad = try folder.apus("config", "check", "bad.yaml", environment: ["APUS_LOST_RETRIES": "-1"])
        #expect(bad.code == 1 && bad.output.isEmpty)
        let places = bad.errors.split(separator: "\n").map { $0.prefix { $0 != " " } }
        #expect(places == ["bad.yaml:1:1:", "bad.yaml:2:10:", "APUS_LOST_RETRIES:"], "\(bad.errors)")

        #expect(try folder.apus("config", "check", "missing.yaml").code == 1)
        #expect(try folder.apus("config", "check").code == 2)
        #expect(try folder.apus("config", "chekc").code == 2)
    }

    @Test("show says where each value comes from, as text and as JSON")
    func show() throws {
        let folder = try TestFolder()
        let variables = ["APUS_EXECUTORS_LOCAL_WORKERS": "8"]
        let bare = try folder.apus("config", "show", environment: variables)
        #expect(bare.code == 0, "\(bare.errors)")
        #expect(bare.output.contains(#/(?m)^retries: 0 +# default$/#))
        #expect(bare.output.contains(#/(?m)^executors\.local\.workers: 8 +# APUS_EXECUTORS_LOCAL_WORKERS$/#))

        try folder.write("apus.yaml", "# x\nretries: 3\nmonitoring: \"a b.jsonl\"\n")
        let found = try folder.apus("config", "show", environment: variables)
        #expect(found.output.contains(#/(?m)^retries: 3 +# apus.yaml:2$/#))
        let json = try folder.apus("config", "show", "--json", "apus.yaml", environment: variables)
        #expect(json.code == 0)
        #expect(
            json.output.contains(
                #"{"key": "retries", "value": 3, "source": "file", "file": "apus.yaml", "line": 2, "column": 1}"#))
        #expect(json.output.contains(#"{"key": "progress", "value": true, "source": "default"}"#))
        #expect(
            json.output.contains(#""value": 8, "source": "environment", "variable": "APUS_EXECUTORS_LOCAL_WORKERS"}"#))

        try folder.write("apus.json", "{}")
        let twice = try folder.apus("config", "show")
        #expect(twice.code == 1 && twice.errors.contains("there is 'apus.yaml' as well"))
    }

    @Test(
        "init writes a file that check accepts, and never over another",
        arguments: [
            "threads", "local", "slurm", "gridEngine", "pbsPro", "torque", "lsf", "condor", "localBlocks", "ssh",
            "kubernetes",
        ])
    func start(kind: String) throws {
        let folder = try TestFolder()
        let made = try folder.apus("config", "init", kind)
        #expect(made.code == 0, "\(made.errors)")
        #expect(try folder.apus("config", "check", "apus.yaml").code == 0)
        let text = try SmallFile.readText(folder.path + "/apus.yaml")
        #expect(text.contains("kind: \(kind)\n"))
        let again = try folder.apus("config", "init", kind)
        #expect(again.code == 1 && again.errors.contains("remove it first"))
        #expect(try folder.apus("config", "init", kind, "--output", "-").output == text)
        #expect(try folder.apus("config", "init", kind, "--output", "x.json").code == 2)
        #expect(try folder.apus("config", "init", kind, "--output", "none/x.yaml").code == 1)
    }

    @Test(
        "a kind that is none is wrong usage, with the nearest one",
        arguments: [
            ("slrum", "did you mean 'slurm'?"), ("thread", "did you mean 'threads'?"), ("x", "there are local,"),
        ])
    func kinds(kind: String, words: String) throws {
        let folder = try TestFolder()
        let refused = try folder.apus("config", "init", kind)
        #expect(refused.code == 2)
        #expect(refused.errors.contains(words), "\(refused.errors)")
        #expect(access(folder.path + "/apus.yaml", F_OK) != 0)
    }

    @Test("a file for pods is checked without the product, and a program without it refuses the file")
    func product() throws {
        let folder = try TestFolder()
        #expect(try folder.apus("config", "init", "kubernetes").code == 0)
        let checked = try folder.apus("config", "check", "apus.yaml")
        #expect(checked.code == 0, "\(checked.errors)")
        let refused = try folder.execute(Built.products + "/ConfiguredProgram", ["apus.yaml"])
        #expect(refused.code == 1)
        #expect(refused.errors.contains("kind kubernetes needs the product Kubernetes: add the trait"))
        #expect(refused.errors.hasPrefix("apus.yaml:"), "\(refused.errors)")
    }

    /// Says how it runs, and what its environment and its descriptors tell.
    private static let script = """
        // apus: optimize = false
        import Apus
        import Glibc

        let look = app("look") { () -> String in
            let handed = getenv("APUS_SETTINGS") == nil ? "nothing handed" : "handed"
            return "\\(getpid()) \\(handed)"
        }
        var configuration = WorkflowConfiguration.threads(1)
        configuration.summary = .always
        for _ in 0..<2 {
            try await Workflow.execute(configuration: configuration) {
                let words = try await look().value.split(separator: " ", maxSplits: 1)
                print(Int32(words[0]) == getpid() ? "this process" : "another process", words[1])
            }
        }

        """

    @Test("a script runs with the settings of a file and of variables, and without them as it says itself")
    func run() throws {
        let folder = try TestFolder()
        try folder.write("look.swift", Self.script)
        try folder.write("apus.yaml", "progress: false\nexecutors:\n  mine:\n    kind: local\n    workers: 1\n")
        let alone = try folder.apus("run", "look.swift", environment: ["APUS_SUMMARY": "never"])
        #expect(alone.code == 0, "\(alone.errors)")
        #expect(alone.output == "this process nothing handed\nthis process nothing handed\n")
        #expect(alone.errors.contains("1 tasks"), "the summary is the script's")

        let placed = try folder.apus(
            "run", "--config", "apus.yaml", "look.swift", environment: ["APUS_SUMMARY": "never"])
        #expect(placed.code == 0, "\(placed.errors)")
        #expect(placed.output == "another process nothing handed\nanother process nothing handed\n")
        #expect(!placed.errors.contains("1 tasks"), "the variable holds over the script")
        #expect(access(folder.path + "/runinfo/001/mine/interchange.log", F_OK) == 0)

        try folder.write("apus.yaml", "retrys: 1\n")
        let wrong = try folder.apus("run", "--config", "apus.yaml", "look.swift")
        #expect(wrong.code == 1 && wrong.errors.contains("apus.yaml:1:1: error:"))
        #expect(try folder.apus("run", "--config=apus.yaml", "look.swift").errors == wrong.errors)
        #expect(try folder.apus("run", "--config").code == 2)
    }

    @Test("a program that imports ConfigurationFiles reads its file, and its own code has the last word")
    func program() throws {
        let folder = try TestFolder()
        try folder.write(
            "apus.yaml", "retries: 2\nprogress: false\nexecutors:\n  x:\n    kind: local\n    workers: 1\n")
        let program = Built.products + "/ConfiguredProgram"
        let ran = try folder.execute(program, ["apus.yaml"])
        #expect(ran.output == "retries 2, another process\n", "\(ran.errors)")
        let overridden = try folder.execute(
            program, ["apus.yaml"],
            environment: ["APUS_RETRIES": "4", "APUS_EXECUTORS_X_KIND": "threads"])
        #expect(overridden.output == "retries 4, this process\n", "\(overridden.errors)")
        let code = try folder.execute(program, ["apus.yaml", "--retries"], environment: ["APUS_RETRIES": "4"])
        #expect(code.output == "retries 9, another process\n", "\(code.errors)")
        let refused = try folder.execute(program, ["other.yaml"])
        #expect(refused.code == 1 && refused.errors.hasPrefix("other.yaml: error: the file cannot be read"))
    }

    @Test("a file with two executors places each call where its label says, one of them in blocks")
    func executors() throws {
        let folder = try TestFolder()
        try folder.write(
            "apus.yaml",
            """
            progress: false
            executors:
              here: {kind: threads}
              blocks: {kind: localBlocks, workersPerNode: 1, statusPollingInterval: 100 ms, address: 127.0.0.1}

            """)
        let program = Built.products + "/ConfiguredProgram"
        let here = try folder.execute(program, ["apus.yaml"])
        #expect(here.output == "retries 0, this process\n", "\(here.errors)")
        let blocks = try folder.execute(program, ["apus.yaml", "--on", "blocks"])
        #expect(blocks.output == "retries 0, another process\n", "\(blocks.errors)")
        let script = try SmallFile.readText(folder.path + "/runinfo/001/blocks/blocks.log")
        #expect(script.contains("block 0 is job"), "\(script)")
        let wrong = try folder.execute(program, ["apus.yaml", "--on", "nowhere"])
        #expect(wrong.code == 1 && wrong.errors.contains("there are: 'here', 'blocks'"), "\(wrong.errors)")
    }

    @Test("settings that were handed to another process are not taken, and lost ones are an error")
    func handedElsewhere() throws {
        let folder = try TestFolder()
        try folder.write("apus.yaml", "retries: 2\nprogress: false\nexecutors:\n  x:\n    kind: threads\n")
        let program = Built.products + "/ConfiguredProgram"
        for foreign in ["1:5", "x", "", "99999999999:3", "1:2:3"] {
            let ran = try folder.execute(program, ["apus.yaml"], environment: ["APUS_SETTINGS": foreign])
            #expect(ran.output == "retries 2, this process\n", "\(ran.errors)")
        }
        // The shell keeps its number when it becomes the program.
        let lost = try folder.execute(
            "/bin/sh", ["-c", "APUS_SETTINGS=$$:77 exec '\(program)' apus.yaml"])
        #expect(lost.code == 1)
        #expect(lost.errors.contains("names settings that cannot be read"), "\(lost.errors)")
        let damaged = try folder.execute(
            "/bin/sh", ["-c", "APUS_SETTINGS=$$:7 exec '\(program)' apus.yaml 7<apus.yaml"])
        #expect(damaged.code == 1 && damaged.errors.contains("names settings that cannot be read"))
    }
}

/// Who links the reader of YAML.
@Suite("Linkage", .tags(.realProcess), .blocking)
struct LinkageTests {
    private static func contains(_ program: String, _ symbol: String) throws -> Bool {
        let folder = try TestFolder()
        return try folder.execute("/bin/grep", ["-c", symbol, Built.products + "/" + program]).code == 0
    }

    @Test(
        "a program that imports Apus alone contains neither Yams nor NIO",
        arguments: ["yaml_parser_parse", "4Yams", "NIOCore"])
    func hello(symbol: String) throws {
        #expect(try !Self.contains("Hello", symbol))
    }

    @Test("a program that reads configuration files contains it", arguments: ["apus", "ConfiguredProgram"])
    func readers(program: String) throws {
        #expect(try Self.contains(program, "yaml_parser_parse"))
    }
}
