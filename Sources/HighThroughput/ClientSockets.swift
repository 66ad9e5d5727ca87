import DequeModule
import Provisioning
import SystemSupport
import WireProtocol
import WorkflowCore
import ZeroMQ

/// The three sockets of an executor (wire document §2.1), and what it waits on.
final class ClientSockets {
    let poller: Poller
    let taskPort: Int
    let resultPort: Int
    let commandPort: Int
    private let context: Context
    private let tasks: Socket
    private let results: Socket
    private let command: Socket
    private let taskMonitor: SocketMonitor
    private let resultMonitor: SocketMonitor
    private var taskConnections = 0
    private var resultConnections = 0
    private var questions: Deque<Question> = []
    private var asked: (question: Question, at: UInt64)?
    private var nextTry: UInt64 = 0

    /// What the interchange is asked on the command channel while it runs.
    enum Question: Sendable {
        /// Which of these tasks it does not have.
        case resume([Int])
        /// What managers the blocks have, after these have been held.
        case blocks(hold: [BlockNumber])
        /// All managers, and where these tasks are.
        case inspect([Int])

        var isResume: Bool { if case .resume = self { true } else { false } }

        var command: InterchangeCommand {
            switch self {
            case .resume(let ids): .resume(outstanding: ids)
            case .blocks(let hold): .blocks(hold: hold.map(\.description))
            case .inspect(let tasks): .inspect(tasks: tasks)
            }
        }
    }

    /// How long an answer may take; the interchange is on this machine, so it was lost with a connection.
    private static let answerTime: UInt64 = 5_000_000_000

    /// Binds the sockets to ports of this machine.
    init(ports: Range<Int>, curve: CurveRole?, wakeUp: WakeUp) throws {
        context = try Context()
        // The interchange is the CURVE server on every socket, even on those to which it connects.
        let options = SocketOptions(curve: curve)
        tasks = try Socket(context, .dealer, options: options)
        results = try Socket(context, .dealer, options: options)
        var commandOptions = options
        commandOptions.relaxedRequests = true
        command = try Socket(context, .request, options: commandOptions)
        taskMonitor = try tasks.monitor([.handshakeSucceeded, .disconnected])
        resultMonitor = try results.monitor([.handshakeSucceeded, .disconnected])
        taskPort = try tasks.bindToRandomPort(address: "127.0.0.1", ports: ports)
        resultPort = try results.bindToRandomPort(address: "127.0.0.1", ports: ports)
        commandPort = try command.bindToRandomPort(address: "127.0.0.1", ports: ports)
        poller = try Poller()
        try poller.add(results, id: 1)
        try poller.add(command, id: 2)
        try poller.add(descriptor: wakeUp.descriptor, .read, id: 3)
        try poller.add(taskMonitor.socket, id: 4)
        try poller.add(resultMonitor.socket, id: 8)
    }

    /// Sends one request and waits for its reply; `abort` is asked now and then whether waiting has become useless.
    func request(
        _ request: InterchangeCommand, before deadline: UInt64, abort: () -> ExecutionError?
    ) throws -> [UInt8] {
        var sent = false
        while Monotonic.nanoseconds < deadline {
            if !sent { sent = try command.trySend(copying: request.encode()) }
            if sent, let reply = try command.receive() { return reply.toArray() }
            if let error = abort() { throw error }
            // Before the interchange has connected, a request has nowhere to go: look again soon.
            try poller.wait(timeoutNanoseconds: sent ? 50_000_000 : 1_000_000) { _ in }
        }
        throw ExecutionError(
            .interchangeLost, "the interchange did not answer \(request) in time; see its log in the run directory")
    }

    /// Queues a task for the interchange; false when it is not connected.
    func sendTask(_ message: [UInt8]) -> Bool {
        if message.count < Message.adoptionThreshold {
            return (try? tasks.trySend(copying: message)) ?? false
        }
        do {
            try tasks.send(Message(adopting: message))
            return true
        } catch {
            return false
        }
    }

    /// Asks the interchange to stop tasks, behind all that were sent before.
    ///
    /// What is lost with a broken connection is asked for again after the next one.
    func cancel(_ ids: [Int]) { _ = try? tasks.trySend(copying: TaskChannelMessage.encodeCancel(ids)) }

    /// Whether to be woken when a task can be sent again.
    func watchTasks(_ on: Bool) {
        if on { try? poller.add(tasks, .write, id: 7) } else { poller.remove(id: 7) }
    }

    /// The next message of the results channel.
    func nextResult() -> [UInt8]? {
        guard let message = try? results.receive() else { return nil }
        return message.toArray()
    }

    /// Tells the interchange which results are here; a lost acknowledgement is made good after the next reconnect.
    func acknowledge(_ ids: [Int]) {
        _ = try? results.trySend(copying: ExecutorAcknowledgement.encode(ids))
    }

    /// Asks the interchange something, after what was asked before; of resumes there is one at a time.
    func ask(_ question: Question) {
        if question.isResume, asked?.question.isResume == true || questions.contains(where: \.isResume) { return }
        questions.append(question)
        if asked == nil { sendQuestion() }
    }

    /// The answer to the oldest question, when it is there.
    func nextAnswer() -> (question: Question, bytes: [UInt8])? {
        guard let (question, _) = asked, let reply = try? command.receive() else { return nil }
        asked = nil
        sendQuestion()
        return (question, reply.toArray())
    }

    /// When ``repeatQuestion(at:)`` is next of use.
    var questionDeadline: UInt64? { asked.map { $0.at &+ Self.answerTime } ?? (questions.isEmpty ? nil : nextTry) }

    /// Sends a question again whose answer does not come: it was lost with a connection.
    func repeatQuestion(at now: UInt64) {
        guard let deadline = questionDeadline, now >= deadline else { return }
        if let (question, _) = asked.take() { questions.prepend(question) }
        sendQuestion()
    }

    private func sendQuestion() {
        guard let question = questions.first else { return }
        guard (try? command.trySend(copying: question.command.encode())) ?? false else {
            nextTry = Monotonic.nanoseconds &+ 50_000_000
            return
        }
        questions.removeFirst()
        asked = (question, Monotonic.nanoseconds)
    }

    /// Reads what happened to the connections; true when one has come back after a loss.
    func connectionCameBack() -> Bool {
        let tasksBack = Self.cameBack(taskMonitor, &taskConnections)
        let resultsBack = Self.cameBack(resultMonitor, &resultConnections)
        return tasksBack || resultsBack
    }

    private static func cameBack(_ monitor: SocketMonitor, _ connections: inout Int) -> Bool {
        var cameBack = false
        while let event = try? monitor.next() {
            guard event.kind == .handshakeSucceeded else { continue }
            connections += 1
            cameBack = connections > 1
        }
        return cameBack
    }
}
