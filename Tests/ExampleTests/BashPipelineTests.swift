import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite("BashPipeline", .tags(.realProcess), .blocking, .serialized)
struct BashPipelineTests {
    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write("texts/plain.txt", Array("The cat and the dog and THE bird.\n".utf8))
        try folder.write("texts/it's a \"name\" $(touch ran)", Array("cat dog cat".utf8))
        try folder.write("texts/starts-with-a-digit", Array("7 birds, 3cats: don't a-b_c\r\n\tdog".utf8))
        try folder.write("texts/empty", [])
        return folder
    }

    @Test("files with awkward names give the same as WordCount", arguments: placements)
    func likeWordCount(placement: [String]) throws {
        let folder = try folder()
        let expected = try Example.run("WordCount", ["texts", "--on", "threads", "--top", "100"], in: folder)
        let options = ["texts", "--top", "100", "--output", "made/here.txt"] + placement
        for _ in 0..<2 {
            let finished = try Example.run("BashPipeline", options, in: folder)
            #expect(finished.code == 0, "\(finished.errors)")
            #expect(finished.output == "wrote made/here.txt\n")
            let text = try SmallFile.readText(folder.path + "/made/here.txt")
            #expect(text == expected.output && text.hasPrefix("4 the\n") == expected.output.hasPrefix("4 the\n"))
        }
        #expect(text(folder, "ls").contains("ran") == false, "no file name was run as a command")
        // Four files of words, one of sums, twice, and their standard error.
        let logs = text(folder, "find runinfo -path '*/task_logs/0000/*' -name '*.stdout' | wc -l")
        #expect(logs == "10\n")
    }

    @Test("a command that fails ends the program, with what it said", arguments: placements)
    func failure(placement: [String]) throws {
        let folder = try folder()
        // A file that nobody can open, root included.
        try #require(mknod(folder.path + "/texts/secret", S_IFSOCK | 0o600, 0) == 0)
        let finished = try Example.run("BashPipeline", ["texts"] + placement, in: folder)
        #expect(finished.code == 1)
        #expect(finished.errors.contains("bash app 'words' ended with exit code 1"), "\(finished.errors)")
        #expect(finished.errors.contains("No such device or address"), "\(finished.errors)")
    }

    @Test("a mistake in the arguments is explained", arguments: [["--output"], ["/nonexistent"], [], ["--top", "0"]])
    func usage(arguments: [String]) throws {
        let finished = try Example.run("BashPipeline", arguments, in: TemporaryFolder())
        #expect(finished.code == 2)
        #expect(finished.errors.hasPrefix("BashPipeline: ") && finished.errors.contains("usage: BashPipeline "))
    }

    @Test("no command is left when a worker or the program is killed", arguments: ["apus-worker", "BashPipeline"])
    func killed(victim: String) throws {
        let folder = try folder()
        // Whoever opens it for reading waits for a writer, who never comes.
        try #require(mkfifo(folder.path + "/texts/pipe", 0o600) == 0)
        let program = Example.products + "/BashPipeline"
        let child = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: program, arguments: [program, "texts", "--workers", "1"], workingDirectory: folder.path,
                standardOutput: .null, standardError: .null))
        defer { child.teardown([]) }
        var commands: [Int32] = []
        let started = eventually {
            commands = processes(in: folder, named: "bash")
            return !commands.isEmpty && !processes(in: folder, named: "sort").isEmpty
        }
        try #require(started)
        let victims = victim == "BashPipeline" ? [child.pid] : processes(in: folder, named: victim)
        try #require(!victims.isEmpty)
        for pid in victims { kill(pid, SIGKILL) }
        #expect(eventually { processes(in: folder).allSatisfy { !commands.contains($0) } })
        child.teardown([])
        #expect(eventually { processes(in: folder).isEmpty })
    }

    /// The processes that work in the folder, with this name or any.
    private func processes(in folder: TemporaryFolder, named name: String? = nil) -> [Int32] {
        guard let all = opendir("/proc") else { return [] }
        defer { closedir(all) }
        var found: [Int32] = []
        while let entry = readdir(all) {
            let text = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard let pid = Int32(text), let real = realpath("/proc/\(pid)/cwd", nil) else { continue }
            defer { free(real) }
            guard String(cString: real) == folder.path else { continue }
            let command = try? SmallFile.readText("/proc/\(pid)/comm")
            if name == nil || command == "\(name ?? "")\n" { found.append(pid) }
        }
        return found
    }

    private func eventually(_ condition: () -> Bool) -> Bool {
        let deadline = Monotonic.deadline(after: .seconds(60))
        while Monotonic.nanoseconds < deadline {
            if condition() { return true }
            _ = poll(nil, 0, 20)
        }
        return condition()
    }

    private func text(_ folder: TemporaryFolder, _ command: String) -> String {
        (try? Example.shell(command, in: folder).output) ?? ""
    }
}
