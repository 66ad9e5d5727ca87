import PickleCoding
import TestSupport
import Testing
import WorkflowCore

@testable import WireProtocol

/// Bytes captured from Parsl 2026.10.26 (wire document §4 to §7), read and, where Apus writes the message, written.
@Suite("Messages captured from Parsl", .paced)
struct CapturedMessageTests {
    static let task = hex(
        "8004952c000000000000007d94288c077461736b5f6964944b018c07636f6e74657874947d948c0662756666657294430361626394752e"
    )
    static let batch = hex(
        """
        8004959d000000000000005d94287d94288c077461736b5f6964944b038c07636f6e74657874947d948c0d7265736f757263655f73706563947d94
        8c087072696f72697479944b0173738c0662756666657294430361626394757d94288c077461736b5f6964944b028c07636f6e74657874947d948c
        0d7265736f757263655f73706563947d948c087072696f72697479944b0573738c066275666665729443036162639475652e
        """)
    static let result = hex(
        "8004952e00000000000000 7d94 28 8c0474797065 94 8c06726573756c74 94 8c077461736b5f6964 94 4b01 6802 43 08 "
            + "30320a80044b052e 94 752e")

    @Test("a task")
    func task() throws {
        let envelope = try Self.task.parsed { try TaskEnvelope.parse($0) }
        #expect(envelope.taskID == 1)
        #expect(envelope.priority == .infinity)
        #expect(envelope.contextIsEmpty)
        #expect(Array(Self.task[envelope.buffer]) == Array("abc".utf8))
    }

    @Test("a batch with priorities, and its tasks written again")
    func batch() throws {
        let envelopes = try Self.batch.parsed { try TaskEnvelope.parseBatch($0) }
        #expect(envelopes.map(\.taskID) == [3, 2])
        #expect(envelopes.map(\.priority) == [1, 5])
        #expect(envelopes.allSatisfy { Array(Self.batch[$0.buffer]) == Array("abc".utf8) })
    }

    @Test("a result that fetches its repeated text from the memo")
    func result() throws {
        let envelope = try Self.result.parsed { try ResultEnvelope.parse($0) }
        #expect(envelope.taskID == 1)
        #expect(envelope.kind == .result)
        #expect(Array(Self.result[envelope.payload]) == hex("30320a80044b052e"))
    }

    @Test(
        "messages of a manager",
        arguments: [
            ("8004951e000000000000007d948c0474797065948c10636f6e6e656374696f6e5f70726f626594732e", "connectionProbe"),
            ("80049517000000000000007d948c0474797065948c0968656172746265617494732e", "heartbeat"),
            ("80049513000000000000007d948c0474797065948c05647261696e94732e", "drain"),
        ])
    func managerMessages(bytes: String, kind: String) throws {
        let message = try hex(bytes).parsed { try ManagerMessage.parse($0) }
        #expect("\(message)" == kind)
    }

    @Test("the codes of the interchange, read and written")
    func codes() throws {
        #expect(InterchangeMessage.heartbeatBytes == hex("8004 8a05ffffffff00 2e"))
        #expect(InterchangeMessage.shutdownBytes == hex("8004 8a05feffffff00 2e"))
        let framed = hex("80049508000000000000008a05ffffffff002e")
        guard case .heartbeat = try framed.parsed({ try InterchangeMessage.parse($0) }) else {
            Issue.record("a framed heartbeat was not read")
            return
        }
        guard case .shutdown = try InterchangeMessage.shutdownBytes.parsed({ try InterchangeMessage.parse($0) }) else {
            Issue.record("our own shutdown was not read")
            return
        }
    }

    @Test("commands and replies")
    func commands() throws {
        let hold = hex(
            "80049523000000000000005d94288c0c484f4c445f4d414e41474552948c0c34663263626263333731373894652e")
        guard case .hold("4f2cbbc37178") = hold.parsed({ InterchangeCommand.parse($0) }) else {
            Issue.record("HOLD_MANAGER was not read")
            return
        }
        guard
            case .workerBinds = hex("80049510000000000000008c0c574f524b45525f42494e4453942e").parsed({
                InterchangeCommand.parse($0)
            })
        else {
            Issue.record("WORKER_BINDS was not read")
            return
        }
        #expect(CommandReply.none() == hex("80044e2e"))
        #expect(CommandReply.blocks([]) == hex("80045d2e"))
        #expect(try hex("80049504000000000000004d37c72e").parsed { try CommandReply.parsePort($0) } == 50_999)
        guard case .unknown = [0xff, 0x00].parsed({ InterchangeCommand.parse($0) }) else {
            Issue.record("garbage became a command")
            return
        }
    }

    @Test("failures written without Python are byte for byte those that Parsl was seen to accept")
    func failures() {
        let managerLost = hex(
            """
            30320a 8004 8c26706172736c2e6578656375746f72732e686967685f7468726f7567687075742e6572726f7273
            8c0b4d616e616765724c6f7374 93 43026d31 8c05686f737441 86 52 2e
            """)
        #expect(FailureBuffer.managerLost(manager: "m1", host: "hostA") == managerLost)
        let workerLost = hex(
            """
            30320a 8004 8c26706172736c2e6578656375746f72732e686967685f7468726f7567687075742e6572726f7273
            8c0a576f726b65724c6f7374 93 4b00 8c05686f737441 86 52 2e
            """)
        #expect(FailureBuffer.workerLost(index: 0, host: "hostA") == workerLost)
        let whole = hex(
            """
            80047d288c04747970658c06726573756c748c077461736b5f69644b058c09657863657074696f6e434930320a80048c26706172736c2e6578656375
            746f72732e686967685f7468726f7567687075742e6572726f72738c0b4d616e616765724c6f73749343026d318c05686f73744186522e752e
            """)
        #expect(ResultEnvelope.encode(taskID: 5, kind: .exception, payload: managerLost) == whole)
    }

    @Test("a version mismatch as Parsl sends it is understood")
    func versionMismatch() throws {
        let frame = hex(
            """
            800495f1000000000000007d94288c0474797065948c06726573756c74948c077461736b5f6964944affffffff8c09657863657074696f6e9443be
            30320a800495b0000000000000008c26706172736c2e6578656375746f72732e686967685f7468726f7567687075742e6572726f7273948c0f5665
            7273696f6e4d69736d617463689493948c1c70792e763d332e313120706172736c2e763d323032362e31302e3236948c1b70792e763d312e3120
            706172736c2e763d323032362e31302e323694869452947d94288c13696e7465726368616e67655f76657273696f6e9468038c0f6d616e616765
            725f76657273696f6e94680475622e94752e
            """)
        let envelope = try frame.parsed { try ResultEnvelope.parse($0) }
        #expect(envelope.taskID == -1)
        #expect(envelope.kind == .exception)
        let error = frame.parsed { FailureBuffer.decode(UnsafeRawBufferPointer(rebasing: $0[envelope.payload])) }
        let execution = try #require(error as? ExecutionError)
        #expect(execution.code == .versionMismatch)
        #expect(execution.message.contains("py.v=1.1"))
    }
}
