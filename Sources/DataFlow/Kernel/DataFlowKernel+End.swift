import SystemSupport
import WorkflowCore

/// Waiting for calls, the end, and what there is to tell.
extension DataFlowKernel {
    /// Waits until every call so far, and every call these lead to, has ended.
    package func waitForAll() async { _ = await waitForAll(atMost: nil) }

    /// Waits until every call so far, and every call these lead to, has ended, but not longer than so.
    ///
    /// - Parameter limit: how long; `nil` waits for ever.
    /// - Returns: whether all have ended.
    @discardableResult
    package func waitForAll(atMost limit: Duration?) async -> Bool {
        let number = nextTaskID().rawValue
        let clock = limit.map { limit in
            Task {
                try await Task.sleep(for: limit)  // why: the clock of this wait, which ends with it
                endWait(number)
            }
        }
        defer { clock?.cancel() }
        return await withUnsafeContinuation { continuation in
            let idle = content.withLock { content in
                if content.state.unfinishedCount == 0 { return true }
                content.idleWaiters.append(.init(number: number, continuation: continuation))
                return false
            }
            if idle { continuation.resume(returning: true) }
        }
    }

    private func endWait(_ number: Int) {
        let waiter = content.withLock { content -> KernelContent.IdleWaiter? in
            guard let index = content.idleWaiters.firstIndex(where: { $0.number == number }) else { return nil }
            return content.idleWaiters.remove(at: index)
        }
        waiter?.continuation.resume(returning: false)
    }

    func wakeIdleWaiters() {
        let waiters = content.withLock { content in
            guard content.state.unfinishedCount == 0 else { return [KernelContent.IdleWaiter]() }
            defer { content.idleWaiters = [] }
            return content.idleWaiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: true) }
    }

    /// Waits until the calls that there are now have ended; later ones are not waited for.
    package func waitForCurrent() async {
        await withUnsafeContinuation { continuation in
            let isIdle = content.withLock { content in
                let left = Set(content.state.unfinished)
                if left.isEmpty { return true }
                content.batches.append(.init(left: left, continuation: continuation))
                return false
            }
            if isIdle { continuation.resume() }
        }
    }

    /// Refuses further calls and stops the executors.
    package func shutdown() async {
        closed.set()
        for executor in executors { await executor.shutdown() }
        memoizer.close()
        stager.clean()
    }

    /// Failures that nobody awaited, in the order in which they happened.
    ///
    /// Calls that were taken back, and those that failed for that reason, are not among them.
    package var unseenFailures: [UnseenFailure] {
        let failures = content.withLock { $0.failures }
        return failures.compactMap { future in
            guard !future.wasObserved, let error = future.failure else { return nil }
            return UnseenFailure(task: future.taskID, app: future.appName, error: error)
        }
    }

    /// What there is now, for a progress line and a summary.
    package var progress: KernelProgress {
        let snapshots = executors.map(\.snapshot)
        return content.withLock { content in
            KernelProgress(
                succeeded: content.state.succeededCount, failed: content.state.failedCount,
                waiting: content.state.waitingCount, launched: content.state.launchedCount, retried: content.retried,
                fromCache: memoizer.servedCount, workers: snapshots.reduce(0) { $0 + $1.workers },
                joining: content.state.joiningCount, cancelled: content.state.cancelledCount)
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
    /// Calls of join apps that wait for what their body returned.
    package var joining = 0
    /// Calls that were taken back.
    package var cancelled = 0
}
