import Glibc
import Provisioning
import SystemSupport
import Testing
import WireProtocol
import WorkflowCore

@testable import HighThroughput

/// A desk with a scripted provider; the test is its executor's thread, its interchange and its clock.
final class DeskHarness {
    let provider: ScriptedProvider
    let desk: BlockDesk
    let directory: String
    var now: UInt64 = 1_000_000_000_000
    var explained: [HeldCall] = []
    var failure: ExecutionError?
    var questions: [[BlockNumber]] = []

    init(_ blocks: BlockParameters, _ change: (inout HighThroughputConfiguration) -> Void = { _ in }) throws {
        var template = Array("/tmp/apus-desk-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("make a directory for a test") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        provider = ScriptedProvider(blocks)
        var configuration = HighThroughputConfiguration(provider: provider, workersPerNode: 1)
        change(&configuration)
        let message = ManagerStartMessage(
            addresses: ["127.0.0.1"], port: 1, certificateDirectory: nil, managerID: "", blockID: "", runID: "run",
            workers: 1, prefetch: nil, logDirectory: directory, workingDirectory: directory, executable: "/bin/true",
            arguments: ["true"], fingerprint: "", rows: [], monitoring: false, echo: false, heartbeatPeriod: 1,
            heartbeatThreshold: 2, cancelGrace: 1, drainPeriod: nil)
        desk = BlockDesk(
            provider, configuration.scaling(of: provider), period: configuration.strategyPeriod,
            files: try BlockFiles(message, label: "htex", directory: directory),
            log: try BlockLog(directory: directory)
        ) {}
    }

    deinit {
        provider.open()
        _ = try? ChildProcess(
            spawning: .init(executable: "rm", arguments: ["rm", "-rf", "--", directory], standardOutput: .null)
        ).wait()
    }

    var log: String { (try? SmallFile.readText(directory + "/blocks.log")) ?? "" }

    /// Lets time pass, and answers the interchange's part of what is asked.
    func turn(load: Int, after seconds: Double = 0, _ managers: [BlockSummary] = []) {
        now += UInt64(seconds * 1e9)
        let outcome = desk.turn(load: load, at: now)
        explained += outcome.explained
        failure = failure ?? outcome.failure
        questions += outcome.questions
        for hold in outcome.questions { desk.take(managers, held: hold, at: now) }
    }

    /// Turns until something is so; the provider's answers come from other tasks, which need the pool's threads.
    func until(
        load: Int, _ managers: [BlockSummary] = [], step: Double = 0.05, _ condition: () -> Bool
    ) async throws -> Bool {
        for _ in 0..<2000 {
            turn(load: load, after: step, managers)
            if condition() { return true }
            try await Task.sleep(for: .milliseconds(2))
        }
        return false
    }

    /// Ends the desk, which waits for the provider: on a thread of its own, as the executor does.
    func stop() async -> [String] {
        await withUnsafeContinuation { continuation in
            _ = startThread(named: "stop") { [desk = Unchecked(value: desk)] in
                continuation.resume(returning: desk.value.stop())
            }
        }
    }

    func notice(_ kind: ExecutorNotice.Kind, _ manager: String, _ block: Int, workers: Int = 1) {
        desk.take(
            ExecutorNotice(kind: kind, manager: manager, blockID: "\(block)", workerCount: workers, text: ""), at: now)
    }

    static func managers(_ block: Int, tasks: Int = 0, idle: Double = 0) -> BlockSummary {
        BlockSummary(blockID: "\(block)", managers: 1, workers: 1, tasks: tasks, idle: idle)
    }
}

/// Hands a desk to the thread that ends it.
private struct Unchecked: @unchecked Sendable {
    // why: the test awaits the thread and does not touch the desk meanwhile.
    let value: BlockDesk
}

/// A call of which only its end is of interest.
final class StubCall: TaskInvocation, OutcomeReceiver {
    let identity = TryID(task: TaskID(1), number: 0)
    let definition = TaskDefinition(
        name: "stub", version: 1, signature: TaskSignature(parameters: [], result: "Int"), body: { _ in [] })
    let resources = ResourceSpecification()
    let walltime: Duration? = nil

    func argumentBytes() throws -> [UInt8] { [] }
    func runOnValues() async throws -> any Sendable { 0 }
    func receive(_ outcome: TaskOutcome, of invocation: any TaskInvocation) {}
    func started(_ invocation: any TaskInvocation) {}
}
