import Synchronization
import SystemSupport
public import WorkflowCore

/// Holds the calls of one workflow from submission to outcome: waits for arguments, hands calls to executors, tries
/// again, takes calls back, completes futures.
public final class DataFlowKernel: Sendable {
    /// The running workflow, where a task-local value reaches.
    @TaskLocal static var scope: KernelScope?

    /// A failure that the program has not looked at.
    package struct UnseenFailure: Sendable {
        /// The call; `nil` when it never became one.
        package var task: TaskID?
        /// Its app.
        package var app: String
        /// What went wrong.
        package var error: any Error
    }

    /// The tables, numbers and places of the run.
    package let context: ExecutorContext
    /// Tells this kernel from all others of the process, also from those that have ended.
    package let id: KernelID
    let memoizer: Memoizer
    let tally = AppTally(names: AppRegistry.names)
    let stager: FileStager
    let executors: [any Executor]
    let executorIndices: [String: Int]
    let retries: Int
    let lostRetries: Int
    let retryHandler: RetryHandler?
    let content: Locked<KernelContent>
    /// Whether calls are counted by executor: when there are several, or bounds.
    let countsRooms: Bool
    private let lastTaskID = Atomic<Int>(0)
    let closed = LockedFlag()
    /// How many launched calls are being stopped: who hands a call over looks at it afterwards.
    let stopping = Atomic<Int>(0)

    /// A kernel over executors that are already started.
    ///
    /// - Parameters:
    ///   - context: the run.
    ///   - executors: at least one; the first runs apps that name none.
    ///   - retries: how often a failed call is tried again.
    ///   - lostRetries: how often a call whose process was lost is tried again.
    ///   - retryHandler: says what an error costs of `retries`; without one each costs 1.
    ///   - limits: how many unfinished calls an executor may have, by its label.
    ///   - memoizer: keeps the results of cached apps.
    ///   - files: how files reach the apps.
    package init(
        context: ExecutorContext, executors: [any Executor], retries: Int, lostRetries: Int,
        retryHandler: RetryHandler? = nil, limits: [String: Int] = [:], memoizer: Memoizer = Memoizer(),
        files: FileStaging = FileStaging()
    ) {
        precondition(!executors.isEmpty, "a kernel needs an executor")
        self.context = context
        self.executors = executors
        self.retries = retries
        self.lostRetries = lostRetries
        self.retryHandler = retryHandler
        self.memoizer = memoizer
        stager = FileStager(files, context: context)
        executorIndices = Dictionary(executors.enumerated().map { ($1.label, $0) }) { first, _ in first }
        countsRooms = executors.count > 1 || !limits.isEmpty
        var content = KernelContent()
        if countsRooms { content.rooms = executors.map { ExecutorRoom(limit: limits[$0.label]) } }
        self.content = Locked(content)
        id = KernelDirectory.add()
        KernelDirectory.fill(id, self)
    }

    deinit { KernelDirectory.remove(id) }

    /// The task whose number was given last.
    var latestTask: TaskID { TaskID(lastTaskID.load(ordering: .relaxed)) }

    func nextTaskID() -> TaskID { TaskID(lastTaskID.add(1, ordering: .relaxed).newValue) }

    // MARK: Calls

    func submit(_ call: any KernelCall) {
        tally.submitted(call.registration)
        var effects: [KernelState.Effect] = []
        var external: [any DependencySource] = []
        content.withLock { content in
            content.calls[call.taskID] = call
            let waits = self.waits(for: call.dependencies, &content)
            external = waits.external
            content.state.handle(
                .submitted(
                    call.taskID, dependencies: waits.own, failed: waits.failed, external: waits.external.count,
                    budget: .init(retries: call.options.retries ?? retries, lostRetries: lostRetries)),
                into: &effects)
        }
        wait(for: external, call)
        perform(&effects, of: call)
    }

    /// Sorts futures that a call waits for: those of this state, those that failed, and others.
    func waits(
        for futures: [any DependencySource], _ content: inout KernelContent
    ) -> (own: [TaskID], failed: Int, external: [any DependencySource]) {
        var own: [TaskID] = []
        var failed = 0
        var external: [any DependencySource] = []
        for future in futures {
            future.markObserved()
            if future.owner == id, let task = future.taskID, content.state.holds(task) {
                own.append(task)
            } else if future.isDone {
                if future.failure != nil { failed += 1 }
            } else {
                external.append(future)
            }
        }
        return (own, failed, external)
    }

    func wait(for external: [any DependencySource], _ call: any KernelCall) {
        for future in external {
            future.whenDone(for: call) { [weak self] in
                self?.handle(.externalSettled(call.taskID, failed: future.failure != nil))
            }
        }
    }

    func handle(_ event: KernelState.Event) {
        var effects: [KernelState.Effect] = []
        content.withLock { $0.state.handle(event, into: &effects) }
        perform(&effects)
    }

    /// Performs effects, and those that follow from them, without recursion: a failure may run down a chain of
    /// hundreds of thousands of calls.
    ///
    /// - Parameters:
    ///   - effects: what has to be done; grows meanwhile.
    ///   - known: a call that is at hand, so that it need not be looked up.
    func perform(_ effects: inout [KernelState.Effect], of known: (any KernelCall)? = nil) {
        var position = 0
        while position < effects.count {
            let effect = effects[position]
            position += 1
            switch effect {
            case .launch(let task, let number):
                guard let call = known?.taskID == task ? known : call(task) else { continue }
                call.tryNumber = number
                if number > 0 { prepareRetry(call) }
                if number == 0, call.isCached {
                    lookUp(call, &effects)
                } else {
                    launch(call)
                }
            case .failDependency(let task):
                guard let call = call(task) else { continue }
                let failed = call.dependencies.filter { $0.failure != nil }
                fail(call, .failure(DependencyError(call: call.step, failed: failed)), &effects)
            case .join(let task, let failed):
                guard let call = call(task) else { continue }
                finishJoin(call, failed: failed, &effects)
            case .cancel(let task, let origin):
                guard let call = call(task) else { continue }
                takeBack(call, origin, &effects)
            case .stop(let task):
                guard let call = call(task) else { continue }
                stop(call, &effects)
            case .fail:
                // The error is at hand only where the attempt ended: `receive` settles the call itself.
                continue
            case .idle:
                wakeIdleWaiters()
            }
        }
    }

    func call(_ task: TaskID) -> (any KernelCall)? { content.withLock { $0.calls[task] } }

    /// Hands a call to the one who runs it.
    ///
    /// A call that is taken back at the same time may have been looked for too early: so it is looked at again.
    func handOver(_ call: any KernelCall) {
        if stopping.load(ordering: .sequentiallyConsistent) > 0, isStopped(call) {
            return receive(.failure(CancellationError()), of: call)
        }
        if let index = call.executorIndex {
            executors[index].submit(call, to: self)
        } else {
            startJoin(call)
        }
        if stopping.load(ordering: .sequentiallyConsistent) > 0 { stopIfCancelled(call) }
    }

    /// Stores an outcome in the call's future, then lets those who depend on it go on.
    ///
    /// The order matters: a call submitted in between finds the future either in the state or with its value.
    func settle(
        _ call: any KernelCall, _ outcome: TaskOutcome, fromCache: Bool = false, _ effects: inout [KernelState.Effect]
    ) {
        let settlement = call.settle(outcome, fromCache: fromCache)
        if settlement.error == nil { tally.succeeded(call.registration) } else { tally.failed(call.registration) }
        let woken = content.withLock { content in
            let woken = content.forget(call)
            var ending = KernelState.Ending.succeeded
            if let error = settlement.error {
                ending = error is CallCancelled ? .cancelled : .failed
                content.note(failure: error, of: call)
            }
            let wasStopping = content.state.stoppingCount > 0
            content.state.handle(.settled(call.taskID, ending), into: &effects)
            if wasStopping { stopping.store(content.state.stoppingCount, ordering: .sequentiallyConsistent) }
            return woken
        }
        settlement.waiters?.wake?()
        for continuation in woken { continuation.resume() }
    }
}

extension DataFlowKernel: OutcomeReceiver {
    /// Takes the outcome of one attempt: completes the future, or tries again.
    public func receive(_ outcome: TaskOutcome, of invocation: any TaskInvocation) {
        guard let call = invocation as? any KernelCall else { return }
        if call.executorIndex != nil { tally.attemptEnded(call.registration) }
        var effects: [KernelState.Effect] = []
        if case .failure(let error) = outcome {
            attemptFailed(call, error, &effects)
        } else {
            succeed(call, outcome, &effects)
        }
        perform(&effects)
    }

    /// Notes that the body runs.
    public func started(_ invocation: any TaskInvocation) {
        (invocation as? any KernelCall)?.note(running: true)
    }
}
