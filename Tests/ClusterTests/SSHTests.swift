import Glibc
import SystemSupport
import TestSupport
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

    /// A settings file with some hosts.
    static func file(_ hosts: [String], _ more: String..., top: String = "") -> String {
        """
        progress: false
        \(top)
        executors:
          htex:
            kind: ssh
            hosts: [\(hosts.joined(separator: ", "))]
            options: [-F, \(directory ?? "")/config]
            workersPerNode: 2

        """ + more.map { "    \($0)\n" }.joined()
    }

    /// What a host's server wrote down, in lines that end as those of terminals do.
    static func log(of host: String) -> [Substring] {
        let text = (try? SmallFile.readText("\(directory ?? "")/\(host).log", limit: 1 << 24)) ?? ""
        return text.split(whereSeparator: \.isNewline)
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
@Suite(
    "Workers on hosts that ssh reaches", .tags(.cluster), .blocking, .serialized,
    .enabled(if: SSHHosts.directory != nil, SSHHosts.hint))
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

    @Test("the example WordCount counts a folder on two hosts, from program to result, and nothing is left behind")
    func example() throws {
        let run = try WordCount.run(SSHHosts.file(["h1", "h2"]))
        WordCount.expectResult(run, blocks: 2)
        #expect(SSHHosts.leftBehind(Self.mark(run)).isEmpty)
    }

    @Test("with connectionSharing all commands go through one connection, which ends by itself afterwards")
    func sharing() throws {
        func connections() -> Int { SSHHosts.log(of: "h1").count { $0.contains("Accepted ") } }
        let before = connections()
        let run = try ClusterRun(
            file: SSHHosts.file(["h1"], "connectionSharing: 4 s", "statusPollingInterval: 1 s"),
            program: "ClusterProgram", ["CLUSTER_ROUNDS": "1"]
        ) { _ in ["waves", "2"] }
        let begun = eventually(within: 40) { run.has("ran-1-0") && run.has("ran-1-1") }
        #expect(begun, "\(run.errors)\(run.log)")
        let path = "/tmp/apus-sockets-\(geteuid())"
        let config = (SSHHosts.directory ?? "") + "/config"
        let check = Slurm.run(["ssh", "-F", config, "-o", "ControlPath=\(path)/%C", "-O", "check", "h1"])
        #expect(check.contains("Master running"), "\(check)")
        try run.touch("go-1")
        #expect(run.waits(for: "wave 1 1"), "\(run.output)\(run.errors)\(run.log)")
        try run.touch("after-1")
        #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
        // The start, at least one question, and the end.
        #expect(connections() - before == 1, "\(SSHHosts.log(of: "h1"))")
        let isGone = eventually(within: 20) {
            Slurm.run(["ls", path]).isEmpty && !Slurm.run(["ps", "-eo", "args"]).contains("ssh: \(path)/")
        }
        #expect(isGone, "\(Slurm.run(["ls", path]))")
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
