import Glibc
import Provisioning
import SystemSupport
import WireProtocol
import WorkflowCore

// Managers and blocks, as the executor's thread sees them.

extension ClientService {
    /// What the managers of this executor are told at their start.
    func managerMessage(port: Int, directory: String, certificates: String?) -> ManagerStartMessage {
        var prefetch: Int?
        if case .fixed(let count) = configuration.prefetch { prefetch = count }
        return ManagerStartMessage(
            addresses: configuration.managerAddresses, port: port, certificateDirectory: certificates,
            // The managers of a block are named on their nodes, and print into the job's output.
            managerID: configuration.provider == nil ? "local.\(CurrentProcess.pid)" : "", blockID: "0",
            runID: context.runID.rawValue,
            workers: configuration.workers, prefetch: prefetch, logDirectory: directory,
            workingDirectory: Directory.current, executable: CurrentProcess.executablePath,
            arguments: CurrentProcess.commandLine, fingerprint: context.table.fingerprint, rows: context.table.rows,
            monitoring: context.monitoring != nil,
            echo: configuration.provider == nil && (configuration.echo ?? (isatty(2) == 1)),
            heartbeatPeriod: configuration.heartbeatPeriod, heartbeatThreshold: configuration.heartbeatThreshold,
            cancelGrace: configuration.cancelGrace,
            drainPeriod: configuration.effectiveDrainPeriod.map { $0 / .seconds(1) },
            node: configuration.nodeOptions)
    }

    /// Begins to keep the provider's blocks.
    func makeDesk(_ provider: any Provider, _ message: ManagerStartMessage, _ directory: String) throws -> BlockDesk {
        let wakeUp = mailbox.wakeUp
        return BlockDesk(
            provider, configuration.scaling(of: provider), period: configuration.strategyPeriod,
            files: try BlockFiles(
                message, label: configuration.label, directory: directory, executable: configuration.executable,
                sharesFiles: provider.sharesFiles),
            log: try BlockLog(directory: directory)
        ) { wakeUp.ring() }
    }

    /// Has the blocks looked after, and does what comes of it.
    func turnBlocks(_ sockets: ClientSockets) {
        let now = Monotonic.nanoseconds
        sockets.repeatQuestion(at: now)
        guard let blocks else { return }
        let outcome = blocks.turn(load: mailbox.snapshot.outstanding, at: now)
        for hold in outcome.questions { sockets.ask(.blocks(hold: hold)) }
        for held in outcome.explained { report(.failure(held.error), to: held.submission) }
        for warning in outcome.warnings { Self.warn(warning) }
        if let snapshot = blocks.takeSnapshot() { mailbox.note(snapshot) }
        guard var failure = outcome.failure else { return }
        if let managerRefusal { failure = ExecutionError(.tableMismatch, managerRefusal) }
        failEverything(failure)
    }

    /// Takes what the interchange answered.
    func take(_ answer: [UInt8], for question: ClientSockets.Question) {
        switch question {
        case .resume:
            // One that cannot be read is as good as none: what is missing shows at the next resume.
            guard let missing = try? answer.withUnsafeBytes({ try CommandReply.parseMissing($0) }) else { return }
            pass(.missing(missing))
        case .blocks(let hold):
            guard let list = try? answer.withUnsafeBytes({ try CommandReply.parseBlockSummaries($0) }) else { return }
            blocks?.take(list, held: hold, at: Monotonic.nanoseconds)
        case .inspect:
            takeInspection(try? answer.withUnsafeBytes { try InterchangeInspection.parse($0) })
        }
    }

    /// Takes note of what the interchange says of a manager.
    func take(_ notice: ExecutorNotice) {
        blocks?.take(notice, at: Monotonic.nanoseconds)
        switch notice.kind {
        case .managerRegistered: managers[notice.manager] = notice.workerCount
        case .managerLost, .managerDrained: managers[notice.manager] = nil
        case .managerRefused: managerRefusal = notice.text
        }
        let workers = managers.values.reduce(0, +)
        // Without a provider the block of this machine has one manager.
        let count = blocks?.connectedCount ?? managers.count
        mailbox.update {
            $0.workers = workers
            $0.blocks = count
        }
    }

    /// Says on standard error what somebody has to look after.
    static func warn(_ text: String) {
        var line = "apus: \(text)\n"
        line.withUTF8 { bytes in _ = try? DescriptorIO.writeFully(2, UnsafeRawBufferPointer(bytes)) }
    }
}
