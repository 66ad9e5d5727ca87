import Glibc
import PickleCoding
import SystemSupport
import Testing
import WireProtocol

/// A manager played by a test, and a real worker process behind a stream socket.
final class FakeManager {
    struct Frame {
        var kind: UInt32
        var body: [UInt8]
    }

    let worker: ChildProcess
    let descriptor: Int32
    let control: Int32
    private var isOpen = true
    /// What must happen has this long, in nanoseconds.
    static let patience: UInt64 = 60_000_000_000

    init(monitoring: Bool = false, directory: String = "", configure: Bool = true) throws {
        let (own, others) = try StreamPair.make()
        descriptor = own
        let (ownControl, othersControl) = try StreamPair.make()
        control = ownControl
        var environment = EnvironmentVariables.all
        environment["APUS_ROLE"] = "worker"
        environment["SWIFT_BACKTRACE"] = "enable=no"
        worker = try ChildProcess(
            spawning: .init(
                executable: Probe.path, arguments: ["WorkerProbe"], environment: environment, standardOutput: .null,
                standardError: .null,
                extraDescriptors: [(child: Int32(3), parent: others), (child: Int32(4), parent: othersControl)]))
        DescriptorIO.close(others)
        DescriptorIO.close(othersControl)
        guard configure else { return }
        let message = WorkerConfigurationMessage(
            runID: "run", managerID: "manager", blockID: "7", index: 3, workerCount: 5, host: "node",
            workingDirectory: directory, environment: nil, monitoring: monitoring, echo: false)
        try send(.configuration, try message.encode())
    }

    deinit {
        hangUp()
        DescriptorIO.close(control)
    }

    func send(_ kind: WorkerFrame.Kind, _ body: [UInt8]) throws { try send(kind, body, by: descriptor) }

    /// Sends a frame that does not wait behind tasks.
    func tell(_ kind: WorkerFrame.Kind, _ tasks: [Int] = []) throws {
        try send(kind, tasks.isEmpty ? [] : PackedIDs.encode(tasks), by: control)
    }

    private func send(_ kind: WorkerFrame.Kind, _ body: [UInt8], by descriptor: Int32) throws {
        let header = WorkerFrame(kind: kind, length: body.count).header
        try (header + body).withUnsafeBytes { bytes in try DescriptorIO.writeFully(descriptor, bytes) }
    }

    func send(
        task: Int, _ app: String, _ arguments: [Int] = [], version: Int = 1, monitored: Bool = false,
        walltime: Double? = nil
    ) throws {
        let call = TaskCall.encode(name: app, version: version, arguments: try PickleEncoder().encode(arguments))
        let context = TaskContext(monitored: monitored ? .init(task: 40, number: 2) : nil, walltime: walltime)
        try send(.task, TaskMessage.encode(taskID: task, context: context, buffer: call))
    }

    /// The next frame; `nil` at the end of the stream.
    func next() throws -> Frame? {
        guard let header = try read(WorkerFrame.headerSize) else { return nil }
        let kind = header.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self)) }
        let length = header.withUnsafeBytes {
            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
        }
        return Frame(kind: kind, body: try read(Int(length)) ?? [])
    }

    func ready() throws -> WorkerReadyMessage {
        let frame = try #require(try next())
        #expect(frame.kind == WorkerFrame.Kind.ready.rawValue)
        return try WorkerReadyMessage.decode(frame.body)
    }

    /// The next frame, which is a result.
    func result() throws -> (task: Int, kind: ResultEnvelope.Kind, payload: [UInt8]) {
        let frame = try #require(try next())
        #expect(frame.kind == WorkerFrame.Kind.result.rawValue)
        let envelope = try frame.body.withUnsafeBytes { bytes throws(WireError) in try ResultEnvelope.parse(bytes) }
        return (envelope.taskID, envelope.kind, Array(frame.body[envelope.payload]))
    }

    func value<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let result = try result()
        guard result.kind == .result else { throw result.payload.withUnsafeBytes { FailureBuffer.decode($0) } }
        return try PickleDecoder().decode(type, from: Array(result.payload.dropFirst(SerializedObject.prefix.count)))
    }

    func error() throws -> any Error {
        let result = try result()
        #expect(result.kind == .exception)
        return result.payload.withUnsafeBytes { FailureBuffer.decode($0) }
    }

    func hangUp() {
        if isOpen { DescriptorIO.close(descriptor) }
        isOpen = false
    }

    private func read(_ count: Int) throws -> [UInt8]? {
        let events = try DescriptorIO.poll(descriptor, .read, timeoutNanoseconds: Self.patience)
        try #require(!events.isEmpty, "nothing came from the worker in time")
        var bytes = [UInt8](repeating: 0, count: count)
        let isThere = try bytes.withUnsafeMutableBytes { buffer in
            try DescriptorIO.readExactly(descriptor, into: buffer)
        }
        return isThere ? bytes : nil
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
