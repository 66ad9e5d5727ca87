import Glibc
import Synchronization
import SystemSupport

/// Ctrl-C and SIGTERM on the submit side: the first cancels and cleans up, the second kills.
///
/// The exit code is 130 after SIGINT and 143 after SIGTERM.
final class InterruptHandler: Sendable {
    private struct Actions: Sendable {
        var isDraining = false
        var cancel: (@Sendable () -> Void)?
        var kill: (@Sendable () -> Void)?
        var stopped: (@Sendable () async -> Void)?
        var signal: Int32?
    }

    private let actions = Locked(Actions())
    private let finished = LockedGate()

    /// Takes over both signals for the rest of the process's life.
    init() {
        SignalPipe.install()
        _ = startThread(named: "apus-signals") { self.listen() }
    }

    var wasInterrupted: Bool { actions.withLock { $0.signal != nil } }

    /// Names what to do at the first signal and at the second.
    func onInterrupt(
        isDraining: Bool, cancel: @escaping @Sendable () -> Void, kill: @escaping @Sendable () -> Void,
        stopped: @escaping @Sendable () async -> Void
    ) {
        actions.withLock { actions in
            actions.isDraining = isDraining
            actions.cancel = cancel
            actions.kill = kill
            actions.stopped = stopped
        }
    }

    /// Waits for the clean-up that a signal began, which ends the process.
    func exitWhenClean() async -> Never {
        await finished.wait()
        exit(Self.code(actions.withLock { $0.signal }))
    }

    private func listen() {
        while let signal = SignalPipe.next() {
            let (first, actions) = actions.withLock { actions in
                defer { actions.signal = actions.signal ?? signal }
                return (actions.signal == nil, actions)
            }
            guard first else {
                StandardError.write("apus: killed\n")
                actions.kill?()
                // The executor's thread kills the children's groups within milliseconds; then this process goes.
                waitForChildren()
                CurrentProcess.exitNow(Self.code(actions.signal))
            }
            let what =
                actions.isDraining
                ? "waiting for calls that run, cancelling the others" : "cancelling calls and stopping workers"
            StandardError.write("\napus: interrupted; \(what) (again to kill)\n")
            actions.cancel?()
            // why Task: nobody can await a signal; the process ends when this does.
            Task {
                await actions.stopped?()
                self.finished.open()
                exit(Self.code(signal))
            }
        }
    }

    private func waitForChildren() {
        let deadline = Monotonic.nanoseconds + 2_000_000_000
        var status: Int32 = 0
        while Monotonic.nanoseconds < deadline, waitpid(-1, &status, WNOHANG) != -1 {
            _ = poll(nil, 0, 10)
        }
    }

    private static func code(_ signal: Int32?) -> Int32 { 128 + (signal ?? SIGINT) }
}

/// Carries signals from their handler, where almost nothing is allowed, to a thread.
private enum SignalPipe {
    /// The reading end and the writing end.
    private nonisolated(unsafe) static var ends: [Int32] = [-1, -1]  // why: written before anybody reads it

    static func install() {
        guard ends[0] < 0 else { return }
        _ = pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                var byte = UInt8(truncatingIfNeeded: number)
                let saved = errno
                _ = write(SignalPipe.writeEnd, &byte, 1)
                errno = saved
            }
        }
    }

    private static var writeEnd: Int32 { ends[1] }

    static func next() -> Int32? {
        var byte: UInt8 = 0
        while true {
            let count = read(ends[0], &byte, 1)
            if count == 1 { return Int32(byte) }
            if count < 0, errno == EINTR { continue }
            return nil
        }
    }
}

/// Lets those who wait go on when it has been opened.
private final class LockedGate: Sendable {
    private struct Content {
        var isOpen = false
        var waiting: [UnsafeContinuation<Void, Never>] = []
    }

    private let content = Locked(Content())

    func wait() async {
        await withUnsafeContinuation { continuation in
            let open = content.withLock { content in
                if !content.isOpen { content.waiting.append(continuation) }
                return content.isOpen
            }
            if open { continuation.resume() }
        }
    }

    func open() {
        let waiting = content.withLock { content in
            content.isOpen = true
            defer { content.waiting = [] }
            return content.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
