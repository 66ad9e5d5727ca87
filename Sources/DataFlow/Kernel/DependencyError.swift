public import WorkflowCore

/// A call that was never run, because a future among its arguments failed.
public struct DependencyError: RoutedError, Sendable, CustomStringConvertible {
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

    package init(call: Step, failed: [any DependencySource]) {
        let way = FailureRoute(from: call, to: failed.first)
        (route, rootCause, omittedSteps) = (way.route, way.rootCause, way.omittedSteps)
        failedDependencies = failed.count
    }

    /// The route and the root cause.
    public var description: String {
        let others = failedDependencies > 1 ? " (and \(failedDependencies - 1) more of its arguments failed)" : ""
        return "not run, because an argument failed: \(path)\(others): \(rootCause)"
    }
}

/// The body of a join app ran, but a call whose value it returned failed.
public struct JoinError: RoutedError, Sendable, CustomStringConvertible {
    /// From the join app's call to the one that failed by itself.
    public var route: [DependencyError.Step]
    /// What went wrong at the end of the route.
    public var rootCause: any Error
    /// How many of the futures that the body returned failed.
    public var failedCalls: Int
    /// How many steps before the root cause the route leaves out, because it is long.
    public var omittedSteps = 0

    package init(call: DependencyError.Step, failed: [any DependencySource]) {
        let way = FailureRoute(from: call, to: failed.first)
        (route, rootCause, omittedSteps) = (way.route, way.rootCause, way.omittedSteps)
        failedCalls = failed.count
    }

    /// The route and the root cause.
    public var description: String {
        let others = failedCalls > 1 ? " (and \(failedCalls - 1) more that it returned failed)" : ""
        return "a call that '\(route.first?.app ?? "?")' returned failed: \(path)\(others): \(rootCause)"
    }
}

/// An error that tells the way to another call, where the cause lies.
protocol RoutedError: Error {
    var route: [DependencyError.Step] { get }
    var rootCause: any Error { get }
    var omittedSteps: Int { get }
}

extension RoutedError {
    /// The route as people read it.
    var path: String {
        var steps = route.map(\.description)
        if omittedSteps > 0 { steps.insert("… \(omittedSteps) more …", at: steps.count - 1) }
        return steps.joined(separator: " ← ")
    }
}

/// The way from a call to the cause of its failure.
private struct FailureRoute {
    var route: [DependencyError.Step]
    var rootCause: any Error
    var omittedSteps = 0

    private static let keptSteps = 16

    init(from call: DependencyError.Step, to failed: (any DependencySource)?) {
        switch failed?.failure {
        case let inner as any RoutedError:
            route = [call] + inner.route
            omittedSteps = inner.omittedSteps
            // A person reads the near end and the root; a chain of thousands would hold millions of steps.
            if route.count > Self.keptSteps {
                route.remove(at: route.count - 2)
                omittedSteps += 1
            }
            rootCause = inner.rootCause
        case let error:
            route = [call, DependencyError.Step(task: failed?.taskID, app: failed?.appName ?? "?")]
            rootCause = error ?? WorkflowError(.internalState, "the failed argument has no error")
        }
    }
}
