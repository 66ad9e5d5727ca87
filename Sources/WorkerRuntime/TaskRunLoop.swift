import Glibc

/// Runs one async body at a time on the thread that calls, never on Swift's cooperative pool: task bodies may block.
///
/// The body, and the child tasks it starts in its scope, have this loop as their preferred executor, so whatever of them
/// is not bound to an actor runs on the calling thread. While the body is suspended the thread sleeps. A body
/// that never suspends costs the making of one `Task`, under a microsecond.
package final class TaskRunLoop: TaskExecutor, @unchecked Sendable {  // why: all state is touched under the mutex only
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var jobs: [UnownedJob] = []

    /// Makes a loop with nothing to do.
    package init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        condition.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Takes a job that has become ready; called by the concurrency runtime, from any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Drives `body` on the calling thread until it has returned or thrown.
    ///
    /// Only one thread may be in here at a time. Work that the body left behind on this loop runs with the next body.
    package func run<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) -> Result<Value, any Error> {
        let outcome = Outcome<Value>()
        _ = Task.immediateDetached(executorPreference: self) { [self] in
            let result: Result<Value, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            pthread_mutex_lock(mutex)
            outcome.result = result
            pthread_cond_signal(condition)
            pthread_mutex_unlock(mutex)
        }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if let result = outcome.result { return result }
            if jobs.isEmpty {
                pthread_cond_wait(condition, mutex)
                continue
            }
            let ready = jobs
            jobs.removeAll()
            pthread_mutex_unlock(mutex)
            for job in ready { job.runSynchronously(on: asUnownedTaskExecutor()) }
            pthread_mutex_lock(mutex)
        }
    }
}

/// Where a body leaves its result.
private final class Outcome<Value: Sendable>: @unchecked Sendable {  // why: touched under the run loop's mutex only
    var result: Result<Value, any Error>?
}
