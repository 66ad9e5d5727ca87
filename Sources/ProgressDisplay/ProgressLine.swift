@preconcurrency import Glibc  // why: `stdout` is a variable there
import SystemSupport

/// What a progress line shows.
package struct ProgressCounts: Sendable, Equatable {
    /// Calls that have ended well.
    package var succeeded: Int
    /// Calls that have failed.
    package var failed: Int
    /// Calls that run.
    package var running: Int
    /// Calls that wait for arguments or for a worker.
    package var waiting: Int
    /// Workers there are.
    package var workers: Int

    /// Describes one moment.
    package init(succeeded: Int, failed: Int, running: Int, waiting: Int, workers: Int) {
        self.succeeded = succeeded
        self.failed = failed
        self.running = running
        self.waiting = waiting
        self.workers = workers
    }
}

/// One line on standard error that says how far the work is: rewritten in place on a terminal, else repeated rarely.
package final class ProgressLine: Sendable {
    private let onTerminal: Bool
    private let counts: @Sendable () -> ProgressCounts
    private let began = Monotonic.nanoseconds
    private let stopping: WakeUp?
    private let thread = Locked<JoinableThread?>(nil)
    /// On a terminal the line appears after a moment, so that short programs stay quiet, and then moves.
    private static let terminalPeriod: UInt64 = 200_000_000
    /// Elsewhere a line every ten seconds keeps logs short.
    private static let plainPeriod: UInt64 = 10_000_000_000

    /// Starts to show what `counts` gives.
    package init(onTerminal: Bool, counts: @escaping @Sendable () -> ProgressCounts) {
        self.onTerminal = onTerminal
        self.counts = counts
        stopping = try? WakeUp()
        let started = startThread(named: "apus-progress") { self.show() }
        thread.withLock { $0 = started }
    }

    /// Removes the line and ends the display.
    package func stop() {
        stopping?.ring()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    private func show() {
        guard let stopping else { return }
        let period = onTerminal ? Self.terminalPeriod : Self.plainPeriod
        var shown = false
        var waiter = pollfd(fd: stopping.descriptor, events: Int16(POLLIN), revents: 0)
        // What the program prints meanwhile is kept, and written when the line is not there: else both mix.
        let keepsOutput = onTerminal && isatty(1) == 1
        if keepsOutput { setvbuf(stdout, nil, _IOFBF, 1 << 16) }
        while poll(&waiter, 1, Int32(period / 1_000_000)) <= 0 {
            let line = Self.text(counts(), seconds: Double(Monotonic.nanoseconds - began) / 1e9)
            if shown, onTerminal { write("\r\u{1b}[2K") }
            if keepsOutput { fflush(stdout) }
            write(onTerminal ? line : line + "\n")
            shown = true
        }
        if onTerminal, shown { write("\r\u{1b}[2K") }
        if keepsOutput {
            fflush(stdout)
            setvbuf(stdout, nil, _IOLBF, 0)
        }
    }

    /// `120 done, 2 running, 78 waiting on 2 workers, 3.1 s, 39 tasks/s`.
    package static func text(_ counts: ProgressCounts, seconds: Double) -> String {
        let ended = counts.succeeded + counts.failed
        var parts = ["\(counts.succeeded) done", "\(counts.running) running", "\(counts.waiting) waiting"]
        if counts.failed > 0 { parts.append("\(counts.failed) failed") }
        let rate = seconds > 0 ? Double(ended) / seconds : 0
        return "apus: " + parts.joined(separator: ", ") + " on \(counts.workers) workers, "
            + "\(Decimals.text(seconds, 1)) s, \(Decimals.text(rate, rate < 100 ? 1 : 0)) tasks/s"
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = Glibc.write(2, bytes.baseAddress, bytes.count) }
    }
}

/// Numbers with a fixed count of decimals, without Foundation.
package enum Decimals {
    /// `text(3.14159, 2)` is `3.14`.
    package static func text(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        let whole = Int(scaled) / Int(scale)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let fraction = String(Int(scaled) % Int(scale))
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
