import TestSupport
import Testing

@testable import Provisioning

@Suite("Hosts that are reached by ssh, as texts", .paced)
struct SSHHostTests {
    @Test(
        "a text names user, host and port",
        arguments: [
            ("node7", SSHHost("node7")), ("me@node7", SSHHost("node7", user: "me")),
            ("node7:2222", SSHHost("node7", port: 2222)), ("a@b@node7:22", SSHHost("node7", user: "a@b", port: 22)),
            ("fe80::1", SSHHost("fe80::1")), ("[fe80::1]:22", SSHHost("fe80::1", port: 22)),
            ("[::1]", SSHHost("::1")), ("node:x", SSHHost("node:x")),
        ])
    func parsed(_ text: String, _ host: SSHHost) {
        #expect(SSHHost(parsing: text) == host)
    }

    @Test(
        "the text of a host is read back as it was", arguments: ["node7", "me@node7:2222", "[fe80::1]:22", "fe80::1"])
    func roundTrip(_ text: String) {
        #expect(SSHHost(parsing: text).description == text)
    }

    @Test(
        "values that cannot work are named",
        arguments: [
            (SSHProvider(hosts: []), "hosts is empty"),
            (SSHProvider(hosts: ["-oProxyCommand=evil"]), "hosts: a host's name is '-oProxyCommand=evil'"),
            (SSHProvider(hosts: [SSHHost("a", user: "-l")]), "hosts: a host's user is '-l'"),
            (SSHProvider(hosts: [""]), "hosts: a host's name is ''"),
            (SSHProvider(hosts: ["a:70000"]), "hosts: the port of host a is 70000"),
            (SSHProvider(hosts: ["a", "a"]), "hosts names a twice"),
            (SSHProvider(hosts: ["a"], blocks: BlockParameters(maxBlocks: 2)), "blocks can be 2 of 1 hosts"),
            (SSHProvider(hosts: ["a"], workingDirectory: "here"), "workingDirectory is 'here'"),
            (SSHProvider(hosts: ["a"], remoteDirectory: "/a\n"), "remoteDirectory"),
            (SSHProvider(hosts: ["a"], sshProgram: ""), "sshProgram is empty"),
            (SSHProvider(hosts: ["a"], connectTimeout: .zero), "connectTimeout is"),
            (SSHProvider(hosts: ["a"], silenceLimit: 0), "silenceLimit is 0"),
            (
                SSHProvider(hosts: ["a"], executable: .copied(cache: ExecutableCache(limit: 0))),
                "executable.cache.limit is 0"
            ),
        ])
    func faults(_ provider: SSHProvider, _ text: String) {
        #expect(provider.fault?.hasPrefix(text) == true, "\(provider.fault ?? "no fault")")
    }

    @Test("each host is a block of its own unless blocks are named")
    func blocks() {
        let provider = SSHProvider(hosts: ["a", "b", "c"])
        #expect(provider.fault == nil)
        #expect(provider.blocks == BlockParameters(initBlocks: 3, maxBlocks: 3))
    }

    @Test("the command names everything that could make ssh ask or wait")
    func arguments() {
        let connection = SSHConnection(
            program: "ssh", host: SSHHost("h", user: "u", port: 9, options: ["-i", "key"]), options: ["-F", "config"],
            connectTimeout: .seconds(8), sharing: nil)
        #expect(
            connection.arguments == [
                "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=8", "-o", "ServerAliveInterval=4", "-o",
                "ServerAliveCountMax=2", "-F", "config", "-i", "key", "-p", "9", "-l", "u", "--", "h",
            ])
        var shared = connection
        shared.sharing = .seconds(60)
        #expect(shared.arguments.contains("ControlPersist=60"))
    }
}

@Suite("What hosts answer", .paced)
struct SSHAnswersTests {
    @Test("lines that are not ours are passed over, and tails are decoded")
    func places() {
        let places = SSHAnswers.places(
            """
            Welcome to the cluster
            apus-ssh a running
            apus-ssh b exited 3 \(Base64.text(Array("no such\nfile".utf8)))
            apus-ssh c killed -
            apus-ssh d absent
            apus-ssh e rebooted
            apus-ssh f dancing
            apus-ssh g
            """)
        #expect(
            places == [
                "a": .init(state: .running), "b": .init(state: .exited(3), tail: "no such\nfile"),
                "c": .init(state: .killed), "d": .init(state: .absent), "e": .init(state: .rebooted),
            ])
    }

    private typealias State = SSHAnswers.Place.State

    @Test(
        "the state of a job on several hosts",
        arguments: [
            ([.running, .exited(1)], JobState.running, nil), ([.running, nil], .running, nil),
            ([.exited(0), .exited(0)], .completed, nil), ([.exited(0), .exited(7)], .failed, "ended on h1"),
            ([.exited(124)], .timeout, "walltime, on h0"), ([.exited(0), nil], .unknown, "not all hosts answer"),
            ([.exited(1), .rebooted], .failed, "h1 was started again"),
            ([.killed], .failed, "killed on h0, by nobody known"), ([.absent], .unknown, nil),
        ] as [([SSHAnswers.Place.State?], JobState, String?)])
    func states(_ states: [SSHAnswers.Place.State?], _ expected: JobState, _ reason: String?) {
        let places = states.enumerated().map {
            (host: "h\($0.offset)", place: $0.element.map { SSHAnswers.Place(state: $0) })
        }
        let status = SSHAnswers.status(places, hasWalltime: true)
        #expect(status.state == expected)
        #expect(status.reason == reason)
    }

    @Test(
        "what ssh says is told apart",
        arguments: [
            ("Host key verification failed.", ProviderError.Code.untrusted),
            ("@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.", .untrusted),
            ("No ED25519 host key is known for h and you have requested strict checking.", .untrusted),
            ("me@h: Permission denied (publickey).", .permissionDenied),
            ("Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures", .permissionDenied),
            ("ssh: connect to host h port 22: Connection timed out", .timedOut),
            ("Connection timed out during banner exchange", .timedOut),
            ("ssh: connect to host h port 22: No route to host", .unreachable),
            ("ssh: connect to host h port 22: Connection refused", .unreachable),
            ("ssh: Could not resolve hostname h: Name or service not known", .unreachable),
            ("Connection to h closed by remote host.", .connectionLost),
            ("Timeout, server h not responding.", .connectionLost),
            ("client_loop: send disconnect: Broken pipe", .connectionLost),
            ("kex_exchange_identification: read: Connection reset by peer", .connectionLost),
            ("something new", .refused),
        ])
    func failures(_ text: String, _ code: ProviderError.Code) {
        #expect(SSHAnswers.failure(text).code == code)
        #expect(!SSHAnswers.failure(text).remedy.isEmpty)
    }
}
