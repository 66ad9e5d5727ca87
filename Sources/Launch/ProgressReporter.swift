import DataFlow
import HighThroughput
import ProgressDisplay
import SystemSupport
import WorkflowCore

/// Connects a workflow with the progress display.
final class ProgressReporter: Sendable {
    private let watch = Locked<ProgressWatch?>(nil)
    private let echo: EchoPipe?
    private let style: ProgressWatch.Style?

    /// Decides how progress is shown; to be called before anything is started.
    init(_ configuration: WorkflowConfiguration) {
        guard configuration.progress else {
            (style, echo) = (nil, nil)
            return
        }
        let style = ProgressWatch.Style.suited(
            isTerminal: StandardError.isTerminal, environment: { EnvironmentVariables.get($0) })
        self.style = style
        // Managers write what tasks say to the terminal themselves; beside a table that has to go through this process.
        echo = style == .lines ? nil : EchoPipe()
        if let echo { EchoTarget.descriptor.withLock { $0 = echo.descriptor } }
    }

    /// Begins to show how far a run is.
    func start(_ run: WorkflowRun) {
        guard let style else { return }
        let watch = ProgressWatch(style) { Self.sample(run) }
        self.watch.withLock { $0 = watch }
    }

    /// Takes the display away; may be called from any thread.
    func stop() { watch.withLock { $0 }?.stop() }

    /// Gives the terminal back; to be called when all processes of the run have ended.
    func close() {
        stop()
        guard let echo else { return }
        EchoTarget.descriptor.withLock { $0 = 2 }
        echo.close()
    }

    /// Workers do not say which call they have begun: what runs is shared out among the apps whose calls executors have.
    ///
    /// That is exact while executors have no more calls than workers, or calls of one app alone.
    static func sample(_ run: WorkflowRun) -> ProgressSample {
        let places = run.executors.map { executor in
            let now = executor.snapshot
            return ProgressSample.Place(
                label: executor.label, blocks: now.blocks, workers: now.workers, calls: now.outstanding)
        }
        let apps = run.kernel.appProgress
        let workers = places.reduce(0) { $0 + $1.workers }
        let running = share(workers, among: apps.map { max(0, $0.withExecutors) })
        return ProgressSample(
            apps: zip(apps, running).map { app, running in
                let waiting = max(0, app.submitted - app.succeeded - app.failed - running)
                return .init(
                    name: app.name, done: app.succeeded, running: running, waiting: waiting, failed: app.failed)
            },
            places: places)
    }

    /// At most `total`, in proportion to the counts, and of each no more than its count.
    static func share(_ total: Int, among counts: [Int]) -> [Int] {
        let sum = counts.reduce(0, +)
        guard sum > total else { return counts }
        var shares = counts.map { Int(Double($0) * Double(total) / Double(sum)) }
        var left = total - shares.reduce(0, +)
        for (index, count) in counts.enumerated() where left > 0 && shares[index] < count {
            shares[index] += 1
            left -= 1
        }
        return shares
    }

    /// Prints the line with tasks, workers, wall time and rate.
    static func summarise(_ configuration: WorkflowConfiguration, _ progress: KernelProgress, nanoseconds: UInt64) {
        switch configuration.summary {
        case .never: return
        case .onTerminal: if !StandardError.isTerminal { return }
        case .always: break
        }
        let tasks = progress.succeeded + progress.failed + progress.cancelled
        let seconds = Double(nanoseconds) / 1e9
        let rate = seconds > 0 ? Double(tasks) / seconds : 0
        StandardError.write(
            "apus: \(tasks) tasks (\(progress.failed) failed) on \(configuration.workersText) in \(Decimals.text(seconds, 2)) s: "
                + "\(Decimals.text(rate, rate < 100 ? 1 : 0)) tasks/s\n")
    }
}
