import Glibc
import SystemSupport

/// Shows on standard error how far the work is, as long as it goes on: a table on a terminal, else a line now and then.
package final class ProgressWatch: Sendable {
    /// How progress is shown.
    package enum Style: Sendable, Equatable {
        /// A table that is drawn again in its place.
        case table(usesColour: Bool)
        /// A line every ten seconds.
        case lines

        /// What fits where standard error goes, and what the environment asks for.
        ///
        /// - Parameter value: looks up a variable.
        package static func suited(isTerminal: Bool, environment value: (String) -> String?) -> Style {
            guard isTerminal, let kind = value("TERM"), !kind.isEmpty, kind != "dumb" else { return .lines }
            // https://no-color.org: any text that is not empty.
            return .table(usesColour: (value("NO_COLOR") ?? "").isEmpty)
        }
    }

    private let style: Style
    private let sample: @Sendable () -> ProgressSample
    private let began = Monotonic.nanoseconds
    private let stopping: WakeUp?
    private let thread = Locked<JoinableThread?>(nil)
    /// On a terminal the table appears after a moment, so that short programs stay quiet, and then moves.
    private static let tablePeriod: Int32 = 200
    /// Elsewhere a line every ten seconds keeps logs short.
    private static let linePeriod: Int32 = 10_000
    /// More lines are no help at a glance.
    private static let mostLines = 24

    /// Starts to show what `sample` gives.
    package init(_ style: Style, sample: @escaping @Sendable () -> ProgressSample) {
        self.style = style
        self.sample = sample
        stopping = try? WakeUp()
        let started = startThread(named: "apus-progress") { self.show() }
        thread.withLock { $0 = started }
    }

    /// Takes the display away and ends; may be called twice, and from any thread.
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
        var waiter = pollfd(fd: stopping.descriptor, events: Int16(POLLIN), revents: 0)
        var rates = ProgressRates()
        rates.note(sample(), seconds: 0)
        let screen = TerminalScreen.standard
        var streams: ProgramStreams?
        while true {
            let rung = poll(&waiter, 1, style == .lines ? Self.linePeriod : Self.tablePeriod)
            if rung < 0, errno == EINTR { continue }
            if rung != 0 { break }
            let seconds = Double(Monotonic.nanoseconds - began) / 1e9
            let now = sample()
            rates.note(now, seconds: seconds)
            switch style {
            case .lines:
                let line = Self.line(now, seconds: seconds) + "\n"
                DescriptorWriting.all(Array(line.utf8)[...], to: 2)
            case .table(let usesColour):
                if streams == nil { streams = ProgramStreams() }
                // Asked each time: the terminal may have another size by now.
                let size = screen.size ?? (80, 24)
                let height = min(size.lines - 2, Self.mostLines)
                let table = ProgressTable(width: size.columns - 1, height: height, usesColour: usesColour)
                screen.show(table.lines(now, rates: rates, seconds: seconds))
            }
        }
        screen.clear()
        streams?.restore()
    }

    /// `apus: 120 done, 2 running, 78 waiting on 2 workers, 3.1 s, 39 tasks/s`.
    static func line(_ sample: ProgressSample, seconds: Double) -> String {
        let total = sample.total
        var parts = ["\(total.done) done", "\(total.running) running", "\(total.waiting) waiting"]
        if total.failed > 0 { parts.append("\(total.failed) failed") }
        let rate = seconds > 0 ? Double(total.ended) / seconds : 0
        let workers = sample.places.reduce(0) { $0 + $1.workers }
        return "apus: " + parts.joined(separator: ", ") + " on \(workers) workers, "
            + "\(Decimals.text(seconds, 1)) s, \(Decimals.text(rate, rate < 100 ? 1 : 0)) tasks/s"
    }
}
