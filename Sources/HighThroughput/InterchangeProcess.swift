import SystemSupport
import WireProtocol
import WorkflowCore

/// The interchange of one executor: a child process that is this program in another role.
struct InterchangeProcess {
    let child: ChildProcess
    private let logDirectory: String

    /// Starts the interchange.
    init(_ message: InterchangeStartMessage) throws {
        logDirectory = message.logDirectory
        let environment = RoleEnvironment.make(role: "interchange")
        child = try ChildProcess(
            spawning: ChildProcess.Options(
                executable: CurrentProcess.executablePath, arguments: CurrentProcess.commandLine,
                environment: environment, standardInput: .bytes(message.encode()),
                standardOutput: .file(logDirectory + "/interchange.out", append: true),
                standardError: .file(logDirectory + "/interchange.err", append: true)))
    }

    /// The error for calls that were open when the interchange ended.
    func lossError(_ status: ExitStatus) -> ExecutionError {
        ExecutionError(
            .interchangeLost,
            "the interchange (process \(child.pid)) ended with \(status) while calls were open; see "
                + "\(logDirectory)/interchange.log and interchange.err"
                + LogTail.text(of: logDirectory + "/interchange.err"))
    }
}

/// The end of a child's output, for error texts.
enum LogTail {
    /// The last lines of a file, each on a line of its own; empty when there are none.
    static func text(of path: String) -> String { shown(lines(of: path)) }

    /// Lines, each on a line of its own with a bar before it.
    static func shown(_ lines: String) -> String {
        lines.isEmpty ? "" : "\n" + lines.split(separator: "\n").map { "  | " + $0 }.joined(separator: "\n")
    }

    /// The last lines of a file as they stand; empty when there are none.
    static func lines(of path: String, count: Int = 12) -> String {
        // Logs of children that fail early are small; a larger one is not worth reading whole for an error text.
        guard let text = try? SmallFile.readText(path, limit: 4 << 20) else { return "" }
        let all = text.split(separator: "\n", omittingEmptySubsequences: true)
        guard !all.isEmpty else { return "" }
        var tail = Array(all.suffix(count))
        // A failure of the Swift runtime says why in one line, and then prints a long backtrace.
        if let fatal = all.last(where: { $0.contains("Fatal error:") }), !tail.contains(fatal) {
            tail.insert(fatal, at: 0)
        }
        return tail.joined(separator: "\n")
    }
}
