import Commands
import Glibc
import SystemSupport

/// What all job scripts have in common.
///
/// A script is the scheduler's own directives, then this; each scheduler renders its directives with one pure function.
public enum JobScript {
    /// The shell part of a script: environment, working directory, the user's `workerInit`, the launcher's text.
    ///
    /// - Parameters:
    ///   - job: the block.
    ///   - workerInit: shell text of the user: `module load gcc`.
    ///   - launcher: how the command comes to all nodes.
    ///   - nodes: nodes of the block.
    ///   - replacing: whether the launcher's command replaces the shell, so that signals reach it.
    public static func body(
        _ job: JobRequest, workerInit: String, launcher: any Launcher, nodes: Int, replacing: Bool = false
    ) -> String {
        var text = ""
        for (name, value) in job.environment.sorted(by: { $0.key < $1.key }) {
            text += "export \(name)=\(ShellQuote.quote(value))\n"
        }
        text += "cd -- \(ShellQuote.quote(job.workingDirectory)) || exit 72\n"
        if !workerInit.isEmpty { text += "\n\(workerInit)\n" }
        text += replacing ? "\nexec " : "\n"
        text += launcher.script(command: job.command, tasksPerNode: job.tasksPerNode, nodesPerBlock: nodes)
        return text
    }

    /// Writes the script of a job; it can be run and read by its owner alone.
    ///
    /// - Throws: ``ProviderError`` when it cannot be written.
    public static func write(_ text: String, for job: JobRequest) throws(ProviderError) {
        do throws(SystemError) {
            try SmallFile.write(Array(text.utf8), to: job.scriptPath, mode: 0o700)
        } catch {
            throw ProviderError(.notStarted, error.description)
        }
    }

    /// A name that every scheduler takes: other characters than letters, digits, `.`, `_` and `-` become `_`.
    public static func safeName(_ name: String) -> String {
        let text = String(
            name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : Character("_") })
        // Some schedulers refuse a name that begins with a digit, or take one with a hyphen for an option.
        return text.first.map { $0.isLetter } == true ? text : "j" + text
    }

    /// A duration as `HH:MM:SS`, rounded up to whole seconds: what Slurm, PBS and Grid Engine read.
    public static func clock(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let total = seconds + (attoseconds > 0 ? 1 : 0)
        func digits(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(digits(total / 3600)):\(digits(total / 60 % 60)):\(digits(total % 60))"
    }
}
