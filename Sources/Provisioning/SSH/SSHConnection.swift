import Glibc

/// How one host is talked to: builds the command, runs it, and makes errors that say what kind of failure it was.
struct SSHConnection: Sendable {
    var program: String
    var host: SSHHost
    /// For every host, before the host's own.
    var options: [String]
    var connectTimeout: Duration
    /// How long a connection is kept for the next command; `nil` makes one for each command.
    var sharing: Duration?

    /// The arguments before the remote command.
    var arguments: [String] {
        let seconds = max(1, Int(connectTimeout.components.seconds))
        var words = [
            "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=\(seconds)",
            // A host that falls silent in the middle is noticed, not waited for.
            "-o", "ServerAliveInterval=\(max(1, seconds / 2))", "-o", "ServerAliveCountMax=2",
        ]
        if let sharing, let directory = Self.socketDirectory() {
            words += [
                "-o", "ControlMaster=auto", "-o", "ControlPersist=\(max(1, sharing.components.seconds))",
                // Short, since the path of a socket is; %C is a hash of user, host and port.
                "-o", "ControlPath=\(directory)/%C",
            ]
        }
        words += options + host.options
        if let port = host.port { words += ["-p", "\(port)"] }
        if let user = host.user { words += ["-l", user] }
        return words + ["--", host.name]
    }

    /// Where the sockets of shared connections are; `nil` when that directory is not this user's alone.
    ///
    /// Whoever could put a socket there would be sent everything, the keys of the run among it: `ssh` asks nobody who he is.
    static func socketDirectory(_ path: String = socketPath) -> String? {
        mkdir(path, 0o700)
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(),
            status.st_mode & 0o077 == 0
        else { return nil }
        return path
    }

    /// The directory of sockets, of which there is one for each user.
    static var socketPath: String { "/tmp/apus-sockets-\(geteuid())" }

    /// Runs a script with the host's `sh`; returns what it printed on standard output.
    func run(_ script: String, timeout: Duration, repeats: Int = 0) async throws(ProviderError) -> String {
        // An exit of the login shell is no answer, so every script ends in one that begins with a known word.
        try await run(["/bin/sh"], .text(script), timeout: timeout, repeats: repeats)
    }

    /// Runs a command with a file on its standard input.
    func run(_ command: String, reading file: String, timeout: Duration) async throws(ProviderError) -> String {
        try await run([command], .file(file), timeout: timeout, repeats: 0)
    }

    /// Repeats what failed on the way; what the host refused is refused again.
    private func run(
        _ remote: [String], _ input: SchedulerCommand.Input, timeout: Duration, repeats: Int
    ) async throws(ProviderError) -> String {
        var attempt = 0
        while true {
            do throws(ProviderError) {
                return try await runOnce(remote, input, timeout: timeout)
            } catch {
                let onTheWay: [ProviderError.Code] = [.timedOut, .unreachable, .connectionLost]
                guard attempt < repeats, onTheWay.contains(error.code), !Task.isCancelled else { throw error }
                attempt += 1
                try? await Task.sleep(for: .seconds(attempt))  // why: a network that has just failed gets time
            }
        }
    }

    private func runOnce(
        _ remote: [String], _ input: SchedulerCommand.Input, timeout: Duration
    ) async throws(ProviderError) -> String {
        var command = SchedulerCommand(program, arguments + remote, timeout: timeout)
        command.input = input
        let outcome: SchedulerOutcome
        do throws(ProviderError) {
            outcome = try await command.outcome()
        } catch {
            throw explained(error)
        }
        if outcome.exitCode == 0 { return outcome.standardOutput }
        guard outcome.exitCode == 255 else {
            throw ProviderError(
                .refused, "host \(host) could not do it: exit code \(outcome.exitCode)", command: command.text,
                output: outcome.standardError + outcome.standardOutput)
        }
        let (code, remedy) = SSHAnswers.failure(outcome.standardError)
        throw ProviderError(
            code, "ssh to \(host) failed: \(remedy)", command: command.text,
            output: outcome.standardError + outcome.standardOutput)
    }

    private func explained(_ error: ProviderError) -> ProviderError {
        var error = error
        switch error.code {
        case .timedOut: error.message = "ssh to \(host) did not end in time; is the host overloaded? (`commandTimeout`)"
        case .commandNotFound: error.message = "there is no '\(program)' on PATH; install the client of OpenSSH"
        default: break
        }
        return error
    }
}
