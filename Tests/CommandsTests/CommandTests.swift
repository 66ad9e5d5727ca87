import Commands
import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite("Commands", .paced)
struct CommandTests {
    let directory = TemporaryDirectory()

    private func options(_ line: String) -> CommandOptions { CommandOptions(line, directory: directory.path) }

    @Test("an exit code arrives as it was", arguments: [Int32(0), 1, 42, 255])
    func exitCode(code: Int32) throws {
        let outcome = try Command(options("exit \(code)")).run()
        #expect(outcome.status == .exited(code))
        #expect(outcome.ending == .ended)
    }

    @Test("a signal that ends the shell arrives as the signal", arguments: [SIGTERM, SIGKILL, SIGUSR1, SIGHUP])
    func signal(number: Int32) throws {
        #expect(try Command(options("kill -\(number) $$")).run().status == .signalled(number))
    }

    @Test("the shell is bash, and its standard input is empty")
    func shell() throws {
        var options = options("a=(1 2 3); [[ ${#a[@]} == 3 ]] && cat && echo \"$BASH\"")
        options.standardOutput = .file("out", append: false)
        #expect(try Command(options).run().status == .exited(0))
        #expect(try directory.text("out") == "/bin/bash\n")
    }

    @Test("the command has the standard streams, and no other descriptor")
    func descriptors() throws {
        var options = options("ls /proc/self/fd; jobs; wait")
        options.standardOutput = .file("out", append: false)
        #expect(try Command(options).run().status == .exited(0))
        // 3 is the directory that ls reads.
        #expect(try directory.text("out") == "0\n1\n2\n3\n")
    }

    @Test("files are appended to, or emptied first")
    func appending() throws {
        for (name, append) in [("appended", true), ("emptied", false)] {
            for word in ["first", "second"] {
                var options = options("echo \(word); echo bad \(word) >&2")
                options.standardOutput = .file(name, append: append)
                options.standardError = .file("\(name).err", append: append)
                let outcome = try Command(options).run()
                #expect(outcome.standardErrorTail == ["bad \(word)"], "of this run alone")
            }
        }
        #expect(try directory.text("appended") == "first\nsecond\n")
        #expect(try directory.text("appended.err") == "bad first\nbad second\n")
        #expect(try directory.text("emptied") == "second\n")
    }

    @Test("one file for both streams holds both, in order", arguments: [true, false])
    func oneFile(append: Bool) throws {
        var options = options("echo one; echo two >&2; echo three")
        options.standardOutput = .file("both", append: append)
        options.standardError = .file("both", append: append)
        _ = try Command(options).run()
        #expect(try directory.text("both") == "one\ntwo\nthree\n")
    }

    @Test("directories above a file are made")
    func makesDirectories() throws {
        var options = options("echo here")
        options.standardOutput = .file("deep/er/out", append: true)
        _ = try Command(options).run()
        #expect(try directory.text("deep/er/out") == "here\n")
    }

    @Test("the tail of standard error is short, and its last lines are whole")
    func tail() throws {
        var options = options("for i in {1..100000}; do echo line $i; done >&2")
        options.standardError = .file("err", append: false)
        let tail = try Command(options).run().standardErrorTail
        #expect(tail.count == 20)
        #expect(tail.last == "line 100000" && tail.first == "line 99981")
    }

    @Test(
        "a file that cannot be written is refused with the reason, and nothing runs",
        arguments: [
            ("folder", "Is a directory"), ("file/below", "Not a directory"), ("file/far/below", "could not make"),
            ("/proc/apus-test", "No such file"), ("", "one byte or more"), ("nul\0", "none of them is 0"),
            ("pipe", "No such device"),
        ])
    func badStream(path: String, reason: String) throws {
        mkdir(directory.file("folder"), 0o700)
        mkfifo(directory.file("pipe"), 0o600)
        try SmallFile.write([], to: directory.file("file"), mode: 0o600)
        var options = options("touch ran")
        options.standardError = .file(path, append: true)
        let error = try #require(throws: CommandError.self) { try Command(options).run() }
        guard case .badStream(path, let text) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(text.contains(reason), "\(text)")
        #expect(!directory.names.contains("ran"))
    }

    @Test("variables are added to the environment", arguments: ["plain", "two words", "a=b", "line\nline", ""])
    func environment(value: String) throws {
        var options = options("printf %s \"$APUS_TEST_VALUE\"; [ -n \"$PATH\" ]")
        options.environment = ["APUS_TEST_VALUE": value]
        options.standardOutput = .file("out", append: false)
        #expect(try Command(options).run().status == .exited(0))
        #expect(try directory.text("out") == value)
    }

    @Test("the command runs in its directory")
    func workingDirectory() throws {
        var options = options("pwd -P > where")
        options.directory = directory.path
        #expect(try Command(options).run().status == .exited(0))
        #expect(try directory.text("where").hasSuffix(directory.path + "\n"))
    }

    @Test("a command line of white space is none", arguments: ["", " ", "\n\t \r\n"])
    func noCommand(line: String) throws {
        #expect(throws: CommandError.noCommand) { try Command(options(line)).run() }
    }

    static let refusals: [(CommandOptions, String)] = [
        (CommandOptions("true", shell: "/no/such/bash"), "the shell '/no/such/bash' cannot be run"),
        (CommandOptions("true", directory: "/no/such/place"), "/no/such/place"),
        (CommandOptions("true\0false"), "a byte 0"),
        (CommandOptions("true", environment: ["A=B": "c"]), "'A=B'"),
        (CommandOptions("true", environment: ["A": "c\0"]), "'A'"),
        (CommandOptions("true", environment: ["": "c"]), "''"),
        (CommandOptions(": " + String(repeating: "x", count: 131_070)), "131072 bytes"),
    ]

    @Test("what cannot be started is refused with the reason", arguments: refusals)
    func notStarted(options: CommandOptions, text: String) throws {
        let error = try #require(throws: CommandError.self) { try Command(options).run() }
        guard case .notStarted(let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(reason.contains(text), "\(reason)")
    }

    @Test("the longest command line that the system takes is run")
    func longest() throws {
        let line = ": " + String(repeating: "x", count: 131_069)
        #expect(try Command(options(line)).run().status == .exited(0))
    }

    @Test("many runs at once do not disturb each other, and leave no descriptor and no child behind")
    func concurrent() throws {
        let before = try openDescriptors()
        let threads = (0..<4).map { number in
            startThread(named: "run-\(number)") {
                for round in 0..<10 {
                    var options = CommandOptions("echo \(number)-\(round); exit \(round)", directory: directory.path)
                    options.standardOutput = .file("out-\(number)-\(round)", append: false)
                    let outcome = try? Command(options).run()
                    #expect(outcome?.status == .exited(Int32(round)))
                }
            }
        }
        for thread in threads { thread.join() }
        for number in 0..<4 {
            for round in 0..<10 { #expect(try directory.text("out-\(number)-\(round)") == "\(number)-\(round)\n") }
        }
        // Other tests run beside this one; a leak of this one would be eighty descriptors or more.
        #expect(try openDescriptors() < before + 60)
    }

    private func openDescriptors() throws -> Int {
        let folder = try #require(opendir("/proc/self/fd"))
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count
    }
}
