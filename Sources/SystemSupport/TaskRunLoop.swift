import Glibc

/// Runs async code on the thread that asks for it, and only there.
///
/// Task bodies may block or compute for hours, so they must not run on Swift's cooperative pool, whose few threads
/// serve the whole process. A body that never suspends is run like a plain call; one that suspends is resumed here, on
/// the calling thread, which sleeps in between.
package final class TaskRunLoop: TaskExecutor, @unchecked Sendable {  // why: `jobs` is touched under the mutex only
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []
    private var next = 0

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
    package func run<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) -> Result<Value, any Error> {
        let outcome = Outcome<Value>()
        // why Task: the bridge from a plain thread to async code; this call itself awaits it, by draining its jobs.
        Task.immediate(executorPreference: self) {
            do {
                outcome.store(.success(try await body()))
            } catch {
                outcome.store(.failure(error))
            }
        }
        while true {
            if let result = outcome.result { return result }
            takeJob().runSynchronously(on: asUnownedTaskExecutor())
        }
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
