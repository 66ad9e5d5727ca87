import DequeModule
import SystemSupport
public import WorkflowCore

/// Runs calls on threads of this process: for tests, and for work too small to leave it.
///
/// The rules are those of worker processes: a task cannot submit, errors arrive as data when `throughCodec` is on.
public final class ThreadPoolExecutor: Executor {
    private struct Item {
        var invocation: any TaskInvocation
        var receiver: any OutcomeReceiver
    }

    private struct Queue {
        var items: Deque<Item> = []
        var outstanding = 0
        var stopped = false
    }

    /// The name in configurations and logs.
    public let label: String
    private let threadCount: Int
    private let throughCodec: Bool
    private let queue = Locked(Queue())
    private let available = CountingSemaphore()
    private let threads = Locked<[JoinableThread]>([])

    /// An executor over `threads` threads.
    ///
    /// - Parameters:
    ///   - label: the name in configurations and logs.
    ///   - threads: how many calls run at once.
    ///   - throughCodec: whether arguments and results are encoded and decoded as on the way to a process.
    public init(label: String = "threads", threads: Int = 2, throughCodec: Bool = false) {
        self.label = label
        threadCount = max(1, threads)
        self.throughCodec = throughCodec
    }

    /// Starts the threads.
    public func start(_ context: ExecutorContext) async throws {
        let started = (0..<threadCount).map { number in
            startThread(named: "apus-task-\(number)") { self.work() }
        }
        threads.withLock { $0 = started }
    }

    /// Queues the call for the next free thread.
    public func submit(_ invocation: any TaskInvocation, to receiver: any OutcomeReceiver) {
        let accepted = queue.withLock { queue in
            if queue.stopped { return false }
            queue.items.append(Item(invocation: invocation, receiver: receiver))
            queue.outstanding += 1
            return true
        }
        if accepted {
            available.signal()
        } else {
            receiver.receive(.failure(Self.stoppedError(invocation)), of: invocation)
        }
    }

    /// Fails what is queued, waits for what runs, ends the threads.
    public func shutdown() async {
        let left = queue.withLock { queue in
            queue.stopped = true
            defer { queue.items = [] }
            return Array(queue.items)
        }
        for item in left { item.receiver.receive(.failure(Self.stoppedError(item.invocation)), of: item.invocation) }
        for _ in 0..<threadCount { available.signal() }
        let ending = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            _ = startThread(named: "apus-join") {
                for thread in ending { thread.join() }
                continuation.resume()
            }
        }
    }

    /// Threads and calls there are now.
    public var snapshot: ExecutorSnapshot {
        queue.withLock { ExecutorSnapshot(workers: threadCount, outstanding: $0.outstanding) }
    }

    private func work() {
        let loop = TaskRunLoop()
        while true {
            available.wait()
            let item = queue.withLock { $0.items.popFirst() }
            guard let item else {
                if queue.withLock({ $0.stopped }) { return }
                continue
            }
            let outcome = run(item.invocation, on: loop)
            queue.withLock { $0.outstanding -= 1 }
            item.receiver.receive(outcome, of: item.invocation)
        }
    }

    private func run(_ invocation: any TaskInvocation, on loop: TaskRunLoop) -> TaskOutcome {
        if throughCodec {
            let result = loop.run { () async throws -> [UInt8] in
                let arguments = EncodedArguments(try invocation.argumentBytes())
                return try await TaskScope.$isInsideThreadTask.withValue(true) {
                    try await invocation.definition.body(arguments)
                }
            }
            switch result {
            case .success(let bytes): return .encoded(message: bytes, range: 0..<bytes.count)
            case .failure(let error): return .failure(error)
            }
        }
        let result = loop.run { () async throws -> any Sendable in
            try await TaskScope.$isInsideThreadTask.withValue(true) { try await invocation.runOnValues() }
        }
        switch result {
        case .success(let value): return .value(value)
        case .failure(let error): return .failure(error)
        }
    }

    private static func stoppedError(_ invocation: any TaskInvocation) -> ExecutionError {
        ExecutionError(
            .cancelled, "'\(invocation.definition.name)' (\(invocation.identity)) was not run: its executor was stopped"
        )
    }
}
