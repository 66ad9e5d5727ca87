import FoundationEssentials
import PickleCoding
import TestSupport
import Testing
import WorkflowCore

@testable import WireProtocol

/// Messages that Parsl itself made (`Tests/Fixtures/parsl/generate.py`), read by our parsers.
@Suite("Messages made by Parsl", .paced)
struct ParslFixtureTests {
    struct Fixture: Decodable, Sendable, CustomTestStringConvertible {
        /// What must be found; which fields are there depends on the parser.
        struct Expected: Decodable, Sendable {
            var id: Int?
            var ids: [Int]?
            var buffer: String?
            var priority: Double?
            var kind: String?
            var payload: String?
            var code: String?
            var uid: String?
            var block: String?
            var capacity: Int?
            var selector: String?
            var log: String?
            var logdir: String?
            var hub: Int?
        }

        var name: String
        var parser: String
        var hex: String
        var expected: Expected
        var testDescription: String { name }
        var bytes: [UInt8] { WireProtocolTests.hex(hex) }
    }

    private struct Collection: Decodable {
        var messages: [Fixture]
    }

    static let all: [Fixture] = {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/parsl/messages.json")
        guard let data = try? Data(contentsOf: path), let read = try? JSONDecoder().decode(Collection.self, from: data)
        else { return [] }
        return read.messages
    }()

    private static func fixtures(_ parser: String) -> [Fixture] { all.filter { $0.parser == parser } }

    @Test("the fixtures are there")
    func present() { #expect(Self.all.count > 40) }

    @Test("tasks", arguments: fixtures("task"))
    func tasks(fixture: Fixture) throws {
        let envelope = try fixture.bytes.parsed { try TaskEnvelope.parse($0) }
        #expect(envelope.taskID == fixture.expected.id)
        #expect(Array(fixture.bytes[envelope.buffer]) == hex(fixture.expected.buffer ?? ""))
        #expect(envelope.priority == fixture.expected.priority ?? .infinity)
        // What a manager is given says the same, context included.
        var batch = TaskBatchWriter(reservingCapacity: 64)
        try fixture.bytes.withUnsafeBytes { try batch.append(envelope, of: $0) }
        let passedOn = batch.finish()
        let again = try passedOn.parsed { try TaskEnvelope.parseBatch($0) }
        #expect(again.map(\.taskID) == [envelope.taskID])
        #expect(again.map(\.priority) == [envelope.priority])
        #expect(again.map(\.contextIsEmpty) == [envelope.contextIsEmpty])
    }

    @Test("batches", arguments: fixtures("batch"))
    func batches(fixture: Fixture) throws {
        let envelopes = try fixture.bytes.parsed { try TaskEnvelope.parseBatch($0) }
        #expect(envelopes.map(\.taskID) == fixture.expected.ids)
        #expect(envelopes.allSatisfy { Array(fixture.bytes[$0.buffer]) == Array("\($0.taskID)".utf8) })
    }

    @Test("results", arguments: fixtures("result"))
    func results(fixture: Fixture) throws {
        let envelope = try fixture.bytes.parsed { try ResultEnvelope.parse($0) }
        #expect(envelope.taskID == fixture.expected.id)
        #expect("\(envelope.kind)" == fixture.expected.kind)
        #expect(Array(fixture.bytes[envelope.payload]) == hex(fixture.expected.payload ?? ""))
    }

    @Test("failures", arguments: fixtures("failure"))
    func failures(fixture: Fixture) throws {
        let error = fixture.bytes.parsed { FailureBuffer.decode($0) }
        let execution = try #require(error as? ExecutionError)
        #expect(execution.code.description == fixture.expected.code)
    }

    @Test("messages of managers", arguments: fixtures("manager"))
    func managers(fixture: Fixture) throws {
        switch try fixture.bytes.parsed({ try ManagerMessage.parse($0) }) {
        case .connectionProbe: #expect(fixture.expected.kind == "connection_probe")
        case .heartbeat: #expect(fixture.expected.kind == "heartbeat")
        case .drain: #expect(fixture.expected.kind == "drain")
        case .legacyResultsHeader: #expect(fixture.expected.kind == "legacy")
        case .registration(let registration):
            #expect(fixture.expected.kind == "registration")
            #expect(registration.uid == fixture.expected.uid)
            #expect(registration.blockID.text == fixture.expected.block)
            #expect(registration.maxCapacity == fixture.expected.capacity)
            #expect(registration.apus == nil)
        case .monitoring(let payload):
            // Not the same bytes, but the same value: the envelope's memo is not that of the payload alone.
            let ours = try PickleDocument(decoding: payload).root.description
            let theirs = try PickleDocument(decoding: hex(fixture.expected.payload ?? "")).root.description
            #expect(ours == theirs)
        case .result, .capacity:
            Issue.record("\(fixture.name) was read as something else")
        }
    }

    @Test("codes of the interchange", arguments: fixtures("interchange"))
    func codes(fixture: Fixture) throws {
        let message = try fixture.bytes.parsed { try InterchangeMessage.parse($0) }
        #expect("\(message)" == fixture.expected.kind)
    }

    @Test("commands", arguments: fixtures("command"))
    func commands(fixture: Fixture) {
        let name =
            switch fixture.bytes.parsed({ InterchangeCommand.parse($0) }) {
            case .workerBinds: "WORKER_BINDS"
            case .connectedBlocks: "CONNECTED_BLOCKS"
            case .managers: "MANAGERS"
            case .managersPackages: "MANAGERS_PACKAGES"
            case .hold(let manager): "hold \(manager)"
            case .hello, .resume, .blocks, .inspect, .unknown: "unknown"
            }
        #expect(name == fixture.expected.kind)
    }

    @Test("configurations of the interchange", arguments: fixtures("start"))
    func starts(fixture: Fixture) throws {
        let start = try InterchangeStartMessage.parse(fixture.bytes)
        #expect("\(start.managerSelector)" == fixture.expected.selector)
        #expect("\(start.log)".hasPrefix(fixture.expected.log ?? ""))
        #expect(start.logDirectory == fixture.expected.logdir)
        #expect(start.hubPort == fixture.expected.hub)
    }
}
