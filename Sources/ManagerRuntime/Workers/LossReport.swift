import SystemSupport
import WireProtocol
import WorkflowCore

/// What is reported of a worker that ended, with the words of its own standard error.
struct LossReport {
    /// The worker's number.
    var index: Int
    /// Its process.
    var processID: Int32
    /// Where it ran.
    var host: String
    /// How it ended.
    var status: ExitStatus
    /// The line of a Swift runtime failure.
    var fatal: String?
    /// The last lines of its standard error.
    var lines: [String]
    /// Where the rest of them is.
    var errorPath: String

    /// "ended with signal 4 (SIGILL): Fatal error: …", the tail, and the file.
    var ending: String {
        var text = "process \(processID) ended with \(status)"
        if let fatal { text += ": \(fatal)" }
        if !lines.isEmpty { text += "\nstderr ends:\n" + lines.map { "  | \($0)" }.joined(separator: "\n") }
        return text + "\nall of it is in \(errorPath) on \(host)"
    }

    /// The error of the task that the worker was running.
    static func error(index: Int, host: String, task: String, ending: String) -> ExecutionError {
        ExecutionError(.workerLost, "worker \(index) on \(host) was lost while it ran \(task): \(ending)")
    }
}
