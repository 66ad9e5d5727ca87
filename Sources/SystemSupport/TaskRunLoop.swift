import Glibc

/// Runs async code on the thread that asks for it, and only there.
///
/// Task bodies may block or compute for hours, so they must not run on Swift's cooperative pool, whose few threads
/// serve the whole process. A body that never suspends is run like a plain call; one that suspends is resumed here, on
/// the calling thread, which sleeps in between.
///
/// One Swift task carries the bodies one after the other, since making one costs about as much as a small body. A task
/// that was cancelled cannot be used again: the next body gets a new one.
package final class TaskRunLoop: TaskExecutor, @unchecked Sendable {  // why: under the mutex, or of the loop's thread
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// What is put around the bodies of one carrier.
    private let around: @Sendable (_ bodies: () async -> Void) async -> Void

    // Under the mutex.
    private var jobs: [UnownedJob] = []
    private var next = 0
    /// The number of the run that is on, or was the last.
    private var current = Int.min
    private var isRunning = false
    /// The number of a run that was cancelled before it began.
    private var doomed = Int.min
    /// The carrier that was, or is about to be, cancelled; it gets no other body.
    private var isTainted = false
    private var carrier: Task<Void, Never>?

    // Of the loop's thread.
    private var waiting: UnsafeContinuation<Body?, Never>?
    private var first: Body?

    /// A body, and where its outcome goes.
    private typealias Body = @Sendable () async -> Void

    /// A loop without work.
    ///
    /// - Parameter around: put around the bodies, to bind task-local values; must call its argument once.
    package init(around: @escaping @Sendable (_ bodies: () async -> Void) async -> Void = { await $0() }) {
        self.around = around
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
        carry(number) {
            do {
                outcome.result = .success(try await body())
            } catch {
                outcome.result = .failure(error)
            }
        }
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
        let task = isRunning && number == current ? carrier : nil
        if task != nil { isTainted = true }
        if number > current { doomed = max(doomed, number) }
        pthread_mutex_unlock(mutex)
        // Not under the lock: a handler may make a piece of code go on, which is enqueued here.
        task?.cancel()
    }

    /// Lets go of what the loop keeps between two runs; on the thread of the runs, after the last of them.
    package func close() {
        pthread_mutex_lock(mutex)
        isTainted = true
        pthread_mutex_unlock(mutex)
        end()
    }

    /// Gives a body to the carrier, which will run it when its next piece of code is taken from the queue.
    private func carry(_ number: Int, _ body: @escaping Body) {
        guard let waiting = waiting.take() else { return startCarrier(number, body) }
        begin(number, nil)
        waiting.resume(returning: body)
    }

    private func startCarrier(_ number: Int, _ body: @escaping Body) {
        first = body
        // why Task: the bridge from a plain thread to async code; `run` itself awaits what it carries, by draining its
        // jobs. Not an immediate one: it would begin before there is anything to cancel it by.
        let task = Task(executorPreference: self) {
            await self.around {
                while let body = await self.nextBody() { await body() }
            }
        }
        begin(number, task)
    }

    /// Begins a run on the carrier, or on a new one.
    private func begin(_ number: Int, _ newCarrier: Task<Void, Never>?) {
        pthread_mutex_lock(mutex)
        if let newCarrier { carrier = newCarrier }
        current = number
        isRunning = true
        let isDoomed = doomed == number
        if isDoomed { isTainted = true }
        let task = isDoomed ? carrier : nil
        pthread_mutex_unlock(mutex)
        task?.cancel()
    }

    private func nextBody() async -> Body? {
        if let body = first.take() { return body }
        return await withUnsafeContinuation { waiting = $0 }
    }

    /// Ends a run; a carrier that was cancelled ends, too.
    private func end() {
        pthread_mutex_lock(mutex)
        isRunning = false
        let mustEnd = isTainted
        if mustEnd {
            carrier = nil
            isTainted = false
        }
        pthread_mutex_unlock(mutex)
        guard mustEnd, let waiting = waiting.take() else { return }
        waiting.resume(returning: nil)
        takeJob().runSynchronously(on: asUnownedTaskExecutor())
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
        var result: Result<Value, any Error>?
    }
}
