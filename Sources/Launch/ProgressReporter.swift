import DataFlow
import HighThroughput
import ProgressDisplay
import SystemSupport

/// Connects a kernel with the progress display.
enum ProgressReporter {
    static func start(_ configuration: WorkflowConfiguration, _ kernel: DataFlowKernel) -> ProgressLine? {
        guard configuration.progress else { return nil }
        return ProgressLine(onTerminal: StandardError.isTerminal) {
            let now = kernel.progress
            return ProgressCounts(
                succeeded: now.succeeded, failed: now.failed, running: min(now.launched, now.workers),
                waiting: now.waiting + max(0, now.launched - now.workers), workers: now.workers)
        }
    }

    /// Prints the line with tasks, workers, wall time and rate.
    static func summarise(_ configuration: WorkflowConfiguration, _ progress: KernelProgress, nanoseconds: UInt64) {
        switch configuration.summary {
        case .never: return
        case .onTerminal: if !StandardError.isTerminal { return }
        case .always: break
        }
        let tasks = progress.succeeded + progress.failed
        let seconds = Double(nanoseconds) / 1e9
        let rate = seconds > 0 ? Double(tasks) / seconds : 0
        let workers =
            switch configuration.placement {
            case .threads(let count, _): "\(count) threads"
            case .processes(let processes): "\(processes.workers) workers"
            }
        StandardError.write(
            "apus: \(tasks) tasks (\(progress.failed) failed) on \(workers) in \(Decimals.text(seconds, 2)) s: "
                + "\(Decimals.text(rate, rate < 100 ? 1 : 0)) tasks/s\n")
    }
}
