import Commands
import Provisioning
import SystemSupport
import WireProtocol
import WorkflowCore

/// What the executor's thread has to do with blocks: it describes their managers, and holds back the errors of lost ones
/// until the scheduler has said why.
final class BlockDesk {
    private let provider: any Provider
    private let service: BlockService
    private let reports: Locked<[BlockService.Report]>
    private var blockOfManager: [String: BlockID] = [:]
    private var waiting: [BlockID: [Held]] = [:]

    /// A call whose manager was lost, before it is reported.
    struct Held {
        var error: ExecutionError
        var submission: ClientMailbox.Submission
    }

    /// What a manager needs to know beyond its block, and where files go.
    struct Template: Sendable {
        var message: ManagerStartMessage
        var label: String
        var directory: String
    }

    init(_ provider: any Provider, _ template: Template, mailbox: ClientMailbox) throws {
        self.provider = provider
        let scripts = template.directory + "/blocks"
        try Directory.make(scripts, mode: 0o700)
        let log = try BlockLog(directory: template.directory)
        let reports = Locked<[BlockService.Report]>([])
        self.reports = reports
        service = BlockService(
            provider, log: log,
            request: { block in try Self.request(block, template, scripts) },
            openCalls: { mailbox.snapshot.outstanding },
            report: { report in
                reports.withLock { $0.append(report) }
                mailbox.wakeUp.ring()
            })
    }

    /// Begins to ask for blocks.
    func start() { service.start() }

    /// The job of a block; writes the file with its managers' parameters.
    ///
    /// The file names the directory of keys and has the mode 0600; command and script name the file alone.
    private static func request(_ block: BlockID, _ template: Template, _ scripts: String) throws -> JobRequest {
        guard !template.message.executable.hasPrefix("/proc/") else {
            throw ExecutionError(
                .executorFailed,
                "the program's file was replaced or removed since it started, so no node can start it; run it again")
        }
        var message = template.message
        message.blockID = block.rawValue
        let file = "\(scripts)/block-\(block).pickle"
        try SmallFile.write(try message.encode(), to: file, mode: 0o600)
        let words =
            ["env", "APUS_ROLE=manager", "APUS_ROLE_FILE=\(file)", message.executable] + message.arguments.dropFirst()
        return JobRequest(
            command: ShellQuote.quote(words), blockID: block,
            name: JobScript.safeName("apus.\(template.label).block-\(block).\(message.runID.prefix(8))"),
            directory: scripts, workingDirectory: message.workingDirectory)
    }

    /// Takes note of what the interchange says of a manager.
    func take(_ notice: ExecutorNotice) {
        let block = BlockID(notice.blockID)
        switch notice.kind {
        case .managerRegistered:
            blockOfManager[notice.manager] = block
            service.registered(notice.manager, of: block)
        case .managerLost, .managerDrained, .managerRefused:
            blockOfManager[notice.manager] = nil
            service.lost(notice.manager, of: block)
        }
    }

    /// Takes over the report of a call that failed with its manager, until the scheduler was asked why.
    ///
    /// False for any other error. The calls of a manager fail before the notice that it is gone, on the same channel, so
    /// its block is still known then.
    func holds(_ error: any Error, _ submission: ClientMailbox.Submission) -> Bool {
        guard let error = error as? ExecutionError, error.code == .managerLost,
            // The interchange's words are `manager NAME on HOST, which had task …`.
            let name = error.message.split(separator: " ", maxSplits: 2).dropFirst().first,
            let block = blockOfManager[String(name)]
        else { return false }
        if waiting[block] == nil { service.explain(block) }
        waiting[block, default: []].append(Held(error: error, submission: submission))
        return true
    }

    /// What has come in: errors that can be reported now, and the end of the executor.
    func takeReports() -> (explained: [Held], failure: ExecutionError?) {
        var explained: [Held] = []
        var failure: ExecutionError?
        let reports = reports.withLock { reports in
            defer { reports = [] }
            return reports
        }
        for report in reports {
            switch report {
            case .explained(let block, let text):
                for var held in waiting.removeValue(forKey: block) ?? [] {
                    held.error.message += "; \(text)"
                    explained.append(held)
                }
            case .failed(let error): failure = error
            case .uncancelled(let text): Self.warn(text)
            }
        }
        return (explained, failure)
    }

    /// Everything that is held back, to be reported without an explanation.
    func releaseAll() -> [Held] {
        defer { waiting = [:] }
        return Array(waiting.values.joined())
    }

    /// Cancels all blocks; returns when that is done.
    func stop() {
        service.stop()
        _ = takeReports()
    }

    private static func warn(_ text: String) {
        var line = "apus: \(text)\n"
        line.withUTF8 { bytes in _ = try? DescriptorIO.writeFully(2, UnsafeRawBufferPointer(bytes)) }
    }
}
