import Glibc
import SystemSupport
import Testing

/// Hosts that are network namespaces, made by `Tests/Support/network.py`, which says in the environment that it did.
enum Network {
    static let isThere = EnvironmentVariables.get("APUS_NETWORK") != nil
    static let hint: Comment =
        "there are no hosts here; make some with: Tests/Support/network.py run swift test --filter NetworkTests"
    static let sshHint: Comment = """
        there are no SSH servers on these hosts; start some with: \
        Tests/Support/network.py run Tests/Support/ssh-hosts.sh run swift test --filter NetworkTests
        """
    private static let script =
        #filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 }
        + "/Support/network.py"

    /// Where the submitting program is in the near network.
    static let submitAddress = "198.18.41.1"
    /// Where the gateway is in the far network.
    static let farGateway = "198.18.42.2"

    /// Changes the wires.
    static func tell(_ words: String...) {
        let answer = Slurm.run([script, "tell"] + words)
        if !answer.hasPrefix("ok") { Issue.record("network.py tell \(words): \(answer)") }
    }

    /// Starts a program on a host; it ends with the object.
    static func start(on host: String, _ words: [String], output: String) throws -> ChildProcess {
        let name = (EnvironmentVariables.get("APUS_NETWORK_PREFIX") ?? "apus") + "-" + host
        return try ChildProcess(
            spawning: ChildProcess.Options(
                executable: "ip", arguments: ["ip", "netns", "exec", name] + words,
                standardOutput: .file(output, append: true), standardError: .file(output, append: true)))
    }
}
