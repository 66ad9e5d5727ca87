public import WorkflowCore

/// A call that was never run, because a future among its arguments failed.
public struct DependencyError: Error, Sendable, CustomStringConvertible {
    /// One step on the way from the failed call to the root cause.
    public struct Step: Sendable, Equatable, CustomStringConvertible {
        /// The task.
        public var task: TaskID?
        /// Its app.
        public var app: String

        /// `app (task 3)`.
        public var description: String { task.map { "\(app) (task \($0))" } ?? app }
    }

    /// From the call that was not run to the one that failed by itself.
    public var route: [Step]
    /// What went wrong at the end of the route.
    public var rootCause: any Error
    /// How many of the call's own arguments failed.
    public var failedDependencies: Int

    package init(call: Step, failed: [any DependencySource]) {
        failedDependencies = failed.count
        let first = failed.first
        let step = Step(task: first?.taskID, app: first?.appName ?? "?")
        switch first?.failure {
        case let inner as DependencyError:
            // The routes of a long chain share their tails in meaning, not in storage: keep what a person can read.
            route =
                [call] + inner.route.prefix(15) + (inner.route.count > 16 ? [inner.route[inner.route.count - 1]] : [])
            if inner.route.count <= 16 { route = [call] + inner.route }
            rootCause = inner.rootCause
        case let error?:
            route = [call, step]
            rootCause = error
        case nil:
            route = [call, step]
            rootCause = WorkflowError(.internalState, "the failed argument has no error")
        }
    }

    /// The route and the root cause.
    public var description: String {
        let path = route.map(\.description).joined(separator: " ← ")
        let others = failedDependencies > 1 ? " (and \(failedDependencies - 1) more of its arguments failed)" : ""
        return "not run, because an argument failed: \(path)\(others): \(rootCause)"
    }
}
