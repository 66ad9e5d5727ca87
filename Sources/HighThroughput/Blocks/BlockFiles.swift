import Commands
import Provisioning
import SystemSupport
import WireProtocol
import WorkflowCore
import ZeroMQ

/// What the jobs of an executor's blocks run, and where their files are.
struct BlockFiles: Sendable {
    /// What managers are told, but for their block.
    let message: ManagerStartMessage
    /// The executor's name.
    let label: String
    /// Where scripts, output and the managers' parameters go.
    let directory: String
    /// Whether nodes see these files.
    private let sharesFiles: Bool
    /// A script of all blocks that keeps a copy of the program on each node.
    private var startScript: String?

    /// Makes the directory, and what all blocks have in common.
    ///
    /// - Parameters:
    ///   - message: what managers are told.
    ///   - label: the executor's name.
    ///   - directory: the executor's directory.
    ///   - executable: how the program comes to nodes that see it.
    ///   - sharesFiles: whether nodes see the files of this host.
    init(
        _ message: ManagerStartMessage, label: String, directory: String, executable: ExecutablePlacement = .shared,
        sharesFiles: Bool = true
    ) throws {
        self.message = message
        self.label = label
        self.directory = directory + "/blocks"
        self.sharesFiles = sharesFiles
        try Directory.make(self.directory, mode: 0o700)
        guard sharesFiles, case .copied(let cache) = executable else { return }
        let words = message.arguments.dropFirst().map { ShellQuote.quote($0) }
        let text = cache.script(
            executable: message.executable, digest: try ExecutableFile.digestWaiting(message.executable),
            command: (["\"$apus_program\""] + words).joined(separator: " "))
        let path = self.directory + "/start.sh"
        try SmallFile.write(Array(text.utf8), to: path, mode: 0o700)
        startScript = path
    }

    private func parameters(of block: BlockNumber) -> String { "\(directory)/block-\(block).pickle" }

    /// The job of a block, without what only nodes need that see none of these files.
    ///
    /// The file of its managers' parameters names the directory of keys; command and script name the file alone.
    func job(of block: BlockNumber) -> JobRequest {
        let start = startScript.map { ["/bin/sh", $0] } ?? [message.executable] + message.arguments.dropFirst()
        let words = ["env", "APUS_ROLE=manager", "APUS_ROLE_FILE=\(parameters(of: block))"] + start
        return JobRequest(
            command: sharesFiles ? ShellQuote.quote(words) : "", blockID: block.id,
            name: JobScript.safeName("apus.\(label).block-\(block).\(message.runID.prefix(8))"),
            directory: directory, workingDirectory: message.workingDirectory, runID: message.runID)
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
        var job = job(of: block)
        guard sharesFiles else {
            job.program = try program(message)
            return job
        }
        // Workers are started from the copy as well: the manager knows where that is.
        if startScript != nil { message.executable = "" }
        try SmallFile.write(try message.encode(), to: parameters(of: block), mode: 0o600)
        return job
    }

    /// What a node gets that sees none of these files: paths are left to it, and the keys come with the parameters.
    private func program(_ message: ManagerStartMessage) throws -> JobProgram {
        var message = message
        let executable = message.executable
        message.executable = ""
        message.logDirectory = ""
        message.workingDirectory = ""
        if let directory = message.certificateDirectory {
            message.certificates = try CurveCertificates.clientFiles(in: directory)
            message.certificateDirectory = nil
        }
        return JobProgram(
            executable: executable, arguments: Array(message.arguments.dropFirst()),
            environment: ["APUS_ROLE": "manager"], parameters: try message.encode())
    }

    /// The last lines of what a block's job printed.
    func tails(of block: BlockNumber) -> (output: String, error: String) {
        let job = job(of: block)
        return (LogTail.lines(of: job.outputPath), LogTail.lines(of: job.errorPath))
    }
}
