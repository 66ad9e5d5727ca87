import SystemSupport
public import WorkflowCore

/// Runs calls on threads of this process: for tests, and for work too small to leave it.
///
/// The rules are those of worker processes: a task cannot submit, errors arrive as data when `throughCodec` is on, and
/// cancellation and walltime reach the body as `Task.isCancelled`. A thread cannot be killed, however: a body that goes
/// on after the grace period is reported, goes on by itself, and another thread takes the place of its.
public final class ThreadPoolExecutor: Executor {
    /// The threads that are there.
    private struct Threads {
        var workers: [JoinableThread?] = []
        var loops: [TaskRunLoop] = []
        var watch: JoinableThread?
        /// Threads that have not ended, without those that were given up.
        var alive = 0
    }

    /// The name in configurations and logs.
    public let label: String
    private let threadCount: Int
    private let throughCodec: Bool
    private let state: Locked<ThreadPoolState>
    private let threads = Locked(Threads())
    /// Wakes threads that found nothing to do.
    private let available = CountingSemaphore()
    /// Rung to make the watch look at the time again.
    private let watchBell = CountingSemaphore()
    private let allEnded = CountingSemaphore()

    /// An executor over `threads` threads.
    ///
    /// - Parameters:
    ///   - label: the name in configurations and logs.
    ///   - threads: how many calls run at once.
    ///   - throughCodec: whether arguments and results are encoded and decoded as on the way to a process.
    ///   - cancelGrace: how long a body may go on after it was asked to stop.
    public init(
        label: String = "threads", threads: Int = 2, throughCodec: Bool = false, cancelGrace: Duration = .seconds(5)
    ) {
        self.label = label
        threadCount = max(1, threads)
        self.throughCodec = throughCodec
        state = Locked(
            ThreadPoolState(label: label, threads: max(1, threads), grace: cancelGrace.clampedNanoseconds))
    }

    /// Starts the threads.
    public func start(_ context: ExecutorContext) async throws {
        threads.withLock { threads in
            for slot in 0..<threadCount {
                let loop = Self.makeLoop()
                threads.loops.append(loop)
                threads.workers.append(startWorker(slot, loop))
                threads.alive += 1
            }
        }
    }

    /// Queues the call for the next free thread.
    public func submit(_ invocation: any TaskInvocation, to receiver: any OutcomeReceiver) {
        switch state.withLock({ $0.submit(.init(invocation: invocation, receiver: receiver)) }) {
        case .queued: break
        case .wake: available.signal()
        case .refused: receiver.receive(.failure(ThreadPoolState.refusal(invocation)), of: invocation)
        }
    }

    /// Takes a call that waits out of the queue; asks one that runs to stop, and gives its thread up after the grace period.
    public func cancel(_ invocation: any TaskInvocation) {
        let (actions, mustWatch) = state.withLock { state in
            let actions = state.cancel(invocation, at: Monotonic.nanoseconds)
            return (actions, state.mustLookEarlier())
        }
        perform(actions)
        if mustWatch { watch() }
    }

    /// Fails what is queued, stops what runs, ends the threads.
    public func shutdown() async {
        let actions = state.withLock { state in
            let actions = state.shutDown(at: Monotonic.nanoseconds)
            _ = state.mustLookEarlier()
            return actions
        }
        perform(actions)
        if !actions.cancellations.isEmpty { watch() }
        for _ in 0..<threadCount { available.signal() }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            _ = startThread(named: "apus-join") {
                self.join()
                continuation.resume()
            }
        }
    }

    /// Threads and calls there are now.
    public var snapshot: ExecutorSnapshot {
        state.withLock { ExecutorSnapshot(workers: threadCount, outstanding: $0.outstanding) }
    }

    /// Where a call is.
    func place(of invocation: any TaskInvocation) -> ExecutorInspection.Place {
        state.withLock { $0.place(of: invocation) }
    }

    // MARK: Threads that run calls

    private func startWorker(_ slot: Int, _ loop: TaskRunLoop) -> JoinableThread {
        startThread(named: "apus-task-\(slot)") { self.work(slot, loop) }
    }

    /// What runs a thread's calls, each of which knows that it is a task.
    private static func makeLoop() -> TaskRunLoop {
        TaskRunLoop { bodies in await TaskScope.$isInsideThreadTask.withValue(true, operation: bodies) }
    }

    private func work(_ slot: Int, _ loop: TaskRunLoop) {
        defer { loop.close() }
        while true {
            let (next, isStopped, mustWatch) = state.withLock { state in
                let next = state.begin(slot, now: Monotonic.nanoseconds)
                let hasLimit = next?.item.invocation.walltime != nil
                return (next, state.isStopped, hasLimit && state.mustLookEarlier())
            }
            guard let (item, number) = next else {
                if isStopped { return threadEnds() }
                available.wait()
                continue
            }
            if mustWatch { watch() }
            let outcome = run(item.invocation, number, on: loop)
            // `nil` when the call was reported and this thread given up; another one has the place.
            guard let outcome = state.withLock({ $0.end(slot, run: number, outcome, now: Monotonic.nanoseconds) })
            else { return }
            item.receiver.receive(outcome, of: item.invocation)
        }
    }

    private func run(_ invocation: any TaskInvocation, _ number: Int, on loop: TaskRunLoop) -> TaskOutcome {
        if throughCodec {
            let result = loop.run(number) { () async throws -> [UInt8] in
                let arguments = EncodedArguments(try invocation.argumentBytes())
                return try await invocation.definition.body(arguments)
            }
            switch result {
            case .success(let bytes): return .encoded(message: bytes, range: 0..<bytes.count)
            case .failure(let error): return .failure(error)
            }
        }
        let result = loop.run(number) { () async throws -> any Sendable in
            try await invocation.runOnValues()
        }
        switch result {
        case .success(let value): return .value(value)
        case .failure(let error): return .failure(error)
        }
    }

    private func perform(_ actions: ThreadPoolState.Actions) {
        for cancellation in actions.cancellations {
            let loop = threads.withLock { $0.loops[cancellation.slot] }
            loop.cancel(cancellation.run)
        }
        for slot in actions.abandoned { replaceThread(slot) }
        for end in actions.ended { end.item.receiver.receive(.failure(end.error), of: end.item.invocation) }
    }

    /// Gives up a thread that does not stop: nobody waits for it any more, and a new one has its place.
    private func replaceThread(_ slot: Int) {
        let isStopped = state.withLock { $0.isStopped }
        threads.withLock { threads in
            threads.workers[slot] = nil
            guard !isStopped else { return }
            let loop = Self.makeLoop()
            threads.loops[slot] = loop
            threads.workers[slot] = startWorker(slot, loop)
        }
        if isStopped { threadEnds() }
    }

    // MARK: The watch

    /// Has the time looked at, by a thread that is started when it is first needed.
    private func watch() {
        threads.withLock { threads in
            guard threads.watch == nil else { return }
            threads.watch = startThread(named: "apus-walltime") { self.keepWatch() }
        }
        watchBell.signal()
    }

    private func keepWatch() {
        while true {
            let (actions, next, isStopped) = state.withLock { state in
                let actions = state.tick(at: Monotonic.nanoseconds)
                return (actions, state.nextLook, state.isStopped)
            }
            perform(actions)
            if isStopped, next == .max { return }
            watchBell.wait(until: next)
        }
    }

    // MARK: The end

    private func threadEnds() {
        let isLast = threads.withLock { threads in
            threads.alive -= 1
            return threads.alive == 0
        }
        if isLast { allEnded.signal() }
    }

    private func join() {
        if threads.withLock({ $0.alive }) > 0 { allEnded.wait() }
        // For whoever else waits.
        allEnded.signal()
        let (ending, watch) = threads.withLock { threads in
            defer {
                threads.workers = []
                threads.watch = nil
            }
            return (threads.workers, threads.watch)
        }
        for thread in ending { thread?.join() }
        watchBell.signal()
        watch?.join()
    }
}
