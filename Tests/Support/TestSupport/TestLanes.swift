import Synchronization
import SystemSupport
package import Testing

/// A few threads for tests that hold up theirs: that wait for a process, or read from it.
///
/// Swift's cooperative pool has a thread for each processor. On two processors two such tests would keep all others back,
/// also those that only want to look at the clock. The threads live as long as the test program, so that what ends with the
/// thread that started it, as workers do, lives as long as its test.
package final class TestLanes: TaskExecutor {
    /// The lanes of this process: few, since what such tests start needs processors as well.
    package static let shared = TestLanes(count)
    fileprivate static let count = 4

    private let jobs = Locked<[UnownedJob]>([])
    private let waiting = CountingSemaphore()

    private init(_ count: Int) {
        for number in 1...count {
            _ = startThread(named: "test-lane-\(number)") { [self] in
                while true {
                    waiting.wait()
                    let job = jobs.withLock { $0.removeFirst() }
                    job.runSynchronously(on: asUnownedTaskExecutor())
                }
            }
        }
    }

    /// Takes a piece of a test; called by the Swift runtime.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        waiting.signal()
    }
}

/// Runs the tests of a suite on the threads of ``TestLanes``, as many at a time as there are lanes.
package struct LaneTrait: SuiteTrait, TestTrait, TestScoping {
    private static let room = TestRoom(TestLanes.count)

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Self.room.run {
            try await withTaskExecutorPreference(TestLanes.shared) { try await function() }
        }
    }
}

extension Trait where Self == LaneTrait {
    /// The tests hold up their thread: they get one outside of Swift's pool.
    package static var blocking: Self { LaneTrait() }
}
