import Glibc
import InterchangeRuntime
import SystemSupport
import WireProtocol
import WorkflowCore
import ZeroMQ

/// An interchange in a process of its own, and its executor: counts what ends, and how.
final class BenchmarkExecutor {
    static let parslVersion = "benchmark"
    /// That of the real workers' task table.
    static let fingerprint = (try? RealManagers.table().fingerprint) ?? ""

    let directory: String
    let interchange: ChildProcess
    private(set) var port = 0
    private let context: Context
    private let tasks: Socket
    private let results: Socket
    private let commands: Socket
    private let poller: Poller
    private var nextID = 1
    /// Tasks that have not ended, and when they were sent.
    private(set) var open: [Int: UInt64] = [:]
    private(set) var finished = 0
    private(set) var lost = 0
    private(set) var registered: Set<String> = []
    private(set) var gone: Set<String> = []
    private(set) var lossReasons: [String: Int] = [:]
    /// The longest that one of the tasks took since this was set to 0.
    var longest: UInt64 = 0
    private var toAcknowledge: [Int] = []
    /// A call of the task that does nothing, with an argument of 200 bytes.
    private let buffer: [UInt8]

    init(encrypted: Bool) throws {
        CurrentProcess.raiseDescriptorLimit()
        buffer = TaskCall.encode(
            TaskCall.Template(name: "nothing", version: 1),
            arguments: [0x80, 0x04, 0x43, 200] + [UInt8](repeating: 120, count: 200) + [0x85, 0x2e])
        var template = Array("/tmp/apus-scale-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw BenchmarkError("no temporary directory: errno \(errno)") }
        directory = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let certificates = encrypted ? try CurveCertificates.create(in: directory + "/certificates") : nil
        context = try Context()
        let options = SocketOptions(curve: certificates?.clientRole)
        tasks = try Socket(context, .dealer, options: options)
        results = try Socket(context, .dealer, options: options)
        commands = try Socket(context, .request, options: options)
        let ports = try [tasks, results, commands].map { socket in
            try socket.bindToRandomPort(address: "127.0.0.1", ports: 20_000..<32_000)
        }
        let start = InterchangeStartMessage(
            taskPort: ports[0], resultPort: ports[1], commandPort: ports[2], logDirectory: directory + "/logs",
            certificateDirectory: encrypted ? directory + "/certificates" : nil, runID: "scale",
            checkPythonMismatch: false)
        let program = CurrentProcess.executablePath
        interchange = try ChildProcess(
            spawning: .init(
                executable: program, arguments: [program, "interchange"], standardInput: .bytes(start.encode())))
        poller = try Poller()
        try poller.add(results, id: 0)
        port = try ask(.workerBinds).withUnsafeBytes { try CommandReply.parsePort($0) }
        _ = try ask(.hello(ExecutorHello(fingerprint: Self.fingerprint, rows: [], monitoring: false)))
    }

    /// Where the keys are; nil without encryption.
    var certificateDirectory: String? {
        let path = directory + "/certificates"
        return access(path, R_OK) == 0 ? path : nil
    }

    /// Asks the interchange something.
    func ask(_ command: InterchangeCommand) throws -> [UInt8] {
        let deadline = Monotonic.nanoseconds + 60_000_000_000
        while try !commands.trySend(copying: command.encode()) {
            guard Monotonic.nanoseconds < deadline else { throw BenchmarkError("the interchange does not connect") }
            usleep(1000)
        }
        let waiting = try Poller()
        try waiting.add(commands, id: 0)
        while Monotonic.nanoseconds < deadline {
            if let reply = try commands.receive() { return reply.toArray() }
            _ = try waiting.wait(timeoutNanoseconds: 100_000_000)
        }
        throw BenchmarkError("the interchange does not answer \(command)")
    }

    /// Sends a task.
    @discardableResult
    func submit() throws -> Int {
        let id = nextID
        nextID += 1
        let bytes = TaskMessage.encode(taskID: id, context: TaskContext(), buffer: buffer)
        let deadline = Monotonic.nanoseconds + 60_000_000_000
        open[id] = Monotonic.nanoseconds
        while try !tasks.trySend(copying: bytes) {
            guard Monotonic.nanoseconds < deadline else { throw BenchmarkError("the interchange takes no tasks") }
            usleep(1000)
        }
        return id
    }

    /// Takes what comes until something is true.
    func pump(_ what: String, seconds: Double, until condition: () throws -> Bool) throws {
        let deadline = Monotonic.nanoseconds + UInt64(seconds * 1e9)
        while try !condition() {
            let now = Monotonic.nanoseconds
            guard now < deadline else {
                throw BenchmarkError(
                    "not within \(seconds) s: \(what); \(registered.count) managers came, \(gone.count) were lost, "
                        + "\(open.count) tasks are open; see \(directory)/logs/interchange.log")
            }
            if let status = interchange.poll() { throw BenchmarkError("the interchange has ended: \(status)") }
            _ = try poller.wait(timeoutNanoseconds: min(deadline - now, 5_000_000))
            try take()
        }
    }

    /// Sends tasks one after the other and returns how long each took, in nanoseconds, shortest first.
    func latencies(_ count: Int) throws -> [UInt64] {
        var times: [UInt64] = []
        for _ in 0..<count {
            let start = Monotonic.nanoseconds
            let id = try submit()
            try pump("task \(id)", seconds: 60) { open[id] == nil }
            times.append(Monotonic.nanoseconds - start)
        }
        return times.sorted()
    }

    /// Keeps so many tasks open until so many have been sent, and waits for their ends; returns seconds.
    func flood(_ count: Int, window: Int) throws -> Double {
        let start = Monotonic.nanoseconds
        var sent = 0
        try pump("\(count) tasks", seconds: 600) {
            while sent < count, open.count < window {
                try submit()
                sent += 1
            }
            return sent == count && open.isEmpty
        }
        return Double(Monotonic.nanoseconds - start) / 1e9
    }

    private func take() throws {
        while let message = try results.receive() {
            let parsed = try message.withUnsafeBytes { try ExecutorMessage.parse($0) }
            switch parsed {
            case .result(let envelope):
                guard let sent = open.removeValue(forKey: envelope.taskID) else {
                    throw BenchmarkError("task \(envelope.taskID) ended twice, or never began")
                }
                longest = max(longest, Monotonic.nanoseconds - sent)
                if envelope.kind == .result { finished += 1 } else { lost += 1 }
                toAcknowledge.append(envelope.taskID)
            case .notice(let notice):
                switch notice.kind {
                case .managerRegistered: registered.insert(notice.manager)
                case .managerLost, .managerDrained, .managerRefused:
                    gone.insert(notice.manager)
                    lossReasons[notice.text, default: 0] += 1
                }
            case .monitoring: continue
            }
        }
        guard !toAcknowledge.isEmpty else { return }
        _ = try results.trySend(copying: ExecutorAcknowledgement.encode(toAcknowledge))
        toAcknowledge.removeAll(keepingCapacity: true)
    }

    /// The managers that the interchange lists.
    func managers() throws -> [ManagerSummary] {
        try ask(.managers).withUnsafeBytes { try CommandReply.parseManagers($0) }
    }

    /// Ends the interchange.
    func end() {
        interchange.teardown([.init(signal: SIGTERM, allowed: .seconds(5))])
    }
}
