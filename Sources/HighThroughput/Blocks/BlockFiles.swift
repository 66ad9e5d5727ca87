import Commands
import Provisioning
import SystemSupport
import WireProtocol
import WorkflowCore

/// What the jobs of an executor's blocks run, and where their files are.
struct BlockFiles: Sendable {
    /// What managers are told, but for their block.
    let message: ManagerStartMessage
    /// The executor's name.
    let label: String
    /// Where scripts, output and the managers' parameters go.
    let directory: String

    init(_ message: ManagerStartMessage, label: String, directory: String) throws {
        self.message = message
        self.label = label
        self.directory = directory + "/blocks"
        try Directory.make(self.directory, mode: 0o700)
    }

    private func parameters(of block: BlockNumber) -> String { "\(directory)/block-\(block).pickle" }

    /// The job of a block.
    ///
    /// The file of its managers' parameters names the directory of keys; command and script name the file alone.
    func job(of block: BlockNumber) -> JobRequest {
        let words =
            ["env", "APUS_ROLE=manager", "APUS_ROLE_FILE=\(parameters(of: block))", message.executable]
            + message.arguments.dropFirst()
        return JobRequest(
            command: ShellQuote.quote(words), blockID: block.id,
            name: JobScript.safeName("apus.\(label).block-\(block).\(message.runID.prefix(8))"),
            directory: directory, workingDirectory: message.workingDirectory)
    }

    /// Writes what the managers of a block read at their start, and returns the block's job.
    func prepare(_ block: BlockNumber) throws -> JobRequest {
        guard !message.executable.hasPrefix("/proc/") else {
            throw ExecutionError(
                .executorFailed,
                "the program's file was replaced or removed since it started, so no node can start it; run it again")
        }
        var message = message
        message.blockID = block.id.rawValue
        try SmallFile.write(try message.encode(), to: parameters(of: block), mode: 0o600)
        return job(of: block)
    }

    /// The last lines of what a block's job printed.
    func tails(of block: BlockNumber) -> (output: String, error: String) {
        let job = job(of: block)
        return (LogTail.lines(of: job.outputPath), LogTail.lines(of: job.errorPath))
    }
}
