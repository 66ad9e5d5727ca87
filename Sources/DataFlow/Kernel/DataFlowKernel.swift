import Synchronization
import SystemSupport
public import WorkflowCore

/// Holds the calls of one workflow from submission to outcome: waits for arguments, hands calls to executors, tries
/// again, completes futures.
public final class DataFlowKernel: Sendable {
    /// The kernel of the running workflow, where a task-local value reaches.
    @TaskLocal private static var scoped: DataFlowKernel?
    /// The kernel of the process's one `Workflow.run`, for code that runs outside its Swift task.
    private static let processKernel = Locked<DataFlowKernel?>(nil)

    /// The kernel that calls go to.
    package static var current: DataFlowKernel? { scoped ?? processKernel.withLock { $0 } }

    private struct Content {
        var state = KernelState()
        var calls: [TaskID: any KernelCall] = [:]
        var effects: [KernelState.Effect] = []
        var idleWaiters: [UnsafeContinuation<Void, Never>] = []
        var failures: [any KernelCall] = []
        var failureErrors: [(task: TaskID, app: String, error: any Error)] = []
        var retried = 0
        var cancelled = false
    }

    /// A failure that the program has not looked at.
    package struct UnseenFailure: Sendable {
        /// The call.
        package var task: TaskID
        /// Its app.
        package var app: String
        /// What went wrong.
        package var error: any Error
    }

    /// The tables, numbers and places of the run.
    package let context: ExecutorContext
    let memoizer: Memoizer
    let stager: FileStager
    private let executors: [any Executor]
    private let retries: Int
    private let lostRetries: Int
    private let content = Locked(Content())
    private let lastTaskID = Atomic<Int>(0)
    private let closed = LockedFlag()
    /// How many failures are kept for the report at the end; more are only counted.
    private static let keptFailures = 1000

    /// A kernel over executors that are already started.
    ///
    /// - Parameters:
    ///   - context: the run.
    ///   - executors: at least one; the first runs apps that name none.
    ///   - retries: how often a failed call is tried again.
    ///   - lostRetries: how often a call whose process was lost is tried again.
    ///   - memoizer: keeps the results of cached apps.
    ///   - files: how files reach the apps.
    package init(
        context: ExecutorContext, executors: [any Executor], retries: Int, lostRetries: Int,
        memoizer: Memoizer = Memoizer(), files: FileStaging = FileStaging()
    ) {
        precondition(!executors.isEmpty, "a kernel needs an executor")
        self.context = context
        self.executors = executors
        self.retries = retries
        self.lostRetries = lostRetries
        self.memoizer = memoizer
        stager = FileStager(files, context: context)
    }

    /// Runs `body` with this kernel as the one that calls go to.
    package func asCurrent<R>(_ body: () async throws -> R) async rethrows -> R {
        let before = Self.processKernel.withLock { kernel in
            defer { kernel = self }
            return kernel
        }
        defer { Self.processKernel.withLock { $0 = before } }
        return try await Self.$scoped.withValue(self, operation: body)
    }

    func nextTaskID() -> TaskID { TaskID(lastTaskID.add(1, ordering: .relaxed).newValue) }

    /// Whether calls of the app with this registration number need a closer look before they are taken.
    ///
    /// The table holds what was registered before it was sealed, so a number says it all, at every call.
    func mayRefuse(registration: Int) -> Bool { registration >= context.table.count || closed.isSet }

    /// Why the workflow cannot run this app; `nil` when it can.
    func refusal(of definition: TaskDefinition) -> WorkflowError? {
        if closed.isSet {
            return WorkflowError(
                .shutDown, "app '\(definition.name)' was called after its workflow had ended; call it inside the body")
        }
        guard let known = context.table[definition.name] else {
            return WorkflowError(
                .appNotRegistered,
                "app '\(definition.name)' was declared after the workflow started; list it in `apps:`")
        }
        guard known.row == definition.row else {
            return WorkflowError(
                .appNotRegistered,
                "app '\(definition.row)' is not the one the workflow knows: '\(known.row)'; rename one")
        }
        return nil
    }

    // MARK: Calls

    func submit(_ call: any KernelCall) {
        var effects: [KernelState.Effect] = []
        let own = ObjectIdentifier(self)
        var external: [any DependencySource] = []
        content.withLock { content in
            content.calls[call.taskID] = call
            var dependencies: [TaskID] = []
            var failed = 0
            for future in call.dependencies {
                future.markObserved()
                if future.owner == own, let task = future.taskID, content.state.holds(task) {
                    dependencies.append(task)
                } else if future.owner == own || future.isDone {
                    if future.failure != nil { failed += 1 }
                } else {
                    external.append(future)
                }
            }
            content.state.handle(
                .submitted(
                    call.taskID, dependencies: dependencies, failed: failed, external: external.count,
                    budget: .init(retries: call.options.retries ?? retries, lostRetries: lostRetries)),
                into: &effects)
        }
        for future in external {
            future.whenDone { [weak self] in
                self?.handle(.externalSettled(call.taskID, failed: future.failure != nil))
            }
        }
        perform(&effects)
    }

    private func handle(_ event: KernelState.Event) {
        var effects: [KernelState.Effect] = []
        content.withLock { $0.state.handle(event, into: &effects) }
        perform(&effects)
    }

    /// Performs effects, and those that follow from them, without recursion: a failure may run down a chain of
    /// hundreds of thousands of calls.
    private func perform(_ effects: inout [KernelState.Effect]) {
        var position = 0
        while position < effects.count {
            let effect = effects[position]
            position += 1
            switch effect {
            case .launch(let task, let number):
                guard let call = call(task) else { continue }
                call.tryNumber = number
                if number > 0 { content.withLock { $0.retried += 1 } }
                if number == 0, call.isCached {
                    lookUp(call, &effects)
                } else {
                    launch(call)
                }
            case .failDependency(let task):
                guard let call = call(task) else { continue }
                let failed = call.dependencies.filter { $0.failure != nil }
                let step = DependencyError.Step(task: task, app: call.definition.name)
                settle(call, .failure(DependencyError(call: step, failed: failed)), &effects)
            case .cancel(let task):
                guard let call = call(task) else { continue }
                settle(call, .failure(Self.cancellation(of: call)), &effects)
            case .fail:
                // The error is at hand only where the attempt ended: `receive` settles the call itself.
                continue
            case .idle:
                let waiters = content.withLock { content in
                    guard content.state.unfinishedCount == 0 else { return [UnsafeContinuation<Void, Never>]() }
                    defer { content.idleWaiters = [] }
                    return content.idleWaiters
                }
                for waiter in waiters { waiter.resume() }
            }
        }
    }

    func call(_ task: TaskID) -> (any KernelCall)? { content.withLock { $0.calls[task] } }

    func executor(for call: any KernelCall) -> any Executor {
        guard let label = call.options.executor else { return executors[0] }
        return executors.first { $0.label == label } ?? executors[0]
    }

    /// The label of the executor that runs apps that name none.
    var defaultLabel: String { executors[0].label }

    private static func cancellation(of call: any KernelCall) -> ExecutionError {
        ExecutionError(
            .cancelled, "'\(call.definition.name)' (task \(call.taskID)) was not run: the workflow has ended")
    }

    /// Stores an outcome in the call's future, then lets those who depend on it go on.
    ///
    /// The order matters: a call submitted in between finds the future either in the state or with its value.
    func settle(_ call: any KernelCall, _ outcome: TaskOutcome, _ effects: inout [KernelState.Effect]) {
        let settlement = call.settle(outcome)
        content.withLock { content in
            content.calls.removeValue(forKey: call.taskID)
            if let error = settlement.error, content.failures.count < Self.keptFailures {
                content.failures.append(call)
                content.failureErrors.append((call.taskID, call.definition.name, error))
            }
            content.state.handle(.settled(call.taskID, failed: settlement.error != nil), into: &effects)
        }
        settlement.waiters?.wake?()
    }

    // MARK: The end

    /// Waits until every call so far, and every call these lead to, has ended.
    package func waitForAll() async {
        await withUnsafeContinuation { continuation in
            let idle = content.withLock { content in
                if content.state.unfinishedCount == 0 { return true }
                content.idleWaiters.append(continuation)
                return false
            }
            if idle { continuation.resume() }
        }
    }

    /// Fails every call that no executor has yet.
    package func cancelWaiting() {
        content.withLock { $0.cancelled = true }
        handle(.cancelWaiting)
    }

    /// Whether calls are taken back because everything ends.
    var isEnding: Bool { closed.isSet || content.withLock { $0.cancelled } }

    /// Refuses further calls and stops the executors.
    package func shutdown() async {
        closed.set()
        for executor in executors { await executor.shutdown() }
        memoizer.close()
        stager.clean()
    }

    /// Failures that nobody awaited, in the order in which they happened.
    package var unseenFailures: [UnseenFailure] {
        content.withLock { content in
            zip(content.failures, content.failureErrors).compactMap { call, failure in
                call.observed ? nil : UnseenFailure(task: failure.task, app: failure.app, error: failure.error)
            }
        }
    }

    /// What there is now, for a progress line and a summary.
    package var progress: KernelProgress {
        let snapshots = executors.map(\.snapshot)
        return content.withLock { content in
            KernelProgress(
                succeeded: content.state.succeededCount, failed: content.state.failedCount,
                waiting: content.state.waitingCount, launched: content.state.launchedCount, retried: content.retried,
                fromCache: memoizer.servedCount, workers: snapshots.reduce(0) { $0 + $1.workers })
        }
    }
}

extension DataFlowKernel: OutcomeReceiver {
    /// Takes the outcome of one attempt: completes the future, or tries again.
    public func receive(_ outcome: TaskOutcome, of invocation: any TaskInvocation) {
        guard let call = invocation as? any KernelCall else { return }
        var effects: [KernelState.Effect] = []
        if case .failure(let error) = outcome {
            let task = call.taskID
            content.withLock { $0.state.handle(.attemptFailed(task, Self.kind(of: error)), into: &effects) }
            if effects.contains(.fail(task)) { fail(call, outcome, &effects) }
        } else {
            succeed(call, outcome, &effects)
        }
        perform(&effects)
    }

    /// Nothing is done about the beginning of an attempt yet.
    public func started(_ invocation: any TaskInvocation) {}

    private static func kind(of error: any Error) -> KernelState.AttemptFailure {
        switch error {
        case let error as ExecutionError: error.isLoss ? .loss : .final
        case is WorkflowError, is RoleError, is DependencyError: .final
        case let error as StagingError: error.code == .noProvider ? .final : .task
        default: .task
        }
    }
}

/// What a kernel has at one moment.
package struct KernelProgress: Sendable, Equatable {
    /// Calls that have ended well.
    package var succeeded: Int
    /// Calls that have failed.
    package var failed: Int
    /// Calls that wait for an argument.
    package var waiting: Int
    /// Calls that an executor has.
    package var launched: Int
    /// Attempts beyond the first.
    package var retried: Int
    /// Calls that were completed with the result of an equal one, without running.
    package var fromCache: Int
    /// Workers that can run a task now.
    package var workers: Int
}
