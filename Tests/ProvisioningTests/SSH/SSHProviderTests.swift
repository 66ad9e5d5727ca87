import Glibc
import SystemSupport
import TestSupport
import Testing
import WorkflowCore

@testable import Provisioning

/// An `ssh` that runs the remote command on this machine, in a directory that stands for each host's own.
///
/// What really crosses a network is in ClusterTests.
@Suite("Jobs on hosts, with an ssh that goes nowhere", .paced, .tags(.realProcess))
struct SSHProviderTests {
    private struct Scene {
        let directory: TemporaryDirectory
        var provider: SSHProvider
        /// What `ssh` does before it runs anything: shell text with `$host`.
        init(hosts: [SSHHost] = ["h1"], before: String = "", blocks: BlockParameters? = nil) throws {
            directory = try TemporaryDirectory()
            let path = directory.path
            let ssh = """
                #!/bin/sh
                while [ "$1" != -- ]; do shift; done
                host=$2
                shift 2
                echo "$host: $*" >>\(path)/calls
                mkdir -p "\(path)/$host"
                export TMPDIR="\(path)/$host"
                \(before)
                echo 'Welcome to the machine'
                exec /bin/sh -c "$*"
                """
            try Script.write(ssh, to: path + "/ssh")
            provider = SSHProvider(
                hosts: hosts, sshProgram: path + "/ssh", grace: .seconds(2), blocks: blocks)
        }

        func job(_ command: String, name: String = "apus.x.block-0", program: JobProgram? = nil) -> JobRequest {
            JobRequest(
                command: command, blockID: BlockID("0"), name: "\(name).\(directory.path.suffix(6))",
                directory: directory.path, workingDirectory: directory.path, program: program)
        }

        func text(_ name: String) -> String { (try? SmallFile.readText("\(directory.path)/\(name)")) ?? "" }

        /// Asks until the job is over, or something else is so.
        func status(_ id: JobID, until done: (JobStatus) -> Bool = { $0.state.isTerminal }) async throws -> JobStatus? {
            let deadline = Monotonic.deadline(after: .seconds(90))
            while Monotonic.nanoseconds < deadline {
                let answer = try await provider.status(of: [id])[id]
                if let answer, done(answer) { return answer }
                try await Task.sleep(for: .milliseconds(50))
            }
            return try await provider.status(of: [id])[id]
        }
    }

    @Test("a job runs in its directory, and its end and what it printed are known")
    func runs() async throws {
        var scene = try Scene()
        scene.provider.workerInit = "export GREETING='good morning'"
        let job = scene.job("sh -c 'pwd; echo \"$GREETING\"; exit 3'")
        let id = try await scene.provider.submit(job)
        let status = try await scene.status(id)
        #expect(status == JobStatus(.failed, reason: "ended on h1", exitCode: 3))
        let output = try SmallFile.readText(job.errorPath)
        #expect(output == "\(scene.directory.path)\ngood morning\n")
    }

    @Test("a job that ends well is completed, and its host is free again")
    func completed() async throws {
        let scene = try Scene()
        for block in 0..<2 {
            let id = try await scene.provider.submit(scene.job("true", name: "apus.x.block-\(block)"))
            let status = try await scene.status(id)
            #expect(status == JobStatus(.completed, exitCode: 0))
        }
    }

    @Test("a host has one job at a time")
    func busy() async throws {
        let scene = try Scene()
        let id = try await scene.provider.submit(scene.job("sleep 100"))
        let second = scene.job("true", name: "apus.x.block-1")
        let error = await #expect(throws: ProviderError.self) { _ = try await scene.provider.submit(second) }
        #expect(error?.message.contains("fewer have no job") == true)
        try await scene.provider.cancel([id])
    }

    @Test("cancel ends the job with what it started, and not a process that came by its number")
    func cancelled() async throws {
        let scene = try Scene()
        let id = try await scene.provider.submit(
            scene.job("sh -c 'trap \"\" TERM; setsid sleep 1000 & echo $! >child; sleep 1000'"))
        var child = ""
        _ = await becomesTrue {
            child = scene.text("child").split(separator: "\n").first.map(String.init) ?? ""
            return !child.isEmpty
        }
        let number = try #require(Int32(child))
        // Another process of this user, whose number an old file of a job names.
        let stranger = try ChildProcess(
            spawning: ChildProcess.Options(executable: "sleep", arguments: ["sleep", "1000"]))
        let root = "\(scene.directory.path)/h1/apus-ssh-\(getuid())"
        mkdir(root + "/old", 0o700)
        try SmallFile.write(Array("\(stranger.pid) 1 boot\n".utf8), to: root + "/old/pid", mode: 0o600)
        let script = SSHScripts.cancel(names: ["old"], root: root, graceSeconds: 1)
        var command = SchedulerCommand("/bin/sh", [], timeout: .seconds(120))
        command.input = .text(script)
        _ = try await command.output()
        #expect(stranger.poll() == nil)
        stranger.teardown([])

        try await scene.provider.cancel([id])
        let isGone = await becomesTrue { kill(number, 0) != 0 }
        #expect(isGone)
        let status = try await scene.status(id)
        #expect(status?.state == .failed)
    }

    @Test("the walltime ends a job")
    func walltime() async throws {
        let scene = try Scene(blocks: BlockParameters(walltime: .seconds(1)))
        let id = try await scene.provider.submit(scene.job("sleep 1000"))
        let status = try await scene.status(id)
        #expect(status == JobStatus(.timeout, reason: "walltime, on h1", exitCode: 124))
    }

    @Test("a job killed with its supervisor is failed, not lost")
    func killed() async throws {
        let scene = try Scene()
        let id = try await scene.provider.submit(scene.job("sleep 1000"))
        let file = "h1/apus-ssh-\(getuid())/\(id)@h1/pid"
        let pid = try #require(scene.text(file).split(separator: " ").first.flatMap { Int32($0) })
        kill(-pid, SIGKILL)
        let status = try await scene.status(id)
        #expect(status == JobStatus(.failed, reason: "killed on h1, by nobody known", exitCode: 137))
        try await scene.provider.cancel([id])
    }

    @Test("a program is copied to a host once, gets its parameters in a private file, and its keys go with it")
    func copied() async throws {
        var scene = try Scene()
        scene.provider.executable = .copied(cache: ExecutableCache())
        let path = scene.directory.path + "/a program"
        // What tasks write is for whom the user wants it to be for, though files of jobs are private.
        let mask = try await SchedulerCommand("sh", ["-c", "umask"], timeout: .seconds(120)).output().split(
            separator: "\n")[0]
        let text = """
            #!/bin/sh
            echo "$0 $* $APUS_ROLE $(cat "$APUS_ROLE_FILE") $(stat -c %a "$APUS_ROLE_FILE")"
            [ "$(umask)" = "\(mask)" ] && [ "$PWD" = "$APUS_ROLE_LOGS" ] || exit 9

            """
        try Script.write(text, to: path)
        let digest = try ExecutableFile.digestWaiting(path)
        for block in 0..<2 {
            let job = scene.job(
                "", name: "apus.x.block-\(block)",
                program: JobProgram(
                    executable: path, arguments: ["it's", "so"], environment: ["APUS_ROLE": "manager"],
                    parameters: Array("secret".utf8)))
            let id = try await scene.provider.submit(job)
            let status = try await scene.status(id)
            let printed = (try? SmallFile.readText(job.errorPath)) ?? ""
            #expect(status == JobStatus(.completed, exitCode: 0), "\(printed)")
            let cache = "\(scene.directory.path)/h1/apus-programs-\(getuid())/\(digest)"
            #expect(printed == "\(cache) it's so manager secret 600\n")
            #expect(access("\(scene.directory.path)/h1/apus-ssh-\(getuid())/\(id)@h1/parameters", F_OK) != 0)
        }
        let copies = scene.text("calls").split(separator: "\n").filter { $0.contains("eval") }
        #expect(copies.count == 1)
        #expect(!scene.text("calls").contains("secret"))
    }

    @Test("a start whose answer was lost is found by the next one, and runs once")
    func startedOnce() async throws {
        let lost = """
            if [ ! -e "$TMPDIR/first" ]; then touch "$TMPDIR/first"; sh -c "$*" >/dev/null
                echo 'Connection reset by peer' >&2; exit 255; fi
            """
        let scene = try Scene(before: lost)
        let id = try await scene.provider.submit(scene.job("sh -c 'echo once >>ran; sleep 100'"))
        let hasRun = await becomesTrue { !scene.text("ran").isEmpty }
        #expect(hasRun)
        #expect(scene.text("ran") == "once\n")
        try await scene.provider.cancel([id])
    }

    @Test("a host that falls silent keeps its job for a while, then the job fails with what ssh said")
    func silent() async throws {
        let scene = try Scene(before: "[ ! -e \"$TMPDIR/gone\" ] || { echo \"ssh: No route to host\" >&2; exit 255; }")
        let id = try await scene.provider.submit(scene.job("sleep 100"))
        let gone = scene.directory.path + "/h1/gone"
        try SmallFile.write([], to: gone, mode: 0o600)
        for _ in 1..<3 {
            let status = try await scene.provider.status(of: [id])[id]
            #expect(status?.state == .unknown)
        }
        let status = try await scene.provider.status(of: [id])[id]
        #expect(status == JobStatus(.failed, reason: "host h1 is lost: ssh: No route to host"))
        unlink(gone)
        try await scene.provider.cancel([id])
    }

    @Test("after a start that failed another host is taken first")
    func otherHost() async throws {
        // Names of their own: the process remembers failures of hosts, and those of other tests would change the order.
        let scene = try Scene(
            hosts: ["shut", "open"],
            before: "[ $host = open ] || { echo \"shut: Permission denied (publickey).\" >&2; exit 255; }",
            blocks: BlockParameters())
        let error = await #expect(throws: ProviderError.self) { _ = try await scene.provider.submit(scene.job("true")) }
        #expect(error?.code == .permissionDenied)
        #expect(error?.output.contains("publickey") == true)
        #expect(error?.command.contains("/ssh -T -o 'BatchMode=yes'") == true)
        let id = try await scene.provider.submit(scene.job("true", name: "apus.x.block-1"))
        let status = try await scene.status(id)
        #expect(status?.state == .completed)
    }

    @Test("a block of several hosts runs on all of them, or on none")
    func several() async throws {
        let scene = try Scene(hosts: ["h1", "h2"], blocks: BlockParameters(nodesPerBlock: 2))
        let id = try await scene.provider.submit(scene.job("sh -c 'echo \"$TMPDIR\" >>ran'"))
        let status = try await scene.status(id)
        #expect(status?.state == .completed)
        #expect(Set(scene.text("ran").split(separator: "\n").map { $0.suffix(2) }) == ["h1", "h2"])

        let broken = try Scene(
            hosts: ["h1", "h2"], before: "[ $host = h1 ] || { cat >/dev/null; exit 9; }",
            blocks: BlockParameters(nodesPerBlock: 2))
        let job = broken.job("sh -c 'echo $$ >running; exec sleep 1000'")
        _ = await #expect(throws: ProviderError.self) { _ = try await broken.provider.submit(job) }
        let pid = Int32(broken.text("running").split(separator: "\n").first ?? "")
        if let pid {
            let isGone = await becomesTrue { kill(pid, 0) != 0 }
            #expect(isGone)
        }
    }

    @Test("a shell that answers with something else is an error that shows it")
    func strange() async throws {
        let scene = try Scene(before: "echo 'This account is closed.'; exit 0")
        let error = await #expect(throws: ProviderError.self) { _ = try await scene.provider.submit(scene.job("true")) }
        #expect(error?.code == .unreadableAnswer)
        #expect(error?.output.contains("This account is closed.") == true)
    }

    @Test("sockets of shared connections are in a directory that nobody else can write into, or there are none")
    func sockets() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/sockets"
        #expect(SSHConnection.socketDirectory(path) == path)
        #expect(SSHConnection.socketDirectory(path) == path, "a second time")
        chmod(path, 0o770)
        #expect(SSHConnection.socketDirectory(path) == nil)
        chmod(path, 0o700)
        symlink(path, path + "-link")
        #expect(SSHConnection.socketDirectory(path + "-link") == nil)
        #expect(SSHConnection.socketDirectory(directory.path + "/none/there") == nil)
    }

    @Test("without ssh the error says what is missing")
    func noProgram() async throws {
        var scene = try Scene()
        scene.provider.sshProgram = "apus-no-such-ssh"
        let provider = scene.provider
        let job = scene.job("true")
        let error = await #expect(throws: ProviderError.self) { _ = try await provider.submit(job) }
        #expect(error?.code == .commandNotFound)
        #expect(error?.message.contains("OpenSSH") == true)
    }
}

/// Waits until something is so, with a deadline.
private func becomesTrue(_ condition: () -> Bool) async -> Bool {
    let deadline = Monotonic.deadline(after: .seconds(60))
    while Monotonic.nanoseconds < deadline {
        if condition() { return true }
        // A task that is cancelled looks without pauses, to the deadline.
        try? await Task.sleep(for: .milliseconds(20))
    }
    return condition()
}
