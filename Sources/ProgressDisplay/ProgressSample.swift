/// How far the work is at one moment.
package struct ProgressSample: Sendable, Equatable {
    /// One app: its calls, each in one of the four counts.
    package struct App: Sendable, Equatable {
        /// The app's name.
        package var name: String
        /// Calls that have ended well.
        package var done: Int
        /// Calls that run.
        package var running: Int
        /// Calls that wait for arguments or for a worker.
        package var waiting: Int
        /// Calls that have failed.
        package var failed: Int

        /// Counts the calls of one app.
        package init(name: String, done: Int = 0, running: Int = 0, waiting: Int = 0, failed: Int = 0) {
            self.name = name
            self.done = done
            self.running = running
            self.waiting = waiting
            self.failed = failed
        }

        /// Calls that have not ended.
        var open: Int { running + waiting }
        /// Calls that have ended.
        var ended: Int { done + failed }
    }

    /// One executor.
    package struct Place: Sendable, Equatable {
        /// Its label.
        package var label: String
        /// Its blocks; `nil` for one that has none, such as threads.
        package var blocks: Int?
        /// Workers, or threads.
        package var workers: Int
        /// Calls that it has.
        package var calls: Int

        /// Describes one executor.
        package init(label: String, blocks: Int? = nil, workers: Int, calls: Int) {
            self.label = label
            self.blocks = blocks
            self.workers = workers
            self.calls = calls
        }
    }

    /// Apps that were called, in the order of their declaration.
    package var apps: [App]
    /// Where calls run.
    package var places: [Place]

    /// Describes one moment.
    package init(apps: [App], places: [Place]) {
        self.apps = apps
        self.places = places
    }

    /// All calls together.
    var total: App {
        apps.reduce(into: App(name: "")) { sum, app in
            sum.done += app.done
            sum.running += app.running
            sum.waiting += app.waiting
            sum.failed += app.failed
        }
    }
}

/// How fast calls have ended lately, by app.
package struct ProgressRates: Sendable {
    private struct Moment {
        var seconds: Double
        var ended: [String: Int]
    }

    private var moments: [Moment] = []
    private let window: Double

    /// Rates over a window of so many seconds.
    package init(window: Double = 10) { self.window = window }

    /// Takes note of a moment; later ones come with later times.
    package mutating func note(_ sample: ProgressSample, seconds: Double) {
        moments.append(Moment(seconds: seconds, ended: Dictionary(sample.apps.map { ($0.name, $0.ended) }) { $0 + $1 }))
        // One moment from before the window stays, so that it is full.
        while moments.count > 2, moments[1].seconds <= seconds - window { moments.removeFirst() }
    }

    /// Calls a second; `nil` while nothing has ended.
    package func rate(of name: String) -> Double? {
        guard let first = moments.first, let last = moments.last else { return nil }
        return rate(from: first, to: last) { $0.ended[name] ?? 0 }
    }

    /// Calls of all apps a second.
    package var total: Double? {
        guard let first = moments.first, let last = moments.last else { return nil }
        return rate(from: first, to: last) { $0.ended.values.reduce(0, +) }
    }

    private func rate(from first: Moment, to last: Moment, _ count: (Moment) -> Int) -> Double? {
        let ended = count(last) - count(first)
        let seconds = last.seconds - first.seconds
        return ended > 0 && seconds > 0 ? Double(ended) / seconds : nil
    }
}
