internal import CLinux
import Glibc

/// A process that this one started and always waits for.
///
/// Losing the last reference kills the child and reaps it, so that no path leaves one behind. Start children only from
/// a thread that lives as long as the process: a child's parent-death signal fires when the starting *thread* ends.
package final class ChildProcess: Sendable {
    /// The child's number.
    package let pid: Int32
    /// Readable once the child has ended; closed with this object.
    package let processDescriptor: Int32

    private let ownsGroup: Bool
    private let endsGroupWithLeader: Bool
    private let status = Locked<ExitStatus?>(nil)

    /// Starts a program.
    ///
    /// Signal handlers and the signal mask are the default ones in the child, even those that this process ignores, and
    /// it gets no descriptor but those named in the options.
    package init(spawning options: Options) throws(SystemError) {
        // With SIGCHLD ignored (a state inherited from whoever started us) the kernel reaps children itself and
        // their status is lost.
        var action = sigaction()
        if sigaction(SIGCHLD, nil, &action) == 0, action.ignoresSignal { _ = Glibc.signal(SIGCHLD, SIG_DFL) }

        pid = try ChildSpawner(options).spawn()
        processDescriptor = clinux_pidfd_open(pid)
        ownsGroup = options.ownProcessGroup
        endsGroupWithLeader = options.endsGroupWithLeader
        if processDescriptor < 0 {
            throw .last("watch the process \(pid)", remedy: "Linux 5.3 or later is needed")  // deinit ends the child
        }
    }

    /// How the child ended, or nil while it runs; never blocks.
    package func poll() -> ExitStatus? {
        status.withLock { status in
            if status == nil { status = reap(flags: WNOHANG) }
            return status
        }
    }

    /// Waits for the child's end.
    package func wait() -> ExitStatus {
        wait(deadline: nil) ?? .signalled(SIGKILL)
    }

    /// Waits for the child's end until a moment of `Monotonic`; nil when it still runs then.
    package func wait(deadlineNanoseconds deadline: UInt64) -> ExitStatus? {
        wait(deadline: deadline)
    }

    /// Sends a signal to the child; nothing happens when it has been reaped.
    package func signal(_ number: Int32) {
        status.withLock { if $0 == nil { _ = kill(pid, number) } }
    }

    /// Sends a signal to the child's process group, or to the child when it has none of its own.
    package func signalGroup(_ number: Int32) {
        status.withLock { if $0 == nil { _ = kill(ownsGroup ? -pid : pid, number) } }
    }

    /// Goes through the steps until the child ends, then kills what is left of its group, and reaps it.
    @discardableResult
    package func teardown(_ steps: [TeardownStep]) -> ExitStatus {
        for step in steps where !hasEnded(deadline: 0) {
            signalGroup(step.signal)
            if hasEnded(deadline: Monotonic.deadline(after: step.allowed)) { break }
        }
        // The leader is not reaped yet, so its number cannot have become another group's.
        signalGroup(SIGKILL)
        return wait()
    }

    private func wait(deadline: UInt64?) -> ExitStatus? {
        while true {
            if let status = poll() { return status }
            guard hasEnded(deadline: deadline) else { return poll() }
        }
    }

    /// Whether the child has ended by then; it stays unreaped.
    private func hasEnded(deadline: UInt64?) -> Bool {
        if status.withLock({ $0 }) != nil { return true }
        let now = Monotonic.nanoseconds
        let timeout = deadline.map { $0 > now ? $0 - now : 0 }
        let events = try? DescriptorIO.poll(processDescriptor, .read, timeoutNanoseconds: timeout)
        return events.map { !$0.isEmpty } ?? true
    }

    /// Called with the lock held, so that no signal goes to a number that is free again.
    private func reap(flags: Int32) -> ExitStatus? {
        if endsGroupWithLeader, ownsGroup {
            // Look without reaping first: while the leader is a zombie the group's number is still ours.
            var info = siginfo_t()
            guard waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0, info.si_signo == SIGCHLD else {
                return nil
            }
            _ = kill(-pid, SIGKILL)
        }
        var word: Int32 = 0
        var result = waitpid(pid, &word, flags)
        while result < 0, errno == EINTR { result = waitpid(pid, &word, flags) }
        if result == pid { return ExitStatus(waitStatus: word) }
        // ECHILD: somebody else in this process waited for all children; its end is known, its status is not.
        return result < 0 ? .exited(255) : nil
    }

    deinit {
        if status.withLock({ $0 }) == nil {
            _ = kill(ownsGroup ? -pid : pid, SIGKILL)
            _ = kill(pid, SIGKILL)  // in the instant before the group exists
            _ = reap(flags: 0)
        }
        if processDescriptor >= 0 { close(processDescriptor) }
    }
}

extension sigaction {
    fileprivate var ignoresSignal: Bool {
        unsafeBitCast(__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
