import Glibc
import SystemSupport

/// Leads lines of tasks past the display: other processes write into a pipe, a thread of this one writes to the terminal.
package final class EchoPipe: Sendable {
    private let reading: Int32
    private let writing: Int32
    private let stopping: WakeUp
    private let thread = Locked<JoinableThread?>(nil)

    /// Where others write.
    package var descriptor: Int32 { writing }

    /// Begins to read; `nil` when the system gives no pipe.
    package init?() {
        guard let stopping = try? WakeUp() else { return nil }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        reading = ends[0]
        writing = ends[1]
        self.stopping = stopping
        let started = startThread(named: "apus-echo") { self.pass() }
        thread.withLock { $0 = started }
    }

    private func pass() {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        var waiters = [
            pollfd(fd: reading, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stopping.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            if poll(&waiters, 2, -1) < 0, errno == EINTR { continue }
            let isLast = waiters[1].revents != 0
            while true {
                let count = read(reading, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                if count <= 0 { break }
                TerminalScreen.standard.write(buffer[..<count], to: 2)
            }
            if isLast { return }
        }
    }

    /// Writes what has come so far, and ends; to be called when those who write are gone.
    package func close() {
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let running else { return }
        stopping.ring()
        running.join()
        _ = Glibc.close(reading)
        _ = Glibc.close(writing)
    }
}
