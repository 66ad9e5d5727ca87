import Glibc
import SystemSupport
import TestSupport
import Testing

@testable import DataFlow

/// Whether a program is on the search path.
func isInstalled(_ program: String) -> Bool {
    (EnvironmentVariables.get("PATH") ?? "").split(separator: ":").contains { access("\($0)/\(program)", X_OK) == 0 }
}

@Suite("Files by programs: rsync and curl", .paced, .tags(.realProcess))
struct StagingProgramTests {
    private let directory = ZipDirectory()

    @Test("a program that is absent is an error that names the package")
    func absent() async throws {
        let target = directory.file("x")
        let rsync = RSyncStaging(program: "no-such-rsync")
        let curl = FTPStaging(program: "/no/such/curl")
        for (provider, address, package) in [
            (rsync as any StagingProvider, "rsync://h/x", "package rsync"), (curl, "ftp://h/x", "package curl"),
        ] {
            let file = try File(address)
            let inwards = await #expect(throws: StagingError.self) { try await provider.stageIn(file, to: target) }
            #expect(inwards?.code == .programMissing && inwards?.description.contains(package) == true)
            let outwards = await #expect(throws: StagingError.self) {
                try await provider.stageOut("/etc/passwd", to: file)
            }
            #expect(outwards?.code == .programMissing)
        }
    }

    @Test("a host that would be an option, or a port, is refused")
    func strangeHosts() async throws {
        let target = directory.file("x")
        for host in ["-e", "h:22"] {
            let file = try File("rsync://\(host)/x")
            let error = await #expect(throws: StagingError.self) { try await RSyncStaging().stageIn(file, to: target) }
            #expect(error?.code == .refused)
        }
    }

    @Test("rsync takes plain files when it has a host, and rsync: always")
    func taking() throws {
        let plain = try File("/x")
        let remote = try File("rsync://h/x")
        #expect(RSyncStaging().mode(for: plain, .stageIn) == nil)
        #expect(RSyncStaging(host: "h").mode(for: plain, .stageOut) == .inTask)
        #expect(RSyncStaging(mode: .separateTask).mode(for: remote, .stageIn) == .separateTask)
    }

    @Test("rsync brings and takes files of this machine", .enabled(if: isInstalled("rsync")))
    func rsync() async throws {
        let source = directory.file("a b'c")
        try SmallFile.write(Array("text".utf8), to: source, mode: 0o600)
        let target = directory.file("target")
        let file = try File("rsync:" + File(path: source).url.dropFirst("file://".count))
        try await RSyncStaging().stageIn(file, to: target)
        #expect(try SmallFile.readText(target) == "text")
        let copy = directory.file("copy")
        try await RSyncStaging().stageOut(target, to: try File("rsync:" + copy))
        #expect(try SmallFile.readText(copy) == "text")
        let missing = try File("rsync:/no/such")
        let error = await #expect(throws: StagingError.self) { try await RSyncStaging().stageIn(missing, to: target) }
        #expect(error?.code == .notFound)
    }

    @Test(
        "curl brings and takes files of an FTP server, a Python program of this test",
        .enabled(if: isInstalled("curl") && isInstalled("python3")))
    func ftp() async throws {
        let server = try FTPServer(directory.path)
        let provider = FTPStaging()
        let target = directory.file("target")
        let text = (0..<20_000).map { "line \($0)\n" }.joined()
        for name in ["a b.txt", "cut.txt"] {
            try SmallFile.write(Array(text.utf8), to: directory.file(name), mode: 0o600)
            let file = try File("ftp://127.0.0.1:\(server.port)/" + name.split(separator: " ").joined(separator: "%20"))
            try await provider.stageIn(file, to: target)
            #expect(try SmallFile.readText(target) == text)
        }
        let missing = try File("ftp://127.0.0.1:\(server.port)/none")
        let error = await #expect(throws: StagingError.self) { try await provider.stageIn(missing, to: target) }
        #expect(error?.code == .notFound && error?.description.contains("exit status 78") == true)

        let made = try File("ftp://me:se%22cret@127.0.0.1:\(server.port)/made")
        try await provider.stageOut(target, to: made)
        #expect(try SmallFile.readText(directory.file("made")) == text)
        let wrong = try File("ftp://me:wrong@127.0.0.1:\(server.port)/made")
        let refused = await #expect(throws: StagingError.self) { try await provider.stageOut(target, to: wrong) }
        #expect(refused?.code == .refused && refused?.description.contains("wrong") == false)
    }
}

/// The server of `ftp_server.py`, on a free port of this machine.
private final class FTPServer {
    let port: Int
    private let child: ChildProcess
    private let input: Int32

    init(_ root: String) throws {
        let script = "\(#filePath)".split(separator: "/").dropLast(2).joined(separator: "/") + "/Support/ftp_server.py"
        let (mine, theirs) = try StreamPair.make()
        defer { DescriptorIO.close(theirs) }
        input = mine
        child = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: "python3", arguments: ["python3", "/\(script)", root],
                standardInput: .descriptor(theirs), standardOutput: .descriptor(theirs)))
        var digits = ""
        var byte: UInt8 = 0
        while read(mine, &byte, 1) == 1, byte != 0x0a { digits.unicodeScalars.append(Unicode.Scalar(byte)) }
        guard let port = Int(digits) else { throw FileError(.unreadable, script, "the server did not start") }
        self.port = port
    }

    deinit {
        DescriptorIO.close(input)
        _ = child.wait()
    }
}
