import Glibc

/// Runs async code on the thread that asks for it, and only there.
///
/// Task bodies may block or compute for hours, so they must not run on Swift's cooperative pool, whose few threads
/// serve the whole process. A body that never suspends is run like a plain call; one that suspends is resumed here, on
/// the calling thread, which sleeps in between.
package final class TaskRunLoop: TaskExecutor, @unchecked Sendable {  // why: all under the mutex
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []
    private var next = 0
    /// The number of the run that is on, or was the last.
    private var current = Int.min
    /// The body that runs.
    private var running: Task<Void, Never>?
    /// The number of a run that was cancelled before it began.
    private var doomed = Int.min

    /// A loop without work.
    package init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Takes a piece of async code that can go on; called by the Swift runtime, from any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Runs `body` to its end on the calling thread.
    ///
    /// - Parameters:
    ///   - number: names the run for ``cancel(_:)``; higher than those of all runs of this loop before.
    ///   - body: what to run.
    package func run<Value: Sendable>(
        _ number: Int, _ body: @escaping @Sendable () async throws -> Value
    ) -> Result<Value, any Error> {
        let outcome = Outcome<Value>()
        // why Task: the bridge from a plain thread to async code; this call itself awaits it, by draining its jobs.
        // Not an immediate one: it would begin before there is anything to cancel it by.
        let task = Task(executorPreference: self) {
            do {
                outcome.store(.success(try await body()))
            } catch {
                outcome.store(.failure(error))
            }
        }
        begin(number, task)
        while true {
            if let result = outcome.result {
                end()
                return result
            }
            takeJob().runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// Cancels the body of a run, from any thread: `Task.isCancelled` becomes true there, and handlers are called here.
    ///
    /// A run that has not begun is cancelled when it does; one that has ended is left alone.
    package func cancel(_ number: Int) {
        pthread_mutex_lock(mutex)
        let task = number == current ? running : nil
        if number > current { doomed = max(doomed, number) }
        pthread_mutex_unlock(mutex)
        // Not under the lock: a handler may make a piece of code go on, which is enqueued here.
        task?.cancel()
    }

    private func begin(_ number: Int, _ task: Task<Void, Never>) {
        pthread_mutex_lock(mutex)
        current = number
        running = task
        let isDoomed = doomed == number
        pthread_mutex_unlock(mutex)
        if isDoomed { task.cancel() }
    }

    private func end() {
        pthread_mutex_lock(mutex)
        running = nil
        pthread_mutex_unlock(mutex)
    }

    private func takeJob() -> UnownedJob {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while next == jobs.count { pthread_cond_wait(condition, mutex) }
        let job = jobs[next]
        next += 1
        if next == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            next = 0
        }
        return job
    }

    /// Written and read on the loop's own thread: a nonisolated body ends on the executor it prefers.
    private final class Outcome<Value: Sendable>: @unchecked Sendable {  // why: touched by the loop's thread only
        private(set) var result: Result<Value, any Error>?

        func store(_ value: Result<Value, any Error>) { result = value }
    }
}
