import Glibc
import SystemSupport
import TestSupport
import Testing

@testable import DataFlow

/// The hosts of `Tests/Support/ssh-hosts.sh`.
private enum RSyncHosts {
    static let directory = EnvironmentVariables.get("APUS_SSH_HOSTS")
    static let hint: Comment =
        "there are no hosts; start some with: Tests/Support/ssh-hosts.sh run swift test --filter RSyncOverSSHTests"
}

/// Real SSH servers of this machine: `Tests/Support/ssh-hosts.sh run swift test --filter RSyncOverSSHTests`.
@Suite(
    "Files of another machine by rsync over ssh", .paced, .tags(.cluster), .serialized,
    .enabled(if: RSyncHosts.directory != nil && isInstalled("rsync"), RSyncHosts.hint))
struct RSyncOverSSHTests {
    /// rsync that reaches the hosts of the script, and asks nobody anything.
    private func staging(host: String? = nil) -> RSyncStaging {
        let config = (RSyncHosts.directory ?? "") + "/config"
        return RSyncStaging(host: host, arguments: ["--rsh=ssh -F \(config) -o BatchMode=yes -o ConnectTimeout=5"])
    }

    private func makeFolder() throws -> String {
        var template = Array("/tmp/apus-rsync-XXXXXX".utf8CString)
        return try #require(mkdtemp(&template).map { String(cString: $0) })
    }

    private func remove(_ folder: String) {
        _ = try? ChildProcess(spawning: .init(executable: "rm", arguments: ["rm", "-rf", folder])).wait()
    }

    @Test("a file is brought from a host, and another one taken there, names with blanks and quotes as well")
    func bothWays() async throws {
        let folder = try makeFolder()
        defer { remove(folder) }
        let name = folder + "/a 'strange' \"name\" $HOME"
        try SmallFile.write(Array("from there".utf8), to: name, mode: 0o644)
        let remote = try File("rsync://h1" + File(path: name).url.dropFirst("file://".count))
        try await staging().stageIn(remote, to: folder + "/here")
        #expect(try SmallFile.readText(folder + "/here") == "from there")

        try SmallFile.write(Array("from here".utf8), to: folder + "/result", mode: 0o644)
        try await staging(host: "h2").stageOut(folder + "/result", to: File(path: folder + "/there"))
        #expect(try SmallFile.readText(folder + "/there") == "from here")
    }

    @Test("a file that the host does not have is not found")
    func missing() async throws {
        let folder = try makeFolder()
        defer { remove(folder) }
        let error = await #expect(throws: StagingError.self) {
            try await staging().stageIn(try File("rsync://h1/no/such/file"), to: folder + "/x")
        }
        #expect(error?.code == .notFound, "\(String(describing: error))")
        #expect(access(folder + "/x", F_OK) != 0)
    }

    @Test(
        "a host that cannot be reached, is not known, or lets nobody in is an error with what ssh said",
        arguments: [
            ("closed", "Connection refused"), ("stranger", "Host key verification failed"),
            ("locked", "Permission denied"),
        ])
    func unreachable(host: String, words: String) async throws {
        let folder = try makeFolder()
        defer { remove(folder) }
        let error = await #expect(throws: StagingError.self) {
            try await staging().stageIn(try File("rsync://\(host)/etc/hostname"), to: folder + "/x")
        }
        #expect(error?.code == .transferFailed)
        #expect(error.map { "\($0)".contains(words) } == true, "\(String(describing: error))")
    }
}
