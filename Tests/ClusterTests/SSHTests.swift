import Glibc
import SystemSupport
import Testing

/// The hosts of `Tests/Support/ssh-hosts.sh`.
enum SSHHosts {
    static let directory = EnvironmentVariables.get("APUS_SSH_HOSTS")
    static let hint: Comment =
        "there are no hosts; start some with: Tests/Support/ssh-hosts.sh run swift test --filter SSHTests"

    /// The settings of a run on some hosts.
    static func settings(_ hosts: String, _ more: [String: String] = [:]) -> [String: String] {
        var result = [
            "CLUSTER_HOSTS": hosts, "CLUSTER_SSH_CONFIG": (directory ?? "") + "/config", "CLUSTER_NODES": "1",
            "CLUSTER_BLOCKS": "\(hosts.split(separator: ",").count)",
        ]
        result.merge(more) { $1 }
        return result
    }

    /// Processes that a run of the program has left behind; they have some seconds to end.
    static func leftBehind(_ marker: String) -> String {
        var left = ""
        _ = eventually(within: 15) {
            left = Slurm.run(["sh", "-c", "grep -lsz 'APUS_SSH_JOB=.*\(marker)' /proc/[0-9]*/environ"])
            return left.isEmpty
        }
        return left
    }
}

/// Real SSH servers of this machine: `Tests/Support/ssh-hosts.sh run swift test --filter SSHTests`.
@Suite("Workers on hosts that ssh reaches", .serialized, .enabled(if: SSHHosts.directory != nil, SSHHosts.hint))
struct SSHTests {
    private static func words(_ settings: [String: String]) throws -> ClusterRun {
        try ClusterRun(
            [], SSHHosts.settings("h1,h2", settings),
            prepare: { directory in
                try SmallFile.write(Array("one two two three, Three THREE".utf8), to: directory + "/a.txt", mode: 0o644)
                try SmallFile.write(Array("three".utf8), to: directory + "/b.txt", mode: 0o644)
            }
        ) { ["words", $0] }
    }

    /// The eight digits of a run that are in its jobs' names.
    private static func mark(_ run: ClusterRun) -> String {
        var job: Substring = ""
        // It may have workers before the answer to its start has come.
        _ = eventually(within: 20) {
            job = run.log.split(separator: "\n").first { $0.contains("block 0 is job ") } ?? ""
            return !job.isEmpty
        }
        return job.split(separator: ".").last.map { String($0.prefix(8)) } ?? "no job"
    }

    @Test("words are counted on two hosts that share files, and nothing is left behind")
    func shared() throws {
        let run = try Self.words([:])
        #expect(run.finish() == .exited(0), "\(run.errors)")
        #expect(run.output == "4 three\n2 two\n1 one\n", "\(run.errors)\(run.log)")
        #expect(SSHHosts.leftBehind(Self.mark(run)).isEmpty)
    }

    @Test("nodes that see the program can keep a copy of it")
    func sharedWithCopies() throws {
        let cache = "/tmp/apus-cache-\(CurrentProcess.pid)-shared"
        let run = try Self.words(["CLUSTER_SHARED_CACHE": cache])
        #expect(run.finish() == .exited(0), "\(run.errors)")
        #expect(run.output == "4 three\n2 two\n1 one\n", "\(run.errors)\(run.log)")
        #expect(Slurm.run(["ls", cache]).split(separator: "\n").map(\.count) == [64])
        Slurm.run(["rm", "-rf", "--", cache])
    }

    @Test("words are counted on hosts that see no file of this one: the program and its keys are brought there")
    func copied() throws {
        let cache = "/tmp/apus-cache-\(CurrentProcess.pid)-copied"
        let run = try Self.words(["CLUSTER_COPY": cache])
        #expect(run.finish() == .exited(0), "\(run.errors)")
        #expect(run.output == "4 three\n2 two\n1 one\n", "\(run.errors)\(run.log)")
        #expect(Slurm.run(["ls", cache]).split(separator: "\n").map(\.count) == [64])
        #expect(SSHHosts.leftBehind(Self.mark(run)).isEmpty)
        Slurm.run(["rm", "-rf", "--", cache])
    }

    @Test("tasks run on both hosts of a block of two")
    func bothHosts() throws {
        let settings = SSHHosts.settings("h1,h2", ["CLUSTER_NODES": "2", "CLUSTER_BLOCKS": "1"])
        let run = try ClusterRun(["nap", "30", "400"], settings)
        #expect(run.finish() == .exited(0), "\(run.errors)")
        let places = Set(run.output.split(separator: "\n").filter { $0.hasPrefix("ran on") })
        #expect(places.count == 2, "\(run.output)\(run.log)")
    }

    @Test("Ctrl-C ends the processes on the hosts")
    func interrupted() throws {
        let run = try ClusterRun(["nap", "4", "60000"], SSHHosts.settings("h1"))
        #expect(run.waitsForWorkers(), "\(run.errors)\(run.log)")
        kill(run.child.pid, SIGINT)
        #expect(run.finish() == .exited(130), "\(run.errors)")
        #expect(SSHHosts.leftBehind(Self.mark(run)).isEmpty)
    }

    @Test("a job that is killed on its host is replaced, and its tasks run again")
    func killed() throws {
        let run = try ClusterRun(["nap", "6", "2000"], SSHHosts.settings("h1", ["CLUSTER_RETRIES": "3"]))
        #expect(run.waitsForWorkers(), "\(run.errors)\(run.log)")
        let mark = Self.mark(run)
        Slurm.run([
            "sh", "-c",
            "for f in $(grep -lsz 'APUS_SSH_JOB=.*\(mark)' /proc/[0-9]*/environ); do p=${f#/proc/}; kill -9 ${p%/environ}; done",
        ])
        #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
        #expect(run.output.split(separator: "\n").filter { $0.hasPrefix("ran on") }.count == 6, "\(run.output)")
        #expect(run.log.contains("killed on h1"), "\(run.log)")
    }

    @Test(
        "hosts that cannot be used are errors with ssh's own words, and the program ends",
        arguments: [
            ("stranger", "Host key verification failed"), ("locked", "Permission denied (publickey)"),
            ("silent", "timed out"),
        ])
    func unusable(_ host: String, _ words: String) throws {
        let run = try ClusterRun(["nap", "1", "1"], SSHHosts.settings(host))
        #expect(run.finish() != nil)
        #expect(run.output.contains("in a row came to nothing"), "\(run.output)\(run.errors)")
        #expect(run.output.contains(words), "\(run.output)")
        #expect(run.output.contains("$ ssh -T"), "\(run.output)")
    }
}
