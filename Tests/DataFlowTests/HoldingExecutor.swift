import SystemSupport
import Testing
import WorkflowCore

@testable import DataFlow

/// Holds what it is given until a test lets it go: so a test decides in which order things happen.
final class HoldingExecutor: Executor {
    private struct Held {
        var invocation: any TaskInvocation
        var receiver: any OutcomeReceiver
    }

    private struct Content {
        var held: [Held] = []
        var started = 0
        var asked: [TryID] = []
        var stopped = false
    }

    let label: String
    private let stopsWhenAsked: Bool
    private let workers: Int
    private let content = Locked(Content())

    init(label: String = "holding", workers: Int = 1, stopsWhenAsked: Bool = true) {
        self.label = label
        self.workers = workers
        self.stopsWhenAsked = stopsWhenAsked
    }

    func start(_ context: ExecutorContext) async throws {}

    func submit(_ invocation: any TaskInvocation, to receiver: any OutcomeReceiver) {
        content.withLock { content in
            content.started += 1
            content.held.append(Held(invocation: invocation, receiver: receiver))
        }
    }

    func cancel(_ invocation: any TaskInvocation) {
        content.withLock { $0.asked.append(invocation.identity) }
        if stopsWhenAsked { end(invocation, .failure(ExecutionError(.cancelled, "asked to"))) }
    }

    func shutdown() async {
        while let next = content.withLock({ $0.held.first }) {
            end(next.invocation, .failure(ExecutionError(.cancelled, "the executor was stopped")))
        }
    }

    var snapshot: ExecutorSnapshot {
        content.withLock { ExecutorSnapshot(workers: workers, outstanding: $0.held.count) }
    }

    /// How many attempts have come so far.
    var count: Int { content.withLock { $0.started } }
    /// The attempts that the executor was asked to stop.
    var asked: [TryID] { content.withLock { $0.asked } }
    /// What it holds.
    var held: [any TaskInvocation] { content.withLock { $0.held.map(\.invocation) } }

    /// Says that the oldest attempt of an app runs.
    func begin(_ app: String) {
        let held = content.withLock { content in content.held.first { $0.invocation.definition.name == app } }
        held.map { $0.receiver.started($0.invocation) }
    }

    /// Ends the oldest attempt of an app; runs its body when no outcome is given.
    func finish(_ app: String, _ outcome: TaskOutcome? = nil) async throws {
        let found = held.first { $0.definition.name == app }
        let invocation = try #require(found, "no call of '\(app)' is held")
        if let outcome { return end(invocation, outcome) }
        do {
            end(invocation, .value(try await invocation.runOnValues()))
        } catch {
            end(invocation, .failure(error))
        }
    }

    private func end(_ invocation: any TaskInvocation, _ outcome: TaskOutcome) {
        let held = content.withLock { content -> Held? in
            guard let index = content.held.firstIndex(where: { $0.invocation === invocation }) else { return nil }
            return content.held.remove(at: index)
        }
        held?.receiver.receive(outcome, of: invocation)
    }
}

/// Runs a workflow over executors that a test made.
@discardableResult
func withKernel<Value>(
    _ executors: [any Executor], apps: [any RegisteredApp], retries: Int = 0, lostRetries: Int = 0,
    retryHandler: RetryHandler? = nil, limits: [String: Int] = [:],
    _ body: (DataFlowKernel) async throws -> Value
) async throws -> Value {
    // Globals of a file are initialised on first use; reading a name declares the app.
    for app in apps { _ = app.name }
    let context = ExecutorContext(
        runID: RunID("test"), runDirectory: "/nonexistent", table: try AppRegistry.sealedTable())
    for executor in executors { try await executor.start(context) }
    let kernel = DataFlowKernel(
        context: context, executors: executors, retries: retries, lostRetries: lostRetries,
        retryHandler: retryHandler, limits: limits)
    do {
        let value = try await kernel.asCurrent { try await body(kernel) }
        kernel.cancelAll()
        await kernel.shutdown()
        return value
    } catch {
        kernel.cancelAll()
        await kernel.shutdown()
        throw error
    }
}

/// Waits until a condition holds; fails the test when it does not in time.
func until(_ what: String, _ condition: () -> Bool) async throws {
    let deadline = Monotonic.deadline(after: .seconds(60))
    while !condition() {
        try #require(Monotonic.nanoseconds < deadline, "waited a minute until \(what)")
        try await Task.sleep(for: .milliseconds(1))
    }
}
