import TestSupport
import Testing
import WorkflowCore

@testable import WireProtocol

/// What Apus writes, Apus reads.
@Suite("Messages written and read", .paced)
struct RoundTripTests {
    @Test("tasks of every size", arguments: [0, 1, 255, 256, 70_000])
    func tasks(size: Int) throws {
        let buffer = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let message = TaskMessage.encode(taskID: 300_000, context: TaskContext(), buffer: buffer)
        let envelope = try message.parsed { try TaskEnvelope.parse($0) }
        #expect(envelope.taskID == 300_000)
        #expect(envelope.contextIsEmpty)
        #expect(Array(message[envelope.buffer]) == buffer)
    }

    @Test("a context survives the hand-over to a manager")
    func context() throws {
        let context = TaskContext(priority: 7, monitored: .init(task: 12, number: 1), walltime: 2.5)
        let message = TaskMessage.encode(taskID: 5, context: context, buffer: [1, 2, 3])
        let envelope = try message.parsed { try TaskEnvelope.parse($0) }
        #expect(envelope.priority == 7)
        #expect(!envelope.contextIsEmpty)
        var batch = TaskBatchWriter(reservingCapacity: 100)
        try message.withUnsafeBytes { try batch.append(envelope, of: $0) }
        let bytes = batch.finish()
        let again = try bytes.parsed { try TaskEnvelope.parseBatch($0) }
        #expect(again.map(\.taskID) == [5])
        #expect(again.map(\.priority) == [7])
        #expect(message.parsed { TaskContext.all(in: $0) } == [context])
        #expect(bytes.parsed { TaskContext.all(in: $0) } == [context])
    }

    @Test("the number of a task is found in a message that cannot be read otherwise")
    func taskNumbers() throws {
        let message = TaskMessage.encode(taskID: 77, context: TaskContext(), buffer: Array(repeating: 1, count: 500))
        for size in 30..<message.count {
            #expect(Array(message[..<size]).parsed { TaskEnvelope.taskID(in: $0) } == 77, "cut at \(size)")
        }
        // {'buffer': 'no bytes', 'context': {'a': 1}, 'task_id': 77}
        let unusual: [UInt8] =
            [0x80, 4, 0x7D, 0x28] + [0x8C, 6] + Array("buffer".utf8) + [0x8C, 8] + Array("no bytes".utf8) + [0x8C, 7]
            + Array("context".utf8) + [0x7D, 0x8C, 1, 0x61, 0x4B, 1, 0x73] + [0x8C, 7] + Array("task_id".utf8)
            + [0x4B, 77, 0x75, 0x2E]
        #expect(throws: WireError.self) { try unusual.parsed { try TaskEnvelope.parse($0) } }
        #expect(unusual.parsed { TaskEnvelope.taskID(in: $0) } == 77)
        for bytes in [[], [0x80, 4, 0x4E, 0x2E], Array("garbage".utf8), [0x80, 4, 0x7D, 0x28, 0x75, 0x2E]] as [[UInt8]]
        {
            #expect(bytes.parsed { TaskEnvelope.taskID(in: $0) } == nil)
        }
    }

    @Test("batches of many tasks", arguments: [1, 2, 1000, 5000])
    func batches(count: Int) throws {
        var batch = TaskBatchWriter(reservingCapacity: 100)
        for id in 1...count {
            let message = TaskMessage.encode(taskID: id, context: TaskContext(), buffer: Array("\(id)".utf8))
            try message.withUnsafeBytes { try batch.append(TaskEnvelope.parse($0), of: $0) }
        }
        let bytes = batch.finish()
        let envelopes = try bytes.parsed { try TaskEnvelope.parseBatch($0) }
        #expect(envelopes.map(\.taskID) == Array(1...count))
        #expect(envelopes.allSatisfy { Array(bytes[$0.buffer]) == Array("\($0.taskID)".utf8) })
        guard case .tasks(let tasks) = try bytes.parsed({ try InterchangeMessage.parse($0) }) else {
            Issue.record("a batch was not read as tasks")
            return
        }
        #expect(tasks == envelopes)
    }

    @Test("the buffer of a call names its app and shows its arguments")
    func calls() throws {
        let arguments: [UInt8] = [0x80, 4, 0x29, 0x2e]
        let message = TaskMessage.encode(
            taskID: 9, context: TaskContext(), call: .init(name: "fit", version: 2), arguments: arguments)
        let envelope = try message.parsed { try TaskEnvelope.parse($0) }
        let call = try message.parsed { try TaskCall.parse($0, range: envelope.buffer) }
        #expect(call.name == "fit")
        #expect(call.version == 2)
        #expect(Array(message[call.arguments]) == arguments)
        let buffer = TaskCall.encode(name: "fit", version: 2, arguments: arguments)
        #expect(Array(message[envelope.buffer]) == buffer)
    }

    @Test("a call cut anywhere is an error, never a trap")
    func cutCalls() {
        let buffer = TaskCall.encode(name: "fit", version: 2, arguments: [0x80, 4, 0x29, 0x2e])
        for length in 0..<(buffer.count - 12) {
            #expect(throws: WireError.self) {
                try Array(buffer[..<length]).parsed { try TaskCall.parse($0, range: 0..<length) }
            }
        }
    }

    @Test("every message cut anywhere, or with any byte changed, is an error or another message, never a trap")
    func hostileBytes() {
        let registration = Registration(
            parslVersion: "1", pythonVersion: "3.11.7", workerCount: 2, uid: "m", blockID: .text("0"), startTime: 1,
            maxCapacity: 2, apus: ApusManagerHello(fingerprint: "f", held: [1, 2]))
        let samples: [[UInt8]] = [
            CapturedMessageTests.task, CapturedMessageTests.batch, CapturedMessageTests.result, registration.encode(),
            InterchangeMessage.encodeAcknowledged([1, 2, 3]), InterchangeCommand.resume(outstanding: [4]).encode(),
            InterchangeCommand.blocks(hold: ["0", "12"]).encode(),
            CommandReply.blockSummaries([.init(blockID: "0", managers: 2, workers: 8, tasks: 3, idle: 1.5)]),
            TaskChannelMessage.encodeCancel([1, 2]), InterchangeMessage.encodeCancel([7]),
        ]
        func feed(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes { bytes in
                _ = try? ManagerMessage.parse(bytes)
                _ = try? InterchangeMessage.parse(bytes)
                _ = try? TaskEnvelope.parse(bytes)
                _ = try? TaskEnvelope.parseBatch(bytes)
                _ = try? TaskChannelMessage.parse(bytes)
                _ = try? ExecutorMessage.parse(bytes)
                _ = InterchangeCommand.parse(bytes)
                _ = try? CommandReply.parseBlockSummaries(bytes)
                _ = FailureBuffer.decode(bytes)
            }
        }
        for sample in samples {
            for length in 0..<sample.count { feed(Array(sample[..<length])) }
            for index in sample.indices {
                for value: UInt8 in [0x00, 0x28, 0x2e, 0x68, 0x7f, 0x80, 0x8e, 0x95, 0xff] {
                    var changed = sample
                    changed[index] = value
                    feed(changed)
                }
            }
        }
    }

    @Test("a cancellation is told from a task, on the task channel and at a manager")
    func cancellation() throws {
        let ids = [1, 300_000, 1 << 40]
        guard
            case .cancel(let first) = try TaskChannelMessage.encodeCancel(ids).parsed({
                try TaskChannelMessage.parse($0)
            }),
            case .cancel(let second) = try InterchangeMessage.encodeCancel(ids).parsed({
                try InterchangeMessage.parse($0)
            })
        else {
            Issue.record("a cancellation was read as something else")
            return
        }
        #expect(first == ids && second == ids)
        let task = TaskMessage.encode(taskID: 5, context: TaskContext(priority: 1), buffer: [1])
        guard case .task(let envelope) = try task.parsed({ try TaskChannelMessage.parse($0) }) else {
            Issue.record("a task was read as something else")
            return
        }
        #expect(envelope.taskID == 5)
        let broken = Array(TaskChannelMessage.encodeCancel(ids).dropLast(4))
        #expect(throws: WireError.self) { try broken.parsed { try TaskChannelMessage.parse($0) } }
    }

    @Test("a walltime that is no number of seconds is none", arguments: [-1, .nan, 0, 1e300])
    func walltimes(seconds: Double) {
        let message = TaskMessage.encode(taskID: 5, context: TaskContext(walltime: seconds), buffer: [1])
        let read = message.parsed { TaskContext.all(in: $0) }.first?.walltime
        #expect(read == (seconds >= 0 ? seconds : nil))
    }

    @Test("a timeout keeps limit and elapsed")
    func timeout() {
        let error = AppTimeout(app: "fit", limit: 2.5, elapsed: 3.25)
        #expect(FailureBuffer.encode(error).parsed { FailureBuffer.decode($0) } as? AppTimeout == error)
    }

    @Test("an overdue report keeps all it carries")
    func overdue() throws {
        let message = OverdueMessage(task: 7, limit: 1.5, elapsed: 1.75)
        #expect(try OverdueMessage.decode(message.encode()) == message)
    }

    @Test("a registration with all that Apus adds")
    func registration() throws {
        let hello = ApusManagerHello(fingerprint: "abc", rows: ["fit"], byteCapacity: 1000, held: [5, 6])
        let registration = Registration(
            parslVersion: "apus", pythonVersion: "0.0", packages: [(name: "a", version: "1")], workerCount: 3,
            uid: "m1", blockID: .number(4), startTime: 12.5, maxCapacity: 9, cpuCount: nil, apus: hello)
        guard case .registration(let read) = try registration.encode().parsed({ try ManagerMessage.parse($0) }) else {
            Issue.record("a registration was not read")
            return
        }
        #expect(read.apus == hello)
        #expect(read.blockID == .number(4))
        #expect(read.maxCapacity == 9)
        #expect(read.drainTime == .infinity)
        #expect(read.packages?.map(\.name) == ["a"])
    }

    @Test(
        "a registration with a field missing or wrong is refused by name",
        arguments: ["parsl_v", "uid", "block_id", "start_time", "max_capacity"])
    func badRegistration(field: String) {
        let bytes = Registration(
            parslVersion: "1", pythonVersion: "3.11", workerCount: 1, uid: "m", blockID: .text("0"), startTime: 1,
            maxCapacity: 1
        ).encode()
        // The key is misspelt in place: its first letter becomes an x.
        let key = Array(field.utf8)
        guard let index = bytes.indices.first(where: { bytes[$0...].starts(with: key) }) else {
            Issue.record("no field \(field)")
            return
        }
        var changed = bytes
        changed[index] = UInt8(ascii: "x")
        let error = #expect(throws: WireError.self) { try changed.parsed { try ManagerMessage.parse($0) } }
        #expect(error?.message.contains(field) == true)
    }

    @Test("errors keep all they carry")
    func failures() throws {
        let error = RemoteError(
            typeName: "T", message: "m", debugText: "d", app: "a", host: "h", elapsed: 1.5, standardErrorTail: ["x"],
            payload: [1])
        let decoded = FailureBuffer.encode(error).parsed { FailureBuffer.decode($0) }
        let remote = try #require(decoded as? RemoteError)
        #expect(remote.description == error.description)
        #expect(remote.payload == [1])
        let execution = ExecutionError(.workerLost, "signal 9")
        let other = FailureBuffer.encode(execution).parsed { FailureBuffer.decode($0) }
        #expect((other as? ExecutionError)?.code == .workerLost)
        #expect((other as? ExecutionError)?.isLoss == true)
    }

    @Test("an error in an unknown form is still an error, with what can be said of it")
    func unknownFailure() {
        let error = [UInt8]([1, 2, 3]).parsed { FailureBuffer.decode($0) }
        #expect((error as? ExecutionError)?.code == .peerError)
    }

    @Test("the interchange's configuration")
    func start() throws {
        let message = InterchangeStartMessage(
            taskPort: 1, resultPort: 2, commandPort: 3, interchangeAddress: "127.0.0.1", hubPort: 9,
            logDirectory: "/logs", certificateDirectory: "/keys", managerSelector: .packed, runID: "r",
            checkPythonMismatch: false)
        let read = try InterchangeStartMessage.parse(message.encode())
        #expect(read.taskPort == 1 && read.resultPort == 2 && read.commandPort == 3)
        #expect(read.hubPort == 9)
        #expect(read.certificateDirectory == "/keys")
        #expect(read.workerPortRange == 54_000..<55_000)
        #expect(!read.checkPythonMismatch && read.managerSelector == .packed)
    }

    @Test("a configuration that is empty, no pickle, or incomplete is refused with what was expected")
    func badStart() {
        for bytes: [UInt8] in [[], [1, 2, 3], [0x80, 4, 0x7d, 0x2e]] {
            let error = #expect(throws: WireError.self) { try InterchangeStartMessage.parse(bytes) }
            #expect(error?.message.contains("configuration") == true)
        }
    }

    @Test("monitoring events in Parsl's form")
    func monitoring() throws {
        let start = MonitoringEvent.workerTask(
            WorkerTaskEvent(
                runID: "r", taskID: 3, tryNumber: 1, host: "h", blockID: "0", processID: 9, isStart: true, time: 12.25))
        let use = MonitoringEvent.taskResources(
            TaskResourceEvent(
                runID: "r", taskID: 3, tryNumber: 1, host: "h", processID: 9, time: 12.5, userSeconds: 0.25,
                systemSeconds: 0.5, maximumResidentBytes: 100, voluntarySwitches: 3, involuntarySwitches: 4))
        for event in [start, use] {
            guard
                case .monitoring(let payload) = try ManagerMessage.encodeMonitoring(event).parsed({
                    try ManagerMessage.parse($0)
                })
            else {
                Issue.record("no monitoring message")
                return
            }
            #expect(try payload.parsed { try MonitoringMessage.parse($0) } == event)
        }
    }

    @Test("a node's record keeps its time and what the manager said of itself")
    func nodeInfo() throws {
        let registration = Registration(
            parslVersion: "1", pythonVersion: "3.11", workerCount: 2, uid: "m", blockID: .text("7"), startTime: 1,
            maxCapacity: 2, hostname: "node", cpuCount: 8, totalMemory: 1000)
        let bytes = NodeInfoMessage.encode(
            registration: registration, tasks: [1, 2], active: true, draining: false, lastHeartbeat: 5, idleSince: nil,
            runID: "r", timestamp: 1_700_000_000.5)
        let expected = MonitoringEvent.node(
            NodeEvent(
                runID: "r", managerID: "m", host: "node", blockID: "7", workerCount: 2, cpuCount: 8, totalMemory: 1000,
                active: true, time: 1_700_000_000.5))
        #expect(try bytes.parsed { try MonitoringMessage.parse($0) } == expected)
    }
}
