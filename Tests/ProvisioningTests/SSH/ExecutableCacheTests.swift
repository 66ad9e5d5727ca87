import Glibc
import SystemSupport
import TestSupport
import Testing

@testable import Provisioning

/// Runs the shell text of a cache in this machine's `sh`: that is what nodes run.
@Suite("Programs that nodes keep a copy of", .paced, .tags(.realProcess))
struct ExecutableCacheTests {
    /// A program that prints who it is, its digest, and a script that starts it from a cache.
    private struct Scene {
        let directory: TemporaryDirectory
        var cache: String { directory.path + "/cache" }
        var program: String { directory.path + "/it's a program" }
        var script: String { directory.path + "/start.sh" }

        init(text: String = "#!/bin/sh\necho \"$0 $*\"\n", limit: Int = 8) throws {
            directory = try TemporaryDirectory()
            try write(text, limit: limit)
        }

        func write(_ text: String, limit: Int = 8, digest: String? = nil) throws {
            try Script.write(text, to: program)
            let digest = try digest ?? ExecutableFile.digestWaiting(program)
            let cache = ExecutableCache(directory: cache, limit: limit)
            let script = cache.script(
                executable: program, digest: digest, command: #"env A='b c' "$apus_program" 'x y' z"#)
            try Script.write(script, to: self.script)
        }

        func run(_ shell: String = "/bin/sh") async throws -> SchedulerOutcome {
            try await SchedulerCommand(shell, [script], timeout: .seconds(300)).outcome()
        }

        var entries: [String] {
            get async throws {
                let command = SchedulerCommand("ls", ["-A", cache], timeout: .seconds(120))
                return try await command.output().split(separator: "\n").map(String.init).filter { $0 != ".lock" }
            }
        }
    }

    @Test(
        "the first start copies the program, the second finds it, and arguments come through",
        arguments: ["sh", "bash"])
    func copies(_ shell: String) async throws {
        let scene = try Scene()
        let digest = try ExecutableFile.digestWaiting(scene.program)
        for _ in 0..<2 {
            let outcome = try await scene.run(shell)
            #expect(outcome == SchedulerOutcome(exitCode: 0, standardOutput: "\(scene.cache)/\(digest) x y z\n"))
        }
        let entries = try await scene.entries
        #expect(entries == [digest])
    }

    @Test("200 starts at the same time make one whole copy, and all of them run it")
    func concurrent() async throws {
        let scene = try Scene(text: "#!/bin/sh\n: \(String(repeating: "x", count: 300_000))\necho ran\n")
        let outcomes = try await withThrowingTaskGroup(of: SchedulerOutcome.self) { group in
            for _ in 0..<200 { group.addTask { try await scene.run() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == 200)
        #expect(outcomes.allSatisfy { $0 == SchedulerOutcome(exitCode: 0, standardOutput: "ran\n") }, "\(outcomes[0])")
        let entries = try await scene.entries
        #expect(entries.count == 1)
    }

    @Test("a program that changed after the run began is refused, and nothing of it stays")
    func changed() async throws {
        let scene = try Scene()
        let digest = try ExecutableFile.digestWaiting(scene.program)
        try scene.write("#!/bin/sh\necho other\n", digest: digest)
        let outcome = try await scene.run()
        #expect(outcome.exitCode == 73)
        #expect(outcome.standardError.contains("is not the program \(digest)"), "\(outcome.standardError)")
        let entries = try await scene.entries
        #expect(entries.isEmpty)
    }

    @Test("old programs go when there are more than the limit; one that runs stays")
    func pruned() async throws {
        let scene = try Scene(text: "#!/bin/sh\necho first\n", limit: 2)
        _ = try await scene.run()
        let first = try await scene.entries
        // Old, and in use by somebody who holds it as a running program does.
        let held = scene.cache + "/" + first[0]
        let holder = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: "flock", arguments: ["flock", "-s", held, "sleep", "1000"]))
        // It is held when nobody else can have it alone.
        while try await SchedulerCommand("flock", ["-n", "-x", held, "true"], timeout: .seconds(120)).outcome().exitCode
            == 0
        {
            try await Task.sleep(for: .milliseconds(10))
        }
        var others: [String] = []
        for name in ["second", "third", "fourth"] {
            try scene.write("#!/bin/sh\necho \(name)\n", limit: 2)
            let outcome = try await scene.run()
            #expect(outcome.standardError.isEmpty && outcome.exitCode == 0, "\(outcome)")
            others.append(try ExecutableFile.digestWaiting(scene.program))
            _ = try await SchedulerCommand(
                "touch", ["-c", "-d", "1 hour ago", held] + others.dropLast().map { scene.cache + "/" + $0 },
                timeout: .seconds(120)
            )
            .output()
        }
        let entries = try await scene.entries
        #expect(entries.contains(first[0]))
        #expect(entries.contains(others[2]))
        #expect(!entries.contains(others[0]))
        holder.teardown([])
    }

    @Test("a cache that belongs to somebody else, or is a link, is not used")
    func foreign() async throws {
        let scene = try Scene()
        #expect(symlink("/tmp", scene.cache) == 0)
        let outcome = try await scene.run()
        #expect(outcome.exitCode == 73)
        #expect(outcome.standardError.contains("belongs to somebody else"), "\(outcome.standardError)")
    }

    @Test(
        "values that cannot work are named",
        arguments: [
            (ExecutableCache(directory: "relative"), "executable.cache.directory"),
            (ExecutableCache(directory: "/a\nb"), "executable.cache.directory"),
            (ExecutableCache(limit: 0), "executable.cache.limit"),
        ])
    func faults(_ cache: ExecutableCache, _ name: String) {
        #expect(ExecutablePlacement.copied(cache: cache).fault?.hasPrefix(name) == true)
    }
}

@Suite("Base 64", .paced)
struct Base64Tests {
    @Test(
        "texts of RFC 4648 and back",
        arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")])
    func vectors(_ plain: String, _ text: String) {
        #expect(Base64.text(Array(plain.utf8)) == text)
        #expect(Base64.bytes(text) == Array(plain.utf8))
    }

    @Test("all bytes come back, in lines or without", arguments: [1, 57, 58, 255, 1000])
    func roundTrip(_ count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        #expect(Base64.bytes(Base64.text(bytes)) == bytes)
        #expect(Base64.bytes(Base64.text(bytes, lineLength: 76)) == bytes)
    }

    @Test("what is no such text is refused", arguments: ["Zg", "Z", "Zg=x", "Zg===", "Z!==", "é"])
    func refused(_ text: String) {
        #expect(Base64.bytes(text) == nil)
    }
}
