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
    /// How many steps before the root cause the route leaves out, because it is long.
    public var omittedSteps = 0

    private static let keptSteps = 16

    package init(call: Step, failed: [any DependencySource]) {
        failedDependencies = failed.count
        let first = failed.first
        let step = Step(task: first?.taskID, app: first?.appName ?? "?")
        switch first?.failure {
        case let inner as DependencyError:
            route = [call] + inner.route
            omittedSteps = inner.omittedSteps
            // A person reads the near end and the root; a chain of thousands would hold millions of steps.
            if route.count > Self.keptSteps {
                route.remove(at: route.count - 2)
                omittedSteps += 1
            }
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
        var steps = route.map(\.description)
        if omittedSteps > 0 { steps.insert("… \(omittedSteps) more …", at: steps.count - 1) }
        let path = steps.joined(separator: " ← ")
        let others = failedDependencies > 1 ? " (and \(failedDependencies - 1) more of its arguments failed)" : ""
        return "not run, because an argument failed: \(path)\(others): \(rootCause)"
    }
}
