import Glibc
import ManagerRuntime
import PickleCoding
import SystemSupport
import Testing
import WireProtocol
import ZeroMQ

/// An interchange played by a test, and a real manager process that serves it.
final class FakeInterchange {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// What came back for one task.
    struct Answer {
        var task: Int
        var kind: ResultEnvelope.Kind
        /// The serialised value or error.
        var payload: [UInt8]

        var error: any Error { payload.withUnsafeBytes { FailureBuffer.decode($0) } }

        func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
            guard kind == .result else { throw error }
            return try PickleDecoder().decode(type, from: Array(payload.dropFirst(SerializedObject.prefix.count)))
        }
    }

    /// Whether it welcomes managers and acknowledges results.
    let isApus: Bool
    /// Whether heartbeats and registrations are answered.
    var answersHeartbeats = true
    /// Whether results are acknowledged as they come.
    var acknowledges = true
    private(set) var registrations: [Registration] = []
    private(set) var capacity: Int?
    private(set) var monitoring: [[UInt8]] = []
    private(set) var heartbeats = 0
    private(set) var drains = 0
    private(set) var answers: [Answer] = []
    private(set) var identity: [UInt8] = []

    private let context: Context
    private var router: Socket
    private var poller: Poller
    let port: Int
    let directory: String

    init(isApus: Bool = true, certificates: CurveCertificates? = nil) throws {
        self.isApus = isApus
        context = try Context()
        router = try Socket(context, .router, options: SocketOptions(curve: certificates?.serverRole))
        port = Endpoint.port(of: try router.bind("tcp://127.0.0.1:*")) ?? 0
        poller = try Poller()
        try poller.add(router, id: 0)
        directory = "/tmp/apus-manager-test-\(getpid())-\(port)"
        mkdir(directory, 0o700)
    }

    deinit { _ = try? Self.remove(directory) }

    /// The configuration of a manager with two workers.
    func configuration() -> ManagerConfiguration {
        var configuration = ManagerConfiguration(
            addresses: ["127.0.0.1"], port: port, uid: "m\(port)", blockID: "0", logDirectory: directory,
            runID: "run", workerCommand: .init(executable: Probe.path, arguments: ["WorkerProbe"]))
        configuration.sizing = WorkerSizing(maximumWorkers: 2, coresPerWorker: 0)
        configuration.heartbeatPeriod = .milliseconds(200)
        configuration.heartbeatThreshold = .seconds(10)
        configuration.watchesParent = true
        configuration.addressProbeTimeout = .seconds(60)
        return configuration
    }

    func startManager(
        _ configuration: ManagerConfiguration, standardError: ChildProcess.Options.Output = .null
    ) throws -> ChildProcess {
        let file = try write(configuration)
        return try ChildProcess(
            spawning: .init(
                executable: Probe.path, arguments: ["WorkerProbe", "manager", file], standardOutput: .null,
                standardError: standardError))
    }

    /// Writes the file from which the probe plays a manager.
    func write(_ configuration: ManagerConfiguration) throws -> String {
        let file = "\(directory)/configuration"
        try SmallFile.write(try PickleEncoder().encode(configuration), to: file, mode: 0o600)
        return file
    }

    // MARK: Talking

    /// What must happen has this long: on a busy machine everything takes its time.
    static let patience: Double = 60

    /// Reads and answers until `condition` holds.
    func serve(
        _ what: String, seconds: Double = FakeInterchange.patience, until condition: () throws -> Bool
    ) throws {
        let deadline = Monotonic.nanoseconds + UInt64(seconds * 1e9)
        while !(try condition()) {
            guard Monotonic.nanoseconds < deadline else {
                throw Failure(
                    description: "waited \(seconds) s for: \(what). Log of the manager:\n\(managerLog)")
            }
            for _ in try poller.wait(timeoutNanoseconds: 10_000_000) {
                while let pair = try router.receivePair() {
                    try take(pair.second.toArray(), from: pair.first.toArray())
                }
            }
        }
    }

    func serve(seconds: Double) throws {
        let end = Monotonic.nanoseconds + UInt64(seconds * 1e9)
        try serve("the time to pass", seconds: seconds + Self.patience) { Monotonic.nanoseconds >= end }
    }

    func awaitRegistration(_ count: Int = 1) throws -> Registration {
        try serve("registration \(count)") { registrations.count >= count }
        return registrations[count - 1]
    }

    func awaitAnswer(_ task: Int) throws -> Answer {
        try serve("the result of task \(task)") { answers.contains { $0.task == task } }
        guard let answer = answers.first(where: { $0.task == task }) else { throw Failure(description: "no answer") }
        return answer
    }

    /// Sends tasks of one app, in one batch.
    func send(
        _ tasks: some Sequence<Int>, _ app: String, _ arguments: [Int] = [], monitored: Bool = false,
        walltime: Double? = nil, needs: TaskNeeds? = nil, layout: RankLayout? = nil
    ) throws {
        let call = TaskCall.encode(name: app, version: 1, arguments: try PickleEncoder().encode(arguments))
        let messages = tasks.map { task in
            TaskMessage.encode(
                taskID: task,
                context: TaskContext(
                    monitored: monitored ? .init(task: task * 10, number: 1) : nil, walltime: walltime,
                    needs: needs, layout: layout),
                buffer: call)
        }
        if messages.count == 1 { return try send(messages[0]) }
        var writer = TaskBatchWriter(reservingCapacity: 1000)
        for message in messages {
            try message.withUnsafeBytes { bytes in try writer.append(try TaskEnvelope.parse(bytes), of: bytes) }
        }
        try send(writer.finish())
    }

    func send(_ bytes: [UInt8]) throws { try router.send(identity: identity, Message(copying: bytes)) }

    /// Cuts all connections and listens again on the same port.
    func cut() throws {
        poller.remove(id: 0)
        router.close()
        let fresh = try Socket(context, .router)
        guard Processes.eventually({ Self.listen(fresh, port) }) else {
            throw Failure(description: "port \(port) is not free again")
        }
        router = fresh
        try poller.add(fresh, id: 0)
    }

    private static func listen(_ socket: Socket, _ port: Int) -> Bool {
        do {
            try socket.bind("tcp://127.0.0.1:\(port)")
            return true
        } catch {
            return false
        }
    }

    private func take(_ body: [UInt8], from sender: [UInt8]) throws {
        let message = try body.withUnsafeBytes { bytes throws(WireError) in try ManagerMessage.parse(bytes) }
        switch message {
        case .connectionProbe: try reply(sender, [])
        case .registration(let registration):
            registrations.append(registration)
            identity = sender
            if isApus, answersHeartbeats { try reply(sender, InterchangeMessage.encodeWelcome()) }
        case .heartbeat:
            heartbeats += 1
            if answersHeartbeats { try reply(sender, InterchangeMessage.heartbeatBytes) }
        case .result(let envelope):
            answers.append(Answer(task: envelope.taskID, kind: envelope.kind, payload: Array(body[envelope.payload])))
            if isApus, acknowledges { try reply(sender, InterchangeMessage.encodeAcknowledged([envelope.taskID])) }
        case .monitoring(let payload): monitoring.append(payload)
        case .drain: drains += 1
        case .capacity(let count): capacity = count
        case .legacyResultsHeader: break
        }
    }

    /// Answers a manager, which may have ended in the meantime.
    private func reply(_ identity: [UInt8], _ bytes: [UInt8]) throws {
        do throws(ZeroMQError) {
            try router.send(identity: identity, Message(copying: bytes))
        } catch {
            guard error.code == .unreachable else { throw error }
        }
    }

    // MARK: Looking

    var managerDirectory: String { "\(directory)/block-0/m\(port)" }

    var managerLog: String { (try? SmallFile.readText("\(managerDirectory)/manager.log")) ?? "no log" }

    /// Waits until the manager has ended; fails when it takes longer.
    func awaitEnd(_ manager: ChildProcess) throws -> SystemSupport.ExitStatus {
        try serve("the end of the manager") { manager.poll() != nil }
        return manager.poll() ?? .exited(255)
    }

    private static func remove(_ directory: String) throws {
        let remover = try ChildProcess(
            spawning: .init(executable: "rm", arguments: ["rm", "-rf", directory], standardError: .null))
        _ = remover.wait()
    }
}

/// The helper program, which lies beside the tests.
enum Probe {
    static let path: String = {
        let bundle = CurrentProcess.commandLine.first { $0.hasSuffix(".xctest") } ?? CurrentProcess.executablePath
        return bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            + "/WorkerProbe"
    }()
}

/// Other processes, as the kernel lists them.
enum Processes {
    /// The children of a process.
    static func children(of pid: Int32) -> [Int32] {
        let text = (try? SmallFile.readText("/proc/\(pid)/task/\(pid)/children")) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }

    /// Whether a process runs: neither gone nor waiting to be reaped.
    static func isAlive(_ pid: Int32) -> Bool {
        guard let text = try? SmallFile.readText("/proc/\(pid)/stat") else { return false }
        return text.split(separator: ")").last?.split(separator: " ").first != "Z"
    }

    /// Whether every thread of a process has been stopped by a signal: they stop one after the other.
    static func isStopped(_ pid: Int32) -> Bool {
        guard let folder = opendir("/proc/\(pid)/task") else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard Int32(name) != nil else { continue }
            let text = (try? SmallFile.readText("/proc/\(pid)/task/\(name)/stat")) ?? ""
            guard text.split(separator: ")").last?.split(separator: " ").first == "T" else { return false }
        }
        return true
    }

    /// Waits until a condition holds; false when it does not within the time.
    static func eventually(_ condition: () -> Bool) -> Bool {
        let deadline = Monotonic.nanoseconds + UInt64(FakeInterchange.patience * 1e9)
        while !condition() {
            if Monotonic.nanoseconds >= deadline { return false }
            usleep(5000)
        }
        return true
    }
}
