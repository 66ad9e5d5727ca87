import PickleCoding
import Synchronization
import SystemSupport
import Testing
import WorkflowCore

@testable import DataFlow

/// An attempt that runs whatever a test wants, without a kernel.
final class PoolCall: TaskInvocation {
    let identity: TryID
    let definition: TaskDefinition
    let resources = ResourceSpecification()
    let walltime: Duration?
    private let body: @Sendable () async throws -> Int

    init(_ number: Int, walltime: Duration? = nil, _ body: @escaping @Sendable () async throws -> Int = { 0 }) {
        identity = TryID(task: TaskID(number), number: 0)
        self.walltime = walltime
        self.body = body
        definition = TaskDefinition(
            name: "call\(number)", version: 1, signature: TaskSignature(parameters: [], result: "Int"),
            body: { _ in try PickleEncoder().encode(try await body()) })
    }

    func argumentBytes() throws -> [UInt8] { [0x80, 0x04, 0x29, 0x2e] }
    func runOnValues() async throws -> any Sendable { try await body() }
}

/// Collects outcomes, and can be waited on.
final class PoolReceiver: OutcomeReceiver {
    private let outcomes = Locked<[Int: [TaskOutcome]]>([:])

    func receive(_ outcome: TaskOutcome, of invocation: any TaskInvocation) {
        outcomes.withLock { $0[invocation.identity.task.rawValue, default: []].append(outcome) }
    }

    func started(_ invocation: any TaskInvocation) {}

    var count: Int { outcomes.withLock { $0.count } }

    func count(of call: PoolCall) -> Int {
        outcomes.withLock { $0[call.identity.task.rawValue]?.count ?? 0 }
    }

    /// The one outcome of a call, waiting for it.
    func outcome(of call: PoolCall, within seconds: Double = 60) throws -> TaskOutcome {
        let number = call.identity.task.rawValue
        #expect(PoolReceiver.eventually(within: seconds) { self.outcomes.withLock { $0[number] != nil } })
        let all = try #require(outcomes.withLock { $0[number] })
        #expect(all.count == 1)
        return all[0]
    }

    func error(of call: PoolCall) throws -> any Error {
        guard case .failure(let error) = try outcome(of: call) else { throw NoError() }
        return error
    }

    struct NoError: Error {}

    static func eventually(within seconds: Double, _ condition: () -> Bool) -> Bool {
        let deadline = Monotonic.nanoseconds + UInt64(seconds * 1e9)
        let pause = CountingSemaphore()
        while Monotonic.nanoseconds < deadline {
            if condition() { return true }
            pause.wait(until: Monotonic.nanoseconds + 2_000_000)
        }
        return condition()
    }
}

/// A gate that a body waits at, and that a test opens.
final class Gate: Sendable {
    private let entered = CountingSemaphore()
    private let isOpen = Atomic<Bool>(false)

    /// Called by the body: blocks its thread, deaf to cancellation.
    func pass() {
        entered.signal()
        let pause = CountingSemaphore()
        while !isOpen.load(ordering: .acquiring) { pause.wait(until: Monotonic.nanoseconds + 1_000_000) }
    }

    /// Waits until a body has come.
    func awaitBody() -> Bool { entered.wait(until: Monotonic.nanoseconds + 60_000_000_000) }

    /// Says that a body has come, without holding it up.
    func enter() { entered.signal() }

    func open() { isOpen.store(true, ordering: .releasing) }
}
