import Glibc
import SystemSupport
import TestSupport
import Testing

@Suite("Directories, huge pages and semaphores", .paced)
struct DirectoryTests {
    private func mode(_ path: String) -> UInt32 {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("what is missing is made, what is there stays as it is")
    func make() throws {
        let temporary = TemporaryDirectory()
        let root = temporary.path
        try Directory.make(root + "/a", mode: 0o755)
        try Directory.make(root + "/a/b/c", mode: 0o700)
        try Directory.make(root + "/a/b/c", mode: 0o700)
        #expect(mode(root + "/a") == 0o755)
        #expect(mode(root + "/a/b/c") == 0o700)
    }

    @Test("a directory that cannot be made is an error with its path and the remedy")
    func refused() throws {
        let error = #expect(throws: SystemError.self) {
            try Directory.make("/dev/null/x", mode: 0o700, remedy: "choose another place")
        }
        let text = try #require(error).description
        #expect(text.contains("/dev/null/x") && text.contains("choose another place"))
        #expect(throws: SystemError.self) { try Directory.makeNumbered(in: "/dev/null") }
    }

    @Test("numbered directories count on, are their owner's alone, and end with the limit")
    func numbered() throws {
        let temporary = TemporaryDirectory()
        let root = temporary.path
        #expect(try Directory.makeNumbered(in: root, limit: 2) == root + "/000")
        #expect(try Directory.makeNumbered(in: root, limit: 2) == root + "/001")
        #expect(try Directory.makeNumbered(in: root, limit: 2) == nil)
        #expect(mode(root + "/000") == 0o700)
    }

    @Test("relative paths begin in the working directory")
    func absolute() {
        #expect(Directory.absolute("/x/y") == "/x/y")
        #expect(Directory.absolute("x/y") == Directory.current + "/x/y")
        #expect(access(Directory.current, F_OK) == 0)
    }

    @Test("huge pages are asked for unless the user has said something")
    func hugePages() {
        var environment: [String: String] = [:]
        HugePages.request(in: &environment)
        #expect(environment.values.contains { $0.contains("hugetlb") })
        environment = ["GLIBC_TUNABLES": "glibc.malloc.check=1"]
        HugePages.request(in: &environment)
        #expect(environment == ["GLIBC_TUNABLES": "glibc.malloc.check=1"])
    }

    @Test(
        "a wait with a deadline ends at the deadline, and takes a count that is there",
        arguments: [0, .max] as [UInt64])
    func semaphore(deadline: UInt64) {
        let semaphore = CountingSemaphore()
        semaphore.signal()
        #expect(semaphore.wait(until: deadline))
        #expect(!semaphore.wait(until: Monotonic.nanoseconds + 1_000_000))
        startThread(named: "signals") { semaphore.signal() }
        #expect(semaphore.wait(until: Monotonic.nanoseconds + 60_000_000_000))
    }
}
