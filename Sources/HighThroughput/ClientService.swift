import Glibc
import Provisioning
import SystemSupport
import WireProtocol
import WorkflowCore
import ZeroMQ

/// Owns the executor's sockets and children, on one thread: decodes, asks ``ClientState``, performs.
final class ClientService {
    private enum PollID {
        static let results = 1, command = 2, wake = 3, monitor = 4, interchange = 5, manager = 6, tasks = 7
        static let resultMonitor = 8
    }

    let configuration: HighThroughputConfiguration
    let context: ExecutorContext
    let mailbox: ClientMailbox
    private(set) var state: ClientState
    private var effects: [ClientState.Effect] = []
    var calls: [Int: ClientMailbox.Submission] = [:]
    var lastID = 0
    var index = InvocationIndex()
    /// Tasks the interchange shall stop, sent as one message at the end of a turn.
    var toCancel: [Int] = []
    private var templates: [String: TaskCall.Template] = [:]
    private var encoded: (id: Int, message: [UInt8])?
    private var unsent: [Int] = []
    var managers: [String: Int] = [:]
    private var sockets: ClientSockets?
    private var interchange: InterchangeProcess?
    private(set) var block: LocalBlock?
    var blocks: BlockDesk?
    /// Questions of operators that the interchange has not answered yet, oldest first.
    var inspections: [InspectionRequest] = []
    private var failure: ExecutionError?
    /// Whether the results socket may hold messages.
    private var resultsWait = true
    var managerRefusal: String?
    /// Results read in one go before anything else is looked at.
    private static let resultsPerPass = 2048

    init(configuration: HighThroughputConfiguration, context: ExecutorContext, mailbox: ClientMailbox) {
        self.configuration = configuration
        self.context = context
        self.mailbox = mailbox
        state = ClientState(limits: .init(unfinishedBytes: configuration.maximumUnfinishedBytes))
    }

    /// Starts everything, reports that through `started`, and runs until it is stopped.
    func run(started: (Result<Void, any Error>) -> Void) {
        do {
            try setUp()
        } catch {
            let failure = (error as? ExecutionError) ?? ExecutionError(.executorFailed, "\(error)")
            close(failure)
            tearDown(kill: true)
            started(.failure(failure))
            return
        }
        started(.success(()))
        let kill = loop()
        close(ExecutionError(.cancelled, "the executor '\(configuration.label)' was shut down"))
        tearDown(kill: kill)
    }

    // MARK: Start and end

    private func setUp() throws {
        let directory = context.runDirectory + "/" + configuration.label
        try Directory.make(
            directory, mode: 0o700, remedy: "set `runDirectory` to a place this user may write to")
        var certificates: String?
        var role: CurveRole?
        if configuration.encrypted {
            let path = directory + "/certificates"
            role = try CurveCertificates.create(in: path).clientRole
            certificates = path
        }
        let sockets = try ClientSockets(ports: configuration.interchangePortRange, curve: role, wakeUp: mailbox.wakeUp)
        self.sockets = sockets
        let interchange = try InterchangeProcess(
            InterchangeStartMessage(
                taskPort: sockets.taskPort, resultPort: sockets.resultPort, commandPort: sockets.commandPort,
                interchangeAddress: configuration.listeningAddress, workerPort: configuration.workerPort,
                workerPortRange: configuration.workerPortRange, logDirectory: directory,
                heartbeatThreshold: configuration.heartbeatThreshold,
                loggingLevel: configuration.debugLog ? 10 : 20, certificateDirectory: certificates,
                managerSelector: configuration.filling == .packed ? .packed : .random, runID: context.runID.rawValue,
                checkPythonMismatch: false))
        self.interchange = interchange
        try sockets.poller.add(
            descriptor: interchange.child.processDescriptor, .read, id: PollID.interchange)
        let port = try handshake(sockets, interchange)
        let message = managerMessage(port: port, directory: directory, certificates: certificates)
        if let provider = configuration.provider {
            blocks = try makeDesk(provider, message, directory)
            return
        }
        let block = try LocalBlock(message, restarts: configuration.managerRestarts)
        self.block = block
        try sockets.poller.add(descriptor: block.child.processDescriptor, .read, id: PollID.manager)
    }

    /// Says hello and asks for the port of managers.
    ///
    /// Parsl waits 120 s for this answer; a program that starts itself again needs a fraction of a second, so 30 s are
    /// plenty.
    private func handshake(_ sockets: ClientSockets, _ interchange: InterchangeProcess) throws -> Int {
        let deadline = Monotonic.nanoseconds + 30_000_000_000
        let hello = ExecutorHello(
            fingerprint: context.table.fingerprint, rows: context.table.rows, monitoring: context.monitoring != nil)
        func ask(_ command: InterchangeCommand) throws -> [UInt8] {
            try sockets.request(command, before: deadline) {
                interchange.child.poll().map { interchange.lossError($0) }
            }
        }
        let version = try ask(.hello(hello)).withUnsafeBytes { try CommandReply.parseHelloAccepted($0) }
        state.acknowledges = version != nil
        state.cancels = (version ?? 0) >= WireExtensions.cancellation
        guard configuration.provider == nil || (version ?? 0) >= WireExtensions.blocks else {
            throw ExecutionError(
                .versionMismatch,
                "the interchange cannot hold blocks (it speaks version \(version ?? 0) of what Apus adds to the "
                    + "protocol, \(WireExtensions.blocks) is needed); start it from the same build")
        }
        return try ask(.workerBinds).withUnsafeBytes { try CommandReply.parsePort($0) }
    }

    private func tearDown(kill: Bool) {
        let grace: Duration = kill ? .zero : .seconds(5)
        for warning in blocks?.stop() ?? [] { Self.warn(warning) }
        // Managers first: they end their workers, and their last messages find an interchange.
        if let child = block?.child { child.teardown([.terminate(allowed: grace)]) }
        if let child = interchange?.child { child.teardown([.terminate(allowed: grace)]) }
        sockets = nil
    }

    // MARK: The loop

    /// Runs until it is stopped; returns whether children shall be killed at once.
    private func loop() -> Bool {
        guard let sockets else { return true }
        var submissions: [ClientMailbox.Submission] = []
        var cancellations: [any TaskInvocation] = []
        while true {
            let (stop, kill) = mailbox.take(&submissions, &cancellations)
            if stop {
                for submission in submissions { report(.failure(stoppedError), to: submission) }
                return kill
            }
            turnBlocks(sockets)
            for submission in submissions { accept(submission) }
            submissions.removeAll(keepingCapacity: true)
            if !cancellations.isEmpty {
                for invocation in cancellations { cancel(invocation) }
                cancellations = []
            }
            beginInspections(sockets)
            // Asking a socket in vain costs system calls: only what the poller reported is read.
            let more = resultsWait && drainResults(sockets)
            resultsWait = more
            if state.nextDeadline != nil { pass(.tick) }
            if !toCancel.isEmpty { sendCancellations(sockets) }
            if more || !mailbox.fallAsleep() { continue }
            let now = Monotonic.nanoseconds
            let deadline = min(
                state.nextDeadline ?? .max, sockets.questionDeadline ?? .max, blocks?.nextDeadline ?? .max)
            let wait = deadline == .max ? nil : max(deadline, now) - now
            do {
                try sockets.poller.wait(timeoutNanoseconds: wait) { ready in self.handle(ready, sockets) }
            } catch {
                failEverything(ExecutionError(.executorFailed, "waiting for messages failed: \(error)"))
            }
            mailbox.awake()
            if !toCancel.isEmpty { sendCancellations(sockets) }
        }
    }

    private func handle(_ ready: Readiness, _ sockets: ClientSockets) {
        switch ready.id {
        case PollID.results:
            resultsWait = true
        case PollID.interchange:
            guard let interchange, let status = interchange.child.poll() else { return }
            sockets.poller.remove(id: PollID.interchange)
            _ = drainResults(sockets)
            failEverything(interchange.lossError(status))
        case PollID.manager:
            guard let status = block?.child.poll(), let old = block?.child else { return }
            sockets.poller.remove(id: PollID.manager)
            _ = old
            switch block?.ended(status) {
            case .restarted:
                if let child = block?.child {
                    try? sockets.poller.add(descriptor: child.processDescriptor, .read, id: PollID.manager)
                }
            case .failed(var error):
                if let managerRefusal { error = ExecutionError(.tableMismatch, managerRefusal) }
                _ = drainResults(sockets)
                failEverything(error)
            case nil: return
            }
        case PollID.monitor, PollID.resultMonitor:
            if sockets.connectionCameBack() { pass(.reconnected) }
            resend()
        case PollID.tasks:
            resend()
        case PollID.command:
            while let (question, bytes) = sockets.nextAnswer() { take(bytes, for: question) }
        default:
            return
        }
    }

    private func accept(_ submission: ClientMailbox.Submission) {
        if let failure { return report(.failure(failure), to: submission) }
        lastID += 1
        calls[lastID] = submission
        pass(.submitted(lastID))
    }

    private func drainResults(_ sockets: ClientSockets) -> Bool {
        for _ in 0..<Self.resultsPerPass {
            guard let message = sockets.nextResult() else { return false }
            take(message)
        }
        return true
    }

    private func take(_ message: [UInt8]) {
        let parsed: ExecutorMessage
        do {
            parsed = try message.withUnsafeBytes { try ExecutorMessage.parse($0) }
        } catch {
            // Bytes that are no message end nothing; the interchange's own log names their sender.
            return
        }
        switch parsed {
        case .result(let envelope):
            incoming = (envelope, message)
            pass(.result(envelope.taskID, bytes: message.count))
            incoming = nil
        case .monitoring(let payload):
            guard let sink = context.monitoring,
                let event = try? payload.withUnsafeBytes({ try MonitoringMessage.parse($0) })
            else { return }
            sink(event)
        case .notice(let notice):
            take(notice)
        }
    }

    // MARK: Effects

    /// The result that is being taken, for the effect that delivers it.
    private var incoming: (envelope: ResultEnvelope, message: [UInt8])?

    func pass(_ event: ClientState.Event) {
        state.handle(event, at: Monotonic.nanoseconds, into: &effects)
        var position = 0
        while position < effects.count {
            let effect = effects[position]
            position += 1
            perform(effect)
        }
        effects.removeAll(keepingCapacity: true)
    }

    private func perform(_ effect: ClientState.Effect) {
        switch effect {
        case .encode(let id): encode(id)
        case .send(let id):
            guard let task = encoded, task.id == id, let sockets else { return }
            encoded = nil
            if !sockets.sendTask(task.message) {
                unsent.append(id)
                sockets.watchTasks(true)
            }
        case .deliver(let id): deliver(id)
        case .endCancelled(let id, let place): endCancelled(id, place)
        case .sendCancel(let id): toCancel.append(id)
        case .ignoreResult: return
        case .acknowledge(let ids): sockets?.acknowledge(ids)
        case .resume(let ids): sockets?.ask(.resume(ids))
        }
    }

    private func encode(_ id: Int) {
        guard let submission = calls[id] else {
            return state.handle(.encodingFailed(id), at: Monotonic.nanoseconds, into: &effects)
        }
        let invocation = submission.invocation
        do {
            let arguments = try invocation.argumentBytes()
            let definition = invocation.definition
            let template = templates[definition.name] ?? .init(name: definition.name, version: definition.version)
            templates[definition.name] = template
            var taskContext = TaskContext(
                walltime: invocation.walltime.map { Double($0.clampedNanoseconds) / 1e9 })
            let resources = invocation.resources
            try configuration.checkNodes(resources)
            try taskContext.take(resources)
            if context.monitoring != nil {
                let identity = invocation.identity
                taskContext.monitored = .init(task: identity.task.rawValue, number: identity.number)
            }
            let message = TaskMessage.encode(
                taskID: id, context: taskContext, call: template, arguments: arguments)
            encoded = (id, message)
            state.handle(.encoded(id, bytes: message.count), at: Monotonic.nanoseconds, into: &effects)
        } catch {
            calls[id] = nil
            state.handle(.encodingFailed(id), at: Monotonic.nanoseconds, into: &effects)
            report(.failure(error), to: submission)
        }
    }

    private func deliver(_ id: Int) {
        guard let submission = calls.removeValue(forKey: id), let (envelope, message) = incoming else { return }
        switch envelope.kind {
        case .exception:
            let error = message.withUnsafeBytes { bytes in
                FailureBuffer.decode(UnsafeRawBufferPointer(rebasing: bytes[envelope.payload]))
            }
            let failure = complete(error, for: submission)
            if let blocks, blocks.holds(failure, submission, at: Monotonic.nanoseconds) { return }
            report(.failure(failure), to: submission)
        case .result:
            let body = message.withUnsafeBytes { bytes in
                SerializedObject.body(of: UnsafeRawBufferPointer(rebasing: bytes[envelope.payload]))
            }
            guard let body else {
                let error = ExecutionError(
                    .resultUnusable,
                    "the result of '\(submission.invocation.definition.name)' is neither data nor a callable")
                return report(.failure(error), to: submission)
            }
            let start = envelope.payload.lowerBound
            let range = (start + body.lowerBound)..<(start + body.upperBound)
            report(.encoded(message: message, range: range), to: submission)
        }
    }

    func report(_ outcome: TaskOutcome, to submission: ClientMailbox.Submission) {
        mailbox.update { $0.outstanding -= 1 }
        submission.receiver.receive(outcome, of: submission.invocation)
    }

    private func resend() {
        guard !unsent.isEmpty else { return }
        sockets?.watchTasks(false)
        let ids = unsent
        unsent = []
        pass(.missing(ids))
    }

    // MARK: Failure

    private var stoppedError: ExecutionError {
        ExecutionError(.cancelled, "the executor '\(configuration.label)' was shut down before the call ended")
    }

    /// Ends every open call with this error, and refuses all further ones.
    func failEverything(_ error: ExecutionError) {
        failure = failure ?? error
        close(error)
    }

    private func close(_ error: ExecutionError) {
        let waiting = mailbox.close(error)
        endInspections()
        for held in blocks?.releaseAll() ?? [] { report(.failure(held.error), to: held.submission) }
        for id in state.abandon() {
            if let submission = calls.removeValue(forKey: id) { report(.failure(error), to: submission) }
        }
        // Calls between two states, such as one that is being encoded.
        for submission in calls.values { report(.failure(error), to: submission) }
        calls = [:]
        for submission in waiting { report(.failure(error), to: submission) }
    }
}
