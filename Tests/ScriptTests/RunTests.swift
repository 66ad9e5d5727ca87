import Glibc
import SystemSupport
import TestSupport
import Testing

/// `apus run`, with the real compiler and the library that was built beside these tests.
@Suite("Scripts", .tags(.realProcess), .blocking)
struct RunTests {
    /// Does what its first argument says, and a little work.
    private static let script = """
        #!/usr/bin/env -S apus run
        // apus: name = "worker-bee"
        // apus: optimize = false
        import Apus
        import Glibc

        if CommandLine.arguments.contains("--end") { raise(SIGTERM) }
        let double = app("double") { (n: Int) -> Int in 2 * n }

        await Workflow.run(configuration: .threads(2)) {
            print("twice 21 is", try await double(21).value)
        }
        print(CommandLine.arguments.joined(separator: "|"))
        if CommandLine.arguments.contains("--exit") { exit(7) }

        """

    @Test("a script runs, with its arguments, exit code and signals, and is compiled again only when it changes")
    func wholeLife() throws {
        let folder = try TestFolder()
        try folder.write("bee.swift", Self.script)
        let first = try folder.apus("run", "--keep", "bee.swift", "--", "one", "--help", "-x", "a b")
        #expect(first.code == 0, "\(first.errors)")
        #expect(first.output == "twice 21 is 42\nbee.swift|one|--help|-x|a b\n")
        let program = try #require(first.errors.split(separator: " ").last).trimmingSuffix("\n")
        #expect(program.hasPrefix(folder.path + "/cache/programs/") && program.hasSuffix("/worker-bee"))
        var before = stat()
        #expect(stat(program, &before) == 0)

        let second = try folder.apus("run", "bee.swift", "--exit")
        #expect(second.code == 7)
        #expect(second.output == "twice 21 is 42\nbee.swift|--exit\n")
        var after = stat()
        #expect(stat(program, &after) == 0)
        #expect(before.st_ino == after.st_ino && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec)

        #expect(try folder.apus("run", "bee.swift", "--end").code == 128 + SIGTERM)
        #expect(try folder.cachedPrograms() == 1)

        try folder.write("bee.swift", Self.script.replacing("twice 21 is", with: "now it is"))
        let changed = try folder.apus("run", "bee.swift")
        #expect(changed.output.hasPrefix("now it is 42\n"), "\(changed.errors)")
        #expect(try folder.cachedPrograms() == 2)
    }

    @Test("a script with a first line for the shell is a command, whatever it is called")
    func shebang() throws {
        let folder = try TestFolder()
        try folder.write("bee", Self.script, mode: 0o755)
        let path = Built.products + ":" + (EnvironmentVariables.get("PATH") ?? "")
        let finished = try folder.execute("./bee", ["--exit", "--keep"], environment: ["PATH": path])
        #expect(finished.code == 7, "\(finished.errors)")
        #expect(finished.output == "twice 21 is 42\n./bee|--exit|--keep\n")
    }

    @Test("a mistake in the script is reported at its place", arguments: ["wrong.swift", "wrong"])
    func compileError(name: String) throws {
        let folder = try TestFolder()
        try folder.write(name, "#!/usr/bin/env -S apus run\nimport Apus\n\nlet n: Int = \"three\"\n")
        let finished = try folder.apus("run", "./" + name)
        #expect(finished.code == 1)
        // The compiler leaves out a leading "./".
        #expect(finished.errors.contains("\(name):4:14: error: cannot convert value of type 'String'"))
        #expect(!finished.errors.contains("/cache/"), "\(finished.errors)")
        #expect(finished.errors.hasSuffix("apus: './\(name)' could not be compiled\n"), "\(finished.errors)")
        #expect(finished.output.isEmpty)
    }

    @Test("several processes that want the same script share one compilation")
    func together() throws {
        let folder = try TestFolder()
        try folder.write("same.swift", "// apus: optimize = false\nprint(\"here\")\n")
        let running = try (0..<4).map { _ in try folder.start(Built.apus, ["run", "same.swift"]) }
        for one in running {
            let finished = try folder.finish(one)
            #expect(finished.output == "here\n", "\(finished.errors)")
        }
        #expect(try folder.cachedPrograms() == 1)
        #expect(try folder.execute("/bin/ls", ["cache/building"]).output.isEmpty)
    }

    @Test("another compiler than the library's is refused, and both are named")
    func otherCompiler() throws {
        let folder = try TestFolder()
        try folder.write("swiftc", "#!/bin/sh\necho 'Swift version 9.9 (swift-9.9-RELEASE)'\n", mode: 0o755)
        try folder.write("a.swift", "print(1)\n")
        let path = folder.path + ":" + (EnvironmentVariables.get("PATH") ?? "")
        let finished = try folder.execute(Built.apus, ["run", "a.swift"], environment: ["PATH": path])
        #expect(finished.code == 1)
        #expect(finished.errors.contains("'\(folder.path)/swiftc' is 'Swift version 9.9"), "\(finished.errors)")
        #expect(finished.errors.contains("the library was built with '"))
        #expect(finished.errors.contains("build again with this compiler"))
    }

    @Test("an installed library is found beside the program, and compiles scripts")
    func installed() throws {
        let folder = try TestFolder()
        let layout = """
            set -eu
            mkdir -p bin lib/apus
            cp '\(Built.apus)' bin/apus
            ln -s '\(Built.products)/Modules' lib/apus/Modules
            root=$(sed -n '1s|/Sources/.*||p' '\(Built.products)/Apus.build/sources' | tr -d "'")
            ln -s "$root"/Sources/CLinux "$root"/Sources/CZeroMQ lib/apus/
            grep -vE '/(ApusCommandLine|ArgumentParser.*)\\.build/' '\(Built.apus).product/Objects.LinkFileList' >list
            ar -crs lib/apus/libApus.a @list
            swiftc --version >lib/apus/compiler.txt
            """
        let made = try folder.execute("/bin/sh", ["-c", layout])
        try #require(made.code == 0, "\(made.errors)")
        try folder.write("bee.swift", Self.script)
        let finished = try folder.execute(folder.path + "/bin/apus", ["run", "bee.swift"])
        #expect(finished.output.hasPrefix("twice 21 is 42\n"), "\(finished.errors)")

        try folder.write("lib/apus/compiler.txt", "Swift version 5.0\nTarget: elsewhere\n")
        let refused = try folder.execute(folder.path + "/bin/apus", ["run", "bee.swift"])
        #expect(refused.code == 1)
        #expect(refused.errors.contains("built with 'Swift version 5.0'"), "\(refused.errors)")
        #expect(refused.errors.contains("make install"))

        let package = try folder.execute(folder.path + "/bin/apus", ["init", "tiny"])
        #expect(package.code == 0, "\(package.errors)")
        let manifest = try SmallFile.readText(folder.path + "/tiny/Package.swift")
        #expect(manifest.contains("\"\(folder.path)/lib/apus/libApus.a\""))
    }

    @Test(
        "wrong usage ends with code 2 and says what is right",
        arguments: [
            ([], "run needs a script"), (["--keep"], "run needs a script"),
            (["--fast", "a.swift"], "no option '--fast'"),
            (["missing.swift"], "'missing.swift' cannot be read: No such file"), (["."], "'.' is a folder"),
            (["header.swift"], "header.swift:1: error: there is no key 'optimise'; did you mean 'optimize'?"),
        ])
    func usage(words: [String], message: String) throws {
        let folder = try TestFolder()
        try folder.write("header.swift", "// apus: optimise = true\nprint(1)\n")
        let finished = try folder.execute(Built.apus, ["run"] + words)
        #expect(finished.code == 2)
        #expect(finished.errors.contains(message), "\(finished.errors)")
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : String(self)
    }
}

extension TestFolder {
    /// How many programs the cache holds.
    fileprivate func cachedPrograms() throws -> Int {
        try execute("/bin/ls", ["cache/programs"]).output.split(separator: "\n").count
    }
}
