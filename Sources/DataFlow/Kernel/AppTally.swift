import Synchronization
import WorkflowCore

/// Counts the calls of each app of a kernel: what a call costs here is an addition now and then.
///
/// Each event is counted apart from the others, so a reader may see a call's end before its attempt's end.
final class AppTally: Sendable {
    private final class Counts: Sendable {
        let submitted = Atomic<Int>(0)
        let attempts = Atomic<Int>(0)
        let succeeded = Atomic<Int>(0)
        let failed = Atomic<Int>(0)
    }

    private let counts: [Counts]
    private let names: [String]

    /// - Parameter names: the apps' names, in the order of their registration.
    init(names: [String]) {
        self.names = names
        counts = names.map { _ in Counts() }
    }

    /// A call was made.
    func submitted(_ app: Int) { known(app)?.submitted.add(1, ordering: .relaxed) }
    /// An executor has an attempt.
    func attempted(_ app: Int) { known(app)?.attempts.add(1, ordering: .relaxed) }
    /// An executor has it no longer.
    func attemptEnded(_ app: Int) { known(app)?.attempts.subtract(1, ordering: .relaxed) }
    /// A call has its value.
    func succeeded(_ app: Int) { known(app)?.succeeded.add(1, ordering: .relaxed) }
    /// A call has failed, or was taken back.
    func failed(_ app: Int) { known(app)?.failed.add(1, ordering: .relaxed) }

    /// An app that was declared after the start has no counts: its calls are refused elsewhere.
    private func known(_ app: Int) -> Counts? { counts.indices.contains(app) ? counts[app] : nil }

    /// What there is now, of apps that were called.
    var snapshot: [AppProgress] {
        zip(names, counts).compactMap { name, counts in
            let submitted = counts.submitted.load(ordering: .relaxed)
            guard submitted > 0 else { return nil }
            return AppProgress(
                name: name, submitted: submitted, withExecutors: counts.attempts.load(ordering: .relaxed),
                succeeded: counts.succeeded.load(ordering: .relaxed), failed: counts.failed.load(ordering: .relaxed))
        }
    }
}

extension DataFlowKernel {
    /// How far the calls of each app are, in the order of the apps' declarations.
    package var appProgress: [AppProgress] { tally.snapshot }
}

/// How far the calls of one app are.
package struct AppProgress: Sendable, Equatable {
    /// The app.
    package var name: String
    /// Calls that were made.
    package var submitted: Int
    /// Calls that executors have, whether they run there or wait for a worker.
    package var withExecutors: Int
    /// Calls that have ended well.
    package var succeeded: Int
    /// Calls that have failed, or were taken back.
    package var failed: Int
}
