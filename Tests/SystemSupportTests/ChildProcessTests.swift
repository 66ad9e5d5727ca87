import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite("Child processes", .paced)
struct ChildProcessTests {
    let directory = TemporaryDirectory()

    @Test("an exit status arrives as it was", arguments: [Int32(0), 3, 255])
    func exitStatus(code: Int32) throws {
        let child = try ChildProcess(spawning: shell("exit \(code)"))
        #expect(child.wait() == .exited(code))
        #expect(child.poll() == .exited(code), "the status is remembered")
    }

    @Test("a signal arrives as the signal")
    func signalled() throws {
        let child = try ChildProcess(spawning: shell("exec sleep 60"))
        child.signal(SIGKILL)
        #expect(child.wait() == .signalled(SIGKILL))
        #expect("\(child.wait())" == "signal 9 (SIGKILL)")
    }

    @Test("input of any size is delivered in full", arguments: [0, 1, 70_000, 3_000_000])
    func standardInput(size: Int) throws {
        var options = shell("cat > \(directory.file("copy"))")
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        options.standardInput = .bytes(bytes)
        #expect(try ChildProcess(spawning: options).wait() == .exited(0))
        #expect(try SmallFile.read(directory.file("copy"), limit: 4_000_000) == bytes)
    }

    @Test("an extra descriptor carries bytes both ways and the parent sees the child's end")
    func extraDescriptor() throws {
        let (mine, theirs) = try StreamPair.make()
        defer { DescriptorIO.close(mine) }
        var options = shell("read line <&3; echo \"got $line\" >&3")
        options.extraDescriptors = [(child: 3, parent: theirs)]
        let child = try ChildProcess(spawning: options)
        DescriptorIO.close(theirs)
        try Array("hello\n".utf8).withUnsafeBytes { try DescriptorIO.writeFully(mine, $0) }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 100)
        var ended = false
        while !ended {
            switch try buffer.withUnsafeMutableBytes({ try DescriptorIO.readSome(mine, into: $0) }) {
            case .bytes(let count): answer += buffer[..<count]
            case .wouldBlock: Issue.record("a blocking descriptor reported would-block")
            case .end: ended = true
            }
        }
        #expect(String(decoding: answer, as: UTF8.self) == "got hello\n")
        #expect(child.wait() == .exited(0))
    }

    @Test("crossed descriptor numbers reach the child uncrossed, and nothing else does")
    func crossedDescriptors() throws {
        let first = open("/dev/null", O_WRONLY)  // not closed on exec: must not leak all the same
        let second = open("/dev/zero", O_RDONLY)
        defer {
            DescriptorIO.close(first)
            DescriptorIO.close(second)
        }
        var options = ChildProcess.Options(executable: "/bin/ls", arguments: ["ls", "-l", "/proc/self/fd"])
        options.standardOutput = .file(directory.file("list"), append: false)
        options.extraDescriptors = [(child: 7, parent: first), (child: 5, parent: second)]
        #expect(try ChildProcess(spawning: options).wait() == .exited(0))
        let lines = try directory.text("list").split(separator: "\n").map { $0.split(separator: " ") }
        let targets = Dictionary(
            uniqueKeysWithValues: lines.compactMap { words in
                words.firstIndex(of: "->").map { (String(words[$0 - 1]), String(words[$0 + 1])) }
            })
        #expect(targets["7"] == "/dev/null" && targets["5"] == "/dev/zero")
        #expect(Set(targets.keys) == ["0", "1", "2", "3", "5", "7"], "3 is the directory that ls reads")
        #expect(targets["3"]?.hasSuffix("/fd") == true)
    }

    @Test("the given environment replaces the inherited one")
    func environment() throws {
        var options = ChildProcess.Options(executable: "/usr/bin/env", arguments: ["env"])
        options.environment = ["APUS_ONE": "1=2", "EMPTY": ""]
        options.standardOutput = .file(directory.file("env"), append: false)
        #expect(try ChildProcess(spawning: options).wait() == .exited(0))
        #expect(Set(try directory.text("env").split(separator: "\n")) == ["APUS_ONE=1=2", "EMPTY="])
    }

    @Test("the child works in the given directory and appends to files")
    func workingDirectory() throws {
        for _ in 0..<2 {
            var options = shell("pwd; echo oops >&2")
            options.workingDirectory = directory.path
            options.standardOutput = .file(directory.file("out"), append: true)
            options.standardError = .file(directory.file("err"), append: false)
            #expect(try ChildProcess(spawning: options).wait() == .exited(0))
        }
        #expect(try directory.text("out") == "\(directory.path)\n\(directory.path)\n")
        #expect(try directory.text("err") == "oops\n")
    }

    @Test("a missing working directory is named in the error")
    func missingDirectory() throws {
        var options = shell("true")
        options.workingDirectory = "/no/such/place"
        let error = try #require(throws: SystemError.self) { try ChildProcess(spawning: options) }
        #expect(error.code == ENOENT)
        #expect(error.description.contains("'/no/such/place'"))
        #expect(error.description.contains("working directory must exist"))
    }

    @Test(
        "a program that cannot be started is named in the error",
        arguments: [("/no/such/program", ENOENT), ("no-such-program-on-path", ENOENT), ("/etc/passwd", EACCES)])
    func missingProgram(path: String, code: Int32) throws {
        let options = ChildProcess.Options(executable: path, arguments: [path])
        let error = try #require(throws: SystemError.self) { try ChildProcess(spawning: options) }
        #expect(error.code == code)
        #expect(error.description.contains("'\(path)'"))
        #expect(!error.remedy.isEmpty)
    }

    @Test("a standard stream cannot be passed as an extra descriptor")
    func extraStandardStream() throws {
        var options = shell("true")
        options.extraDescriptors = [(child: 1, parent: 1)]
        let error = try #require(throws: SystemError.self) { try ChildProcess(spawning: options) }
        #expect(error.code == EINVAL)
    }

    @Test("a child is in a process group of its own unless told otherwise", arguments: [true, false])
    func processGroup(own: Bool) throws {
        var options = shell("exec sleep 60")
        options.ownProcessGroup = own
        let child = try ChildProcess(spawning: options)
        #expect(getpgid(child.pid) == (own ? child.pid : getpgrp()))
        child.teardown([])
    }

    @Test("handlers and mask are the default ones in the child, whatever the parent ignores or blocks")
    func signalReset() throws {
        let old = signal(SIGINT, SIG_IGN)
        var mask = sigset_t()
        var before = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGUSR1)
        sigaddset(&mask, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &mask, &before)
        defer {
            pthread_sigmask(SIG_SETMASK, &before, nil)
            _ = signal(SIGINT, old)
        }
        var options = ChildProcess.Options(executable: "/bin/cat", arguments: ["cat", "/proc/self/status"])
        options.standardOutput = .file(directory.file("status"), append: false)
        #expect(try ChildProcess(spawning: options).wait() == .exited(0))
        let lines = try directory.text("status").split(separator: "\n")
        for name in ["SigBlk:", "SigIgn:", "SigCgt:"] {
            let value = lines.first { $0.hasPrefix(name) }?.split(separator: "\t").last
            let bits = try #require(value.flatMap { UInt64($0, radix: 16) })
            // Signals 32 and 33 belong to glibc, which has them ignored until a program makes threads.
            #expect(bits & ~0x1_8000_0000 == 0, "\(name) in the child")
        }
    }

    @Test("a wait with a deadline gives up in time and the child can still be waited for")
    func waitDeadline() throws {
        let child = try ChildProcess(spawning: shell("exec sleep 60"))
        let start = Monotonic.nanoseconds
        #expect(child.wait(deadlineNanoseconds: start + 30_000_000) == nil)
        #expect(Monotonic.nanoseconds - start >= 30_000_000)
        #expect(child.poll() == nil)
        child.signal(SIGTERM)
        #expect(child.wait() == .signalled(SIGTERM))
    }

    @Test("teardown stops at the first step that works")
    func teardownGently() throws {
        let child = try ChildProcess(spawning: shell("exec sleep 60"))
        let status = child.teardown([.interrupt(allowed: .seconds(60)), .terminate(allowed: .seconds(60))])
        #expect(status == .signalled(SIGINT))
    }

    @Test("teardown kills a child that ignores every step, with its whole group")
    func teardownByForce() throws {
        var options = shell(
            "trap '' TERM INT; sleep 60 & echo $! > \(directory.file("pid")); echo ready >&3; wait; wait")
        let (mine, theirs) = try StreamPair.make()
        defer { DescriptorIO.close(mine) }
        options.extraDescriptors = [(child: 3, parent: theirs)]
        let child = try ChildProcess(spawning: options)
        DescriptorIO.close(theirs)
        _ = try DescriptorIO.poll(mine, .read, timeoutNanoseconds: 60_000_000_000)
        let text = try directory.text("pid").filter { $0.isNumber }
        let grandchild = try #require(Int32(text))
        let status = child.teardown([
            .interrupt(allowed: .milliseconds(20)), .terminate(allowed: .milliseconds(20)),
        ])
        #expect(status == .signalled(SIGKILL))
        #expect(eventually { CurrentProcess.residentBytes(grandchild) == nil }, "the grandchild is gone as well")
    }

    @Test("what a leader leaves in its group ends with it when asked for")
    func groupEndsWithLeader() throws {
        var options = shell("sleep 60 & echo $! > \(directory.file("pid"))")
        options.endsGroupWithLeader = true
        #expect(try ChildProcess(spawning: options).wait() == .exited(0))
        let grandchild = try #require(Int32(try directory.text("pid").filter { $0.isNumber }))
        #expect(eventually { CurrentProcess.residentBytes(grandchild) == nil })
    }

    @Test("no zombie is left, not even of a child that was forgotten")
    func noZombie() throws {
        var pids: [Int32] = []
        do {
            let waited = try ChildProcess(spawning: shell("exit 0"))
            _ = waited.wait()
            let forgotten = try ChildProcess(spawning: shell("exec sleep 60"))
            pids = [waited.pid, forgotten.pid]
        }
        for pid in pids { #expect(access("/proc/\(pid)", F_OK) != 0, "process \(pid) is gone") }
    }

    @Test("the process descriptor becomes readable at the child's end and not before")
    func processDescriptor() throws {
        let child = try ChildProcess(spawning: shell("exec sleep 60"))
        #expect(try DescriptorIO.poll(child.processDescriptor, .read, timeoutNanoseconds: 0) == [])
        child.signalGroup(SIGKILL)
        #expect(try DescriptorIO.poll(child.processDescriptor, .read, timeoutNanoseconds: nil).contains(.read))
        #expect(child.poll() == .signalled(SIGKILL))
    }

    @Test("a signal to a child that has been reaped goes nowhere")
    func lateSignal() throws {
        let child = try ChildProcess(spawning: shell("exit 4"))
        _ = child.wait()
        child.signal(SIGKILL)
        child.signalGroup(SIGKILL)
        #expect(child.teardown([.terminate(allowed: .seconds(1))]) == .exited(4))
    }

    @Test("many children at once from several threads all end as they should")
    func manyAtOnce() throws {
        let results = Locked<[Int32: SystemSupport.ExitStatus]>([:])
        let threads = (0..<4).map { thread in
            startThread(named: "spawner") {
                for index in 0..<10 {
                    let code = Int32(thread * 10 + index)
                    guard let child = try? ChildProcess(spawning: shell("exit \(code)")) else { continue }
                    let status = child.wait()
                    results.withLock { $0[code] = status }
                }
            }
        }
        for thread in threads { thread.join() }
        let all = results.withLock { $0 }
        #expect(all == Dictionary(uniqueKeysWithValues: (0..<40).map { (Int32($0), .exited(Int32($0))) }))
    }
}
