import Glibc
import SystemSupport
import TestSupport
import Testing

/// Run by `Tests/Support/network.py run Tests/Support/ssh-hosts.sh run swift test --filter NetworkTests`, as root.
///
/// The example WordCount starts its workers by ssh, over the wires as well; other tasks are started in the namespaces.
@Suite(
    "Workers behind a bad network", .tags(.cluster), .blocking, .serialized, .enabled(if: Network.isThere, Network.hint)
)
struct NetworkTests {
    private static let near = ["CLUSTER_NAMESPACES": "n1 n2", "CLUSTER_ADDRESS": Network.submitAddress]

    /// How often each task began, by what the tasks themselves wrote down.
    private static func begun(_ run: ClusterRun) -> [Int: Int] {
        let text = (try? SmallFile.readText(run.directory + "/input/begun")) ?? ""
        return text.split(separator: "\n").compactMap { Int($0) }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    private static func lines(_ run: ClusterRun, _ start: String) -> [Substring] {
        run.output.split(separator: "\n").filter { $0.hasPrefix(start) }
    }

    /// Both hosts by ssh.
    private static func hosts(_ more: String..., top: String = "") -> String {
        SSHHosts.file(["n1", "n2"], "address: \(Network.submitAddress)", top: top)
            + more.map { "    \($0)\n" }.joined()
    }

    @Test(
        "the example WordCount on two hosts, 50 ms away each, with one frame in a hundred lost",
        .enabled(if: SSHHosts.directory != nil, Network.sshHint))
    func words() throws {
        Network.tell("delay", "50")
        Network.tell("loss", "1")
        defer {
            Network.tell("delay", "0")
            Network.tell("loss", "0")
        }
        let start = Monotonic.nanoseconds
        let run = try WordCount.run(Self.hosts())
        WordCount.expectResult(run, blocks: 2)
        print("words over 50 ms and 1 % loss took \((Monotonic.nanoseconds - start) / 1_000_000) ms")
    }

    @Test(
        "the example WordCount while a link is cut for 20 s: what one host has is waited for, and the result is right",
        .enabled(if: SSHHosts.directory != nil, Network.sshHint))
    func cutWords() throws {
        let run = try WordCount.run(Self.hosts("heartbeatThreshold: 60 s", top: "lostRetries: 0"), size: 5)
        let areThere = eventually(within: 60) {
            let log = run.text("runinfo/000/htex/interchange.log")
            return (0..<2).allSatisfy { log.contains("block \($0), 2 workers") }
        }
        #expect(areThere, "\(run.errors)\(run.log)")
        Network.tell("cut", "n1")
        usleep(20_000_000)
        #expect(run.child.poll() == nil, "tasks of the host behind the cut are still missing")
        Network.tell("heal", "n1")
        let start = Monotonic.nanoseconds
        WordCount.expectResult(run, size: 5, blocks: 2)
        print("the words were counted \((Monotonic.nanoseconds - start) / 1_000_000) ms after the cut of 20 s")
    }

    @Test("a link that is cut for 20 s: no task is lost, none runs twice unseen, every error says why")
    func cut() throws {
        func marking(_ settings: [String: String]) throws -> ClusterRun {
            try ClusterRun([], Self.near.merging(settings) { $1 }, more: { ["mark", "24", "1500", $0 + "/begun"] })
        }
        // One that waits for a minute, one that gives a silent manager up after ten seconds and tries nothing again, and
        // one that tries again.
        let patient = try marking(["CLUSTER_SILENCE": "60", "CLUSTER_RETRIES": "0"])
        let strict = try marking(["CLUSTER_RETRIES": "0"])
        let again = try marking(["CLUSTER_RETRIES": "2"])
        let runs = [patient, strict, again]
        for run in runs {
            #expect(eventually(within: 60) { Self.begun(run).count >= 4 }, "\(run.errors)\(run.log)")
        }
        Network.tell("cut", "n1")
        let start = Monotonic.nanoseconds
        // All that n2 can do is soon done; what n1 has is not.
        usleep(20_000_000)
        Network.tell("heal", "n1")
        for run in runs { #expect(run.finish() == .exited(0), "\(run.output)\(run.errors)\(run.log)") }
        print("all was done \((Monotonic.nanoseconds - start) / 1_000_000) ms after the cut of 20 s began")

        for run in runs {
            let ended = Self.lines(run, "ran on").count + Self.lines(run, "failed").count
            #expect(ended == 24, "\(run.output)")
        }
        #expect(Self.lines(patient, "ran on").count == 24, "\(patient.output)")
        #expect(Self.begun(patient).allSatisfy { $0.value == 1 }, "\(Self.begun(patient))")

        let failures = Self.lines(strict, "failed")
        #expect(!failures.isEmpty, "\(strict.output)")
        #expect(failures.allSatisfy { $0.contains("managerLost") && $0.contains("on n1") }, "\(strict.output)")
        #expect(Self.begun(strict).allSatisfy { $0.value == 1 }, "\(Self.begun(strict))")

        #expect(Self.lines(again, "ran on").count == 24, "\(again.output)")
        #expect(Self.begun(again).values.reduce(0, +) <= 24 + failures.count + 4, "\(Self.begun(again))")
    }

    @Test("a host without a way to the workflow works through a relay on a gateway")
    func relay() throws {
        let port = 54_321
        let run = try ClusterRun(
            ["nap", "6", "100"],
            [
                "CLUSTER_NAMESPACES": "f1", "CLUSTER_ADDRESS": Network.submitAddress,
                "CLUSTER_GATEWAY": Network.farGateway, "CLUSTER_PORT": "\(port)",
            ])
        let output = run.directory + "/relay"
        let relay = try Network.start(
            on: "gateway", [Built.apus, "relay", "\(Network.submitAddress):\(port)"], output: output)
        #expect(run.finish() == .exited(0), "\(run.errors)\(run.log)")
        #expect(Self.lines(run, "ran on f1").count == 6, "\(run.output)\(run.errors)\(run.log)")
        relay.signal(SIGTERM)
        #expect(relay.wait(deadlineNanoseconds: Monotonic.nanoseconds + 10_000_000_000) == .exited(0))
        let log = (try? SmallFile.readText(output)) ?? ""
        #expect(log.contains("forwarding port \(port) to \(Network.submitAddress)"), "\(log)")
    }
}
