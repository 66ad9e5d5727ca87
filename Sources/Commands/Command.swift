import Glibc
package import SystemSupport

// Whatever happens, no process of a command outlives its run. The shell is the leader of a group of its own; the group
// is killed when the shell ends, when the walltime is over, when the run is stopped, and by a guard process when the
// process that called `run` is gone. The order has no gap: the shell is started and waits at a gate, the guard is
// started, the gate is opened. A caller that dies in between closes the gate, and the shell ends.
//
// Only a process that leaves the group on purpose (setsid) is beyond reach, as daemons are.

/// Runs command lines.
package struct Command: Sendable {
    /// Waits at the gate, then becomes the shell that runs the command.
    ///
    /// `sh` and not `bash`, since it starts faster and does not read `BASH_ENV`, which the command's own shell reads.
    private static let gateScript = "read -r _ <&3 || exit 1; exec 3<&-; exec \"$1\" -c \"$2\""
    /// One argument may have 32 pages with its final 0 (`MAX_ARG_STRLEN` of Linux).
    private static let longestCommand = 32 * 4096 - 1
    /// How often the group is looked at while it has time to end; there is nothing to wait on for a whole group.
    private static let groupPeriod: Duration = .milliseconds(20)

    private let options: CommandOptions

    /// A run that has not begun.
    package init(_ options: CommandOptions) { self.options = options }

    /// Runs the command; the calling thread sleeps until it has ended.
    ///
    /// - Parameter stop: ends the command when it rings.
    /// - Throws: ``CommandError`` when the command did not start. How it ended is in the outcome.
    package func run(stop: WakeUp? = nil) throws(CommandError) -> CommandOutcome {
        try check()
        let streams = try CommandStreams(options)
        do throws(SystemError) {
            return try run(streams, stop)
        } catch {
            throw .notStarted(reason: error.description)
        }
    }

    private func check() throws(CommandError) {
        let text = options.commandLine.utf8
        guard text.contains(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) else { throw .noCommand }
        guard !text.contains(0) else {
            throw .notStarted(reason: "the command line holds a byte 0, which no argument of a program can hold")
        }
        guard text.count <= Self.longestCommand else {
            throw .notStarted(
                reason: "the command line has \(text.count) bytes; the system takes at most \(Self.longestCommand); "
                    + "write it to a file and run that")
        }
        guard access(options.shell, X_OK) == 0 else {
            throw .notStarted(
                reason: "the shell '\(options.shell)' cannot be run on \(CurrentProcess.hostName): "
                    + "\(String(cString: strerror(errno))); bash apps need it on every node")
        }
        for (name, value) in options.environment
        where name.isEmpty || name.contains("=") || (name + value).utf8.contains(0) {
            throw .notStarted(
                reason: "the environment variable '\(name)' cannot be set: a name has no '=', neither has a byte 0")
        }
    }

    private func run(_ streams: CommandStreams, _ stop: WakeUp?) throws(SystemError) -> CommandOutcome {
        let (gate, theirs) = try StreamPair.make()
        let child: ChildProcess
        let guardian: CommandGuard
        do throws(SystemError) {
            defer { DescriptorIO.close(theirs) }
            child = try ChildProcess(spawning: childOptions(streams, gate: theirs))
            guardian = try CommandGuard(group: child.pid)
        } catch {
            DescriptorIO.close(gate)
            throw error
        }
        defer { withExtendedLifetime(guardian) {} }
        let start = Monotonic.nanoseconds
        var line: UInt8 = 0x0a
        // A shell that was killed at the gate shows in its status.
        _ = send(gate, &line, 1, Int32(MSG_NOSIGNAL))
        DescriptorIO.close(gate)

        let deadline = options.walltime.map { Monotonic.deadline(after: $0) }
        let ending = wait(for: child, until: deadline, stop)
        if ending != .ended { end(child) }
        let status = child.wait()  // kills what is left of the group
        return CommandOutcome(
            ending: ending, status: status, elapsed: Double(Monotonic.nanoseconds - start) / 1e9,
            standardErrorTail: streams.errorTail())
    }

    private func childOptions(_ streams: CommandStreams, gate: Int32) -> ChildProcess.Options {
        var environment: [String: String]?
        if !options.environment.isEmpty {
            environment = EnvironmentVariables.all.merging(options.environment) { $1 }
        }
        return ChildProcess.Options(
            executable: "/bin/sh",
            arguments: ["sh", "-c", Self.gateScript, "apus-command", options.shell, options.commandLine],
            environment: environment, workingDirectory: options.directory, standardOutput: streams.output,
            standardError: streams.error, extraDescriptors: [(child: 3, parent: gate)], ownProcessGroup: true,
            endsGroupWithLeader: true)
    }

    /// Sleeps until the shell has ended, or must be ended.
    private func wait(for child: ChildProcess, until deadline: UInt64?, _ stop: WakeUp?) -> CommandOutcome.Ending {
        while true {
            var entries = [pollfd(fd: child.processDescriptor, events: Int16(POLLIN), revents: 0)]
            if let stop { entries.append(pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0)) }
            let now = Monotonic.nanoseconds
            let left = deadline.map { $0 > now ? $0 - now : 0 }
            let count = poll(&entries, nfds_t(entries.count), DescriptorIO.milliseconds(left))
            // The wait for the status, which follows, needs no descriptor.
            if count < 0, errno != EINTR { return .ended }
            guard count >= 0 else { continue }
            if entries[0].revents != 0 { return .ended }
            if entries.count > 1, entries[1].revents != 0 { return .stopped }
            if count == 0, left == 0 { return .walltime }
        }
    }

    /// Asks every process of the group to end, and gives them time to; the shell is not reaped here, so the group's
    /// number stays ours.
    private func end(_ child: ChildProcess) {
        child.signalGroup(SIGTERM)
        // A stopped process takes the signal when it goes on.
        child.signalGroup(SIGCONT)
        let deadline = Monotonic.deadline(after: options.grace)
        while ProcessGroup.isAlive(child.pid), Monotonic.nanoseconds < deadline {
            _ = poll(nil, 0, DescriptorIO.milliseconds(Self.groupPeriod.clampedNanoseconds))
        }
        child.signalGroup(SIGKILL)
    }
}
