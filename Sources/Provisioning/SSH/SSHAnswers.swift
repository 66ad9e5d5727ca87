/// What hosts answer, and what `ssh` says when there is no answer.
enum SSHAnswers {
    /// What is known of a job on one host.
    struct Place: Hashable {
        /// What it does there.
        enum State: Hashable {
            case running
            case exited(Int32)
            /// Its supervisor is gone and left no word: somebody killed it.
            case killed
            /// The host was started again after the job.
            case rebooted
            /// The host knows nothing of it.
            case absent
        }

        var state: State
        /// The end of what it printed.
        var tail = ""
    }

    /// The lines that are ours; what login scripts print is passed over.
    static func lines(_ output: String) -> [[Substring]] {
        output.split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split(separator: " ")
            return words.first == "apus-ssh" ? Array(words.dropFirst()) : nil
        }
    }

    /// The jobs in an answer to ``SSHScripts/status(names:root:)``.
    static func places(_ output: String) -> [String: Place] {
        var result: [String: Place] = [:]
        for words in lines(output) where words.count >= 2 {
            let tail = words.count > 3 ? Base64.bytes(words[3]).map { String(decoding: $0, as: UTF8.self) } ?? "" : ""
            let state: Place.State
            switch words[1] {
            case "running": state = .running
            case "absent": state = .absent
            case "killed": state = .killed
            case "rebooted": state = .rebooted
            case "exited": state = .exited(words.count > 2 ? Int32(words[2]) ?? 1 : 1)
            default: continue
            }
            result[String(words[0])] = Place(state: state, tail: tail)
        }
        return result
    }

    /// The state of a job that is on several hosts: it runs as long as one of them has it.
    ///
    /// - Parameters:
    ///   - places: by host; `nil` is a host that could not be asked.
    ///   - hasWalltime: whether the hosts end the job at a time.
    static func status(_ places: [(host: String, place: Place?)], hasWalltime: Bool) -> JobStatus {
        let known = places.compactMap { entry in entry.place.map { (entry.host, $0.state) } }
        if known.contains(where: { $0.1 == .running }) { return JobStatus(.running) }
        guard known.count == places.count else { return JobStatus(.unknown, reason: "not all hosts answer") }
        // The gravest end explains most.
        for (host, state) in known {
            switch state {
            case .rebooted: return JobStatus(.failed, reason: "\(host) was started again")
            case .killed: return JobStatus(.failed, reason: "killed on \(host), by nobody known", exitCode: 137)
            default: continue
            }
        }
        for (host, state) in known {
            guard case .exited(let code) = state, code != 0 else { continue }
            if hasWalltime, code == 124 { return JobStatus(.timeout, reason: "walltime, on \(host)", exitCode: code) }
            return JobStatus(.failed, reason: "ended on \(host)", exitCode: code)
        }
        if known.contains(where: { $0.1 == .absent }) { return JobStatus(.unknown) }
        return JobStatus(.completed, exitCode: 0)
    }

    /// What kind of failure it is that `ssh` reports with exit code 255, and what to do about it.
    ///
    /// The texts are OpenSSH's (ssh.c, sshconnect.c, packet.c); those of the system are `strerror`'s.
    static func failure(_ complaint: String) -> (code: ProviderError.Code, remedy: String) {
        func says(_ words: String...) -> Bool { words.contains { complaint.contains($0) } }
        if says("REMOTE HOST IDENTIFICATION HAS CHANGED") {
            return (
                .untrusted,
                "the host has another key than the one that is known; if that is right, remove the old one with `ssh-keygen -R`"
            )
        }
        if says("Host key verification failed", "host key is known") {
            return (
                .untrusted,
                "the host's key is not known: compare it and take it with `ssh` by hand, or name a file with "
                    + "the options -o UserKnownHostsFile=FILE"
            )
        }
        if says("Permission denied", "Too many authentication failures", "No supported authentication methods") {
            return (
                .permissionDenied,
                "the host does not let this user in without a question: use a key without a passphrase, or an agent"
            )
        }
        if says("Connection timed out", "Operation timed out", "timed out during banner exchange") {
            return (.timedOut, "the host did not answer in time: is it up, and does a firewall let port 22 through?")
        }
        if says("No route to host", "Connection refused", "Network is unreachable", "Could not resolve hostname") {
            return (.unreachable, "check the name and the port, and whether the host is up and runs an SSH server")
        }
        if says(
            "closed by remote host", "Connection closed by", "Connection reset", "Broken pipe", "not responding",
            "kex_exchange_identification")
        {
            return (
                .connectionLost, "the connection ended too early: is the host being shut down, or does it refuse many?"
            )
        }
        return (.refused, "run it by hand")
    }
}
