import Glibc
import SystemSupport
import TestSupport
import Testing

/// `apus run` with programs that are compiled already.
@Suite("Compiled programs", .tags(.realProcess), .blocking)
struct CompiledProgramTests {
    private static let wordCount = Built.products + "/WordCount"
    private static let settings = """
        progress: false
        executors:
          mine: {kind: local, workers: 1}

        """

    private static func folder() throws -> TestFolder {
        let folder = try TestFolder()
        try folder.write("apus.yaml", settings)
        mkdir(folder.path + "/texts", 0o755)
        try folder.write("texts/a.txt", "one two two three, Three THREE\n")
        return folder
    }

    @Test("one that reads no files runs with the settings of a file, and with its own arguments and exit code")
    func settings() throws {
        let folder = try Self.folder()
        let ran = try folder.apus("run", "--config", "apus.yaml", Self.wordCount, "texts", "--top", "2")
        #expect(ran.code == 0 && ran.output == "3 three\n2 two\n", "\(ran.errors)")
        #expect(access(folder.path + "/runinfo/000/mine/interchange.log", F_OK) == 0, "the file's executor ran it")

        let refused = try folder.apus("run", "--config", "apus.yaml", Self.wordCount, "--", "texts", "--top", "none")
        #expect(refused.code == 2 && refused.errors.hasPrefix("WordCount: --top is 'none'"), "\(refused.errors)")

        // Variables hold over the file, options over both.
        let moved = try folder.apus(
            "run", "--config=apus.yaml", Self.wordCount, "texts", "--top", "1",
            environment: ["APUS_RUN_DIRECTORY": "elsewhere"])
        #expect(moved.code == 0 && moved.output == "3 three\n", "\(moved.errors)")
        #expect(access(folder.path + "/elsewhere/000/mine/interchange.log", F_OK) == 0, "the variable's directory")
        let threads = try folder.apus("run", "--config", "apus.yaml", Self.wordCount, "texts", "--on", "threads")
        #expect(threads.code == 0 && threads.output == "3 three\n2 two\n1 one\n", "\(threads.errors)")
        #expect(access(folder.path + "/runinfo/001/mine/interchange.log", F_OK) != 0, "threads need no interchange")
    }

    @Test("a signal reaches the program alone, which ends as it would by itself")
    func interrupted() throws {
        let folder = try Self.folder()
        // Nobody writes into it: the command that reads it does not end.
        #expect(mkfifo(folder.path + "/texts/b.txt", 0o644) == 0)
        let running = try folder.start(
            Built.apus, ["run", "--config", "apus.yaml", Built.products + "/BashPipeline", "texts"])
        let log = folder.path + "/runinfo/000/mine/interchange.log"
        let started = eventually {
            (try? SmallFile.readText(log, limit: 1 << 24))?.contains("registered") == true
        }
        #expect(started, "\(running.errors)")
        running.child.signal(SIGINT)
        let finished = try folder.finish(running)
        #expect(finished.code == 130 && finished.output.isEmpty, "\(finished.errors)")
    }

    @Test("without --config any program runs as it is: streams, exit code, end by a signal")
    func plain() throws {
        let folder = try TestFolder()
        let piped = try folder.execute("/bin/sh", ["-c", "echo through | '\(Built.apus)' run \"$(command -v cat)\" -"])
        #expect(piped.code == 0 && piped.output == "through\n" && piped.errors.isEmpty, "\(piped.errors)")
        let ended = try folder.apus("run", "/bin/sh", "-c", "exit 7")
        #expect(ended.code == 7, "\(ended.errors)")
        let killed = try folder.apus("run", "/bin/sh", "-c", "kill -TERM $$")
        #expect(killed.code == 128 + SIGTERM, "\(killed.errors)")
        let shown = try folder.apus("run", "--keep", "/bin/sh", "-c", "echo $0 $1", "zero", "--keep")
        #expect(shown.output == "zero --keep\n" && shown.errors == "apus: the program is /bin/sh\n", "\(shown.errors)")
    }

    @Test(
        "what cannot be run, or would lose the settings, is refused with the reason",
        arguments: [
            ("/bin/cat", "'/bin/cat' is no program of Apus: nothing in it takes the settings of --config"),
            ("locked", "'locked' is a program that may not be executed: Permission denied; 'chmod +x'"),
            ("object", "'object' is no program, but what compilers"),
            ("foreign", "'foreign' was compiled for another kind of machine"),
            ("short", "'short' is no program"),
            ("missing", "'missing' cannot be read: No such file or directory; run takes the path of a script or"),
            ("texts", "'texts' is a folder; run takes one file, a script or a compiled program"),
        ])
    func refused(program: String, message: String) throws {
        let folder = try Self.folder()
        let own = Array(try SmallFile.read("/bin/cat", limit: 1 << 24).prefix(64))
        var object = own
        object[16] = 1
        var foreign = own
        foreign[18] ^= 0xFF
        try folder.write("locked", bytes: own)
        try folder.write("object", bytes: object)
        try folder.write("foreign", bytes: foreign)
        try folder.write("short", bytes: Array(own.prefix(12)))
        let ran = try folder.apus("run", "--config", "apus.yaml", program)
        #expect(ran.code == 2 && ran.output.isEmpty)
        #expect(ran.errors.contains(message), "\(ran.errors)")
    }

    @Test("a program that the system cannot start is an error of the system's, with a remedy")
    func damaged() throws {
        let folder = try TestFolder()
        let head = Array(try SmallFile.read("/bin/cat", limit: 1 << 24).prefix(64))
        try SmallFile.write(head, to: folder.path + "/head", mode: 0o755)
        let ran = try folder.apus("run", "./head")
        #expect(ran.code == 1 && ran.errors.contains("'file ./head' says which"), "\(ran.errors)")
    }
}
