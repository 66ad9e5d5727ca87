import Glibc
import InterchangeRuntime
import SystemSupport
import Testing
import WireProtocol
import ZeroMQ

/// A real interchange on a thread of its own, and a test that plays its executor and its managers.
final class TestInterchange {
    /// What a test waits for must happen within this time, in nanoseconds.
    static let patience: UInt64 = 60_000_000_000

    let directory: String
    let context: Context
    let tasks: Socket
    let results: Socket
    let commands: Socket
    let hub: Socket?
    let certificates: CurveCertificates?
    private(set) var workerPort = 0
    private let thread: JoinableThread
    private let stop: WakeUp
    private let exitCode = Locked<Int32?>(nil)

    init(
        encrypted: Bool = false, withHub: Bool = false, loggingLevel: Int = 20, address: String = "127.0.0.1",
        heartbeatThreshold: Double = 120, descriptorLimit: Int? = nil,
        log: InterchangeStartMessage.LogKind = .standard,
        adjust: (inout InterchangeStartMessage) -> Void = { _ in }
    ) throws {
        directory = try Self.makeDirectory()
        context = try Context()
        certificates = encrypted ? try CurveCertificates.create(in: directory + "/certificates") : nil
        let options = SocketOptions(curve: certificates?.clientRole)
        tasks = try Socket(context, .dealer, options: options)
        results = try Socket(context, .dealer, options: options)
        commands = try Socket(context, .request, options: options)
        let taskPort = try Self.bind(tasks, address)
        let resultPort = try Self.bind(results, address)
        let commandPort = try Self.bind(commands, address)
        var hubPort: Int?
        if withHub {
            let socket = try Socket(context, .dealer, options: SocketOptions(curve: certificates?.serverRole))
            hubPort = try Self.bind(socket, address)
            hub = socket
        } else {
            hub = nil
        }
        var start = InterchangeStartMessage(
            clientAddress: address, taskPort: taskPort, resultPort: resultPort, commandPort: commandPort,
            interchangeAddress: "127.0.0.1", workerPortRange: 20_000..<50_000, hubAddress: hubPort.map { _ in address },
            hubPort: hubPort, logDirectory: directory + "/logs", heartbeatThreshold: heartbeatThreshold,
            loggingLevel: loggingLevel, certificateDirectory: encrypted ? directory + "/certificates" : nil,
            runID: "run", log: log)
        adjust(&start)
        let stop = try WakeUp()
        self.stop = stop
        let exitCode = exitCode
        let message = start
        thread = startThread(named: "interchange") {
            var options = InterchangeService.Options()
            options.watchesParent = false
            options.handlesSignals = false
            options.stop = stop
            options.descriptorLimit = descriptorLimit
            let service = InterchangeService(
                start: message, parslVersion: "2026.10.26", pythonVersion: "3.11.7", options: options)
            let code = (try? service.run()) ?? 99
            exitCode.withLock { $0 = code }
        }
        let reply = try ask(.workerBinds)
        workerPort = try reply.withUnsafeBytes { try CommandReply.parsePort($0) }
    }

    deinit {
        stop.ring()
        thread.join()
        for socket in [tasks, results, commands, hub].compactMap({ $0 }) { socket.close() }
        // A directory that stays behind is no failure.
        _ = try? ChildDirectory.remove(directory)
    }

    /// Ends the interchange and returns its exit code.
    func end() -> Int32? {
        stop.ring()
        return waitForExit()
    }

    /// Waits until the interchange ends by itself.
    func waitForExit() -> Int32? {
        thread.join()
        return exitCode.withLock { $0 }
    }

    private static func bind(_ socket: Socket, _ address: String) throws -> Int {
        let endpoint = try socket.bind(Endpoint.tcpAnyPort(address))
        return try #require(Endpoint.port(of: endpoint))
    }

    private static func makeDirectory() throws -> String {
        var template = Array("/tmp/apus-interchange-XXXXXX".utf8CString)
        let made = mkdtemp(&template) != nil
        try #require(made)
        return String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    // MARK: As the executor

    /// Asks something and returns the reply.
    func ask(_ command: InterchangeCommand) throws -> [UInt8] { try ask(command.encode()) }

    func ask(_ bytes: [UInt8]) throws -> [UInt8] {
        try deliver(bytes, by: commands)
        return try #require(try next(commands))
    }

    /// Sends a task.
    func submit(_ id: Int, priority: Int? = nil, buffer: [UInt8] = Array("abc".utf8)) throws {
        try deliver(
            TaskMessage.encode(taskID: id, context: TaskContext(priority: priority), buffer: buffer), by: tasks)
    }

    func deliver(_ bytes: [UInt8], by socket: Socket) throws {
        let deadline = Monotonic.nanoseconds + Self.patience
        while try !socket.trySend(copying: bytes) {
            try #require(Monotonic.nanoseconds < deadline, "nobody connects")
            usleep(1000)
        }
    }

    /// The next message, or nil when none comes in time.
    func next(_ socket: Socket, within nanoseconds: UInt64 = patience) throws -> [UInt8]? {
        let deadline = Monotonic.nanoseconds + nanoseconds
        let poller = try Poller()
        try poller.add(socket, id: 0)
        while true {
            if let message = try socket.receive() { return message.toArray() }
            let now = Monotonic.nanoseconds
            guard now < deadline else { return nil }
            _ = try poller.wait(timeoutNanoseconds: deadline - now)
        }
    }

    /// The next result.
    func nextResult() throws -> (taskID: Int, kind: ResultEnvelope.Kind, payload: [UInt8]) {
        let message = try #require(try next(results), "no result came")
        let envelope = try message.withUnsafeBytes { try ResultEnvelope.parse($0) }
        return (envelope.taskID, envelope.kind, Array(message[envelope.payload]))
    }

    /// The next notice of a kind; other messages but results are passed over.
    func notice(_ kind: ExecutorNotice.Kind) throws -> ExecutorNotice {
        while true {
            let message = try #require(try next(results), "no notice came")
            if case .notice(let notice) = try message.withUnsafeBytes({ try ExecutorMessage.parse($0) }),
                notice.kind == kind
            {
                return notice
            }
        }
    }

    /// The managers as the command channel lists them.
    func managers() throws -> [ManagerSummary] {
        try ask(.managers).withUnsafeBytes { try CommandReply.parseManagers($0) }
    }

    /// Waits until something is true.
    func eventually(_ what: Comment, _ condition: () throws -> Bool) throws {
        let deadline = Monotonic.nanoseconds + Self.patience
        while try !condition() {
            try #require(Monotonic.nanoseconds < deadline, what)
            usleep(2000)
        }
    }

    /// The log so far.
    var logText: String {
        (try? SmallFile.readText(directory + "/logs/interchange.log", limit: 16 << 20)) ?? ""
    }

    // MARK: As a manager

    /// A connection to the manager port.
    func connect(_ identity: String?, role: CurveRole? = nil) throws -> TestManager {
        try TestManager(self, identity, role ?? certificates?.clientRole)
    }
}

/// Removes a directory that a test made.
enum ChildDirectory {
    static func remove(_ path: String) throws {
        for file in ["logs/interchange.log", "logs/interchange.jsonlog"] { unlink(path + "/" + file) }
        for name in ["server", "client"] {
            for suffix in [".key", ".key_secret"] { unlink(path + "/certificates/" + name + suffix) }
        }
        rmdir(path + "/logs")
        rmdir(path + "/certificates")
        rmdir(path)
    }
}

/// A test that plays a manager.
final class TestManager {
    let name: String
    let socket: Socket
    unowned let interchange: TestInterchange

    init(_ interchange: TestInterchange, _ identity: String?, _ role: CurveRole?) throws {
        self.interchange = interchange
        name = identity ?? ""
        socket = try Socket(
            interchange.context, .dealer, options: SocketOptions(identity: identity, curve: role))
        try socket.connect(Endpoint.tcp("127.0.0.1", port: interchange.workerPort))
    }

    deinit { socket.close() }

    func send(_ bytes: [UInt8]) throws { try interchange.deliver(bytes, by: socket) }

    func next(within nanoseconds: UInt64 = TestInterchange.patience) throws -> [UInt8]? {
        try interchange.next(socket, within: nanoseconds)
    }

    func registration(
        capacity: Int = 10, workers: Int = 1, block: BlockLabel = .text("0"), drainTime: Double = .infinity,
        parsl: String = "2026.10.26", apus: ApusManagerHello? = nil
    ) -> [UInt8] {
        Registration(
            parslVersion: parsl, pythonVersion: "3.11.9", packages: [("parsl", parsl)], workerCount: workers, uid: name,
            blockID: block, startTime: 5, drainTime: drainTime, maxCapacity: capacity, hostname: "hostA", apus: apus
        ).encode()
    }

    func finish(_ id: Int, _ payload: [UInt8] = Array("02\nx".utf8)) throws {
        try send(ResultEnvelope.encode(taskID: id, kind: .result, payload: payload))
    }

    /// The numbers of the tasks in the next batch; other messages are passed over.
    func nextTasks() throws -> [Int] { try nextBatch().map(\.id) }

    func nextBatch() throws -> [(id: Int, buffer: [UInt8])] {
        while true {
            let message = try #require(try next(), "no tasks came")
            let parsed = try message.withUnsafeBytes { try InterchangeMessage.parse($0) }
            if case .tasks(let envelopes) = parsed {
                return envelopes.map { (id: $0.taskID, buffer: Array(message[$0.buffer])) }
            }
        }
    }
}
