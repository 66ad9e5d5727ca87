import DequeModule
import SystemSupport

/// The threads on which the program's own code runs on the submit side: bodies of join apps, `map`, `onCompletion`.
///
/// Such code may block or compute; it must hold up neither the thread that completes futures nor Swift's cooperative
/// pool. A body that awaits gives its thread back. What follows from a completion is queued here instead of called, so
/// that no chain of futures is a recursion.
final class SubmitThreads: TaskExecutor {
    /// The threads of this process, started on first use.
    static let shared = SubmitThreads(count: 4)

    private enum Job {
        case code(@Sendable () -> Void)
        case part(UnownedJob)
    }

    private struct Queue {
        var jobs: Deque<Job> = []
        var isStarted = false
    }

    private let queue = Locked(Queue())
    private let available = CountingSemaphore()
    private let count: Int

    private init(count: Int) { self.count = count }

    /// Takes a piece of async code that can go on; called by the Swift runtime, from any thread.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        add(.part(job))
    }

    /// Runs `body` soon, on one of the threads.
    func run(_ body: @escaping @Sendable () -> Void) { add(.code(body)) }

    private func add(_ job: Job) {
        let mustStart = queue.withLock { queue in
            queue.jobs.append(job)
            defer { queue.isStarted = true }
            return !queue.isStarted
        }
        if mustStart {
            for number in 0..<count { startThread(named: "apus-submit-\(number)") { self.work() } }
        }
        available.signal()
    }

    /// Never ends: the threads sleep when there is nothing to do, and end with the process.
    private func work() {
        while true {
            available.wait()
            switch queue.withLock({ $0.jobs.popFirst() }) {
            case .code(let body)?: body()
            case .part(let job)?: job.runSynchronously(on: asUnownedTaskExecutor())
            case nil: continue
            }
        }
    }
}
