import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite("The own process and machine", .paced)
struct CurrentProcessTests {
    @Test("the program and its words are known")
    func program() {
        #expect(access(CurrentProcess.executablePath, X_OK) == 0)
        #expect(CurrentProcess.commandLine.first == CommandLine.arguments.first)
        #expect(CurrentProcess.pid == getpid())
        #expect(!CurrentProcess.hostName.isEmpty)
    }

    @Test("the words of another process's command line keep empty ones")
    func emptyWords() throws {
        let directory = TemporaryDirectory()
        var options = ChildProcess.Options(
            executable: "/bin/cat", arguments: ["cat", "/proc/self/cmdline", "", "/dev/null"])
        options.standardOutput = .file(directory.file("words"), append: false)
        options.standardError = .null
        _ = try ChildProcess(spawning: options).wait()
        #expect(try directory.text("words") == "cat\0/proc/self/cmdline\0\0/dev/null\0")
    }

    @Test("the parent's descriptor belongs to the parent and is silent while it lives")
    func parentDescriptor() throws {
        let descriptor = try CurrentProcess.openParentDescriptor()
        defer { DescriptorIO.close(descriptor) }
        #expect(try DescriptorIO.poll(descriptor, .read, timeoutNanoseconds: 0) == [])
        let information = try SmallFile.readText("/proc/self/fdinfo/\(descriptor)")
        #expect(information.contains("Pid:\t\(CurrentProcess.parentPid)\n"))
    }

    @Test("a process descriptor becomes readable when the process ends")
    func endOfProcess() throws {
        let child = try ChildProcess(spawning: shell("exec sleep 60"))
        let descriptor = try CurrentProcess.openDescriptor(of: child.pid)
        defer { DescriptorIO.close(descriptor) }
        child.signal(SIGKILL)
        #expect(try DescriptorIO.poll(descriptor, .read, timeoutNanoseconds: nil).contains(.read))
        _ = child.wait()
        let error = try #require(throws: SystemError.self) { try CurrentProcess.openDescriptor(of: child.pid) }
        #expect(error.code == ESRCH)
    }

    @Test("a parent-death signal that does not exist is refused")
    func parentDeathSignal() throws {
        let error = try #require(throws: SystemError.self) { try CurrentProcess.setParentDeathSignal(4711) }
        #expect(error.code == EINVAL && error.description.contains("4711"))
    }

    @Test("the soft limit on descriptors reaches the hard one")
    func descriptorLimit() {
        let limit = CurrentProcess.raiseDescriptorLimit()
        #expect(limit.soft == limit.hard)
        #expect(limit.soft > 0)
    }

    @Test("usage grows with work, and the thread's is part of the process's")
    func usage() {
        let before = CurrentProcess.usage(of: .thread)
        var sum: UInt64 = 0
        let worked = eventually {
            for value in 0..<100_000 { sum &+= UInt64(value) }
            let now = CurrentProcess.usage(of: .thread)
            return (now - before).userNanoseconds + (now - before).systemNanoseconds > 20_000_000
        }
        #expect(worked, "\(sum)")
        #expect(CurrentProcess.usage().userNanoseconds > 0)
        #expect(CurrentProcess.usage().maxResidentBytes > 1_000_000)
    }

    @Test("memory and processors are counted")
    func machine() throws {
        let cores = CurrentProcess.availableCores
        #expect(!cores.isEmpty && cores == cores.sorted())
        #expect(CurrentProcess.physicalCoreCount >= 1)
        #expect(CurrentProcess.totalMemoryBytes > CurrentProcess.availableMemoryBytes)
        let resident = try #require(CurrentProcess.residentBytes(getpid()))
        let peak = try #require(CurrentProcess.peakResidentBytes(getpid()))
        #expect(resident > 1_000_000 && peak >= resident)
        #expect(CurrentProcess.residentBytes(-5) == nil)
    }

    @Test("a thread can be bound to one processor, and a processor that does not exist is refused")
    func affinity() throws {
        let outcome = Locked<(cores: [Int], refused: Bool)>(([], false))
        let wanted = try #require(CurrentProcess.availableCores.last)
        startThread(named: "bound") {
            try? CurrentProcess.setAvailableCores([wanted])
            let cores = CurrentProcess.availableCores
            var refused = false
            do throws(SystemError) { try CurrentProcess.setAvailableCores([100_000]) } catch { refused = true }
            outcome.withLock { [refused] in $0 = (cores, refused) }
        }.join()
        let (cores, refused) = outcome.withLock { $0 }
        #expect(cores == [wanted])
        #expect(refused)
    }

    @Test("variables are set, read, listed and removed")
    func variables() throws {
        let name = "APUS_TEST_VARIABLE"
        try EnvironmentVariables.set(name, "a=b c")
        #expect(EnvironmentVariables.get(name) == "a=b c")
        #expect(EnvironmentVariables.all[name] == "a=b c")
        EnvironmentVariables.unset(name)
        #expect(EnvironmentVariables.get(name) == nil)
        let error = try #require(throws: SystemError.self) { try EnvironmentVariables.set("A=B", "1") }
        #expect(error.code == EINVAL)
    }

    @Test("durations become nanoseconds without overflow")
    func durations() {
        #expect(Duration.milliseconds(1500).clampedNanoseconds == 1_500_000_000)
        #expect(Duration.seconds(-1).clampedNanoseconds == 0)
        #expect(Duration.seconds(Int64.max).clampedNanoseconds == .max)
        #expect(Monotonic.deadline(after: .seconds(Int64.max)) == .max)
        #expect(WallClock.seconds > 1.7e9)
    }

    @Test("a file is written with its permissions and read back within its limit")
    func files() throws {
        let directory = TemporaryDirectory()
        let path = directory.file("secret")
        try SmallFile.write([1, 2, 3], to: path, mode: 0o600)
        try SmallFile.write([4, 5], to: path, mode: 0o600)
        #expect(try SmallFile.read(path) == [4, 5])
        var information = stat()
        #expect(stat(path, &information) == 0 && information.st_mode & 0o777 == 0o600)
        let long = try #require(throws: SystemError.self) { try SmallFile.read(path, limit: 1) }
        #expect(long.code == EFBIG)
        let missing = try #require(throws: SystemError.self) { try SmallFile.read(directory.file("none")) }
        #expect(missing.code == ENOENT && missing.description.contains("none'"))
    }
}
