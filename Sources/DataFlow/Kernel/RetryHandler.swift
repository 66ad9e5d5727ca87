import Synchronization
public import WorkflowCore

/// Decides what a failed attempt costs of a call's budget for retries.
///
/// ```swift
/// configuration.retries = 3
/// configuration.retryHandler = RetryHandler { error, record in
///     error is BashExitFailure ? 1 : 10   // anything else is not tried again
/// }
/// ```
///
/// A call is tried again while the sum of its costs is not above its `retries`. Without a handler each failure costs 1.
/// The loss of a process has a budget of its own, `lostRetries`, and is not asked about.
public struct RetryHandler: Sendable, Equatable {
    /// What the handler decides by.
    public typealias Decision = @Sendable (_ error: any Error, _ record: TaskRecord) throws -> Double

    private static let lastNumber = Atomic<Int>(0)
    private let number: Int
    /// What a failure costs.
    let cost: Decision

    /// A handler.
    ///
    /// - Parameter cost: what a failure costs; runs where the failure arrives, so it must be quick. What it throws ends
    ///   the call, as ``RetryHandlerFailure``.
    public init(_ cost: @escaping Decision) {
        self.cost = cost
        number = Self.lastNumber.add(1, ordering: .relaxed).newValue
    }

    /// A handler is equal to itself and its copies.
    public static func == (left: Self, right: Self) -> Bool { left.number == right.number }
}

/// What a kernel knows of a call when an attempt has failed.
public struct TaskRecord: Sendable {
    /// The task.
    public var task: TaskID
    /// Its app.
    public var app: String
    /// Its label, if it has one.
    public var label: String?
    /// How many attempts there were, the one that just failed included.
    public var tries: Int
    /// What the attempts ended with that the handler was asked about, the newest last.
    public var errors: [any Error]
    /// What the earlier ones have cost.
    public var cost: Double
    /// What they may cost together.
    public var budget: Int
    /// The executor; `nil` for a join app.
    public var executor: String?
}

/// The retry handler failed, so that the call was not tried again.
public struct RetryHandlerFailure: Error, Sendable, CustomStringConvertible {
    /// The app.
    public var app: String
    /// The task.
    public var task: TaskID
    /// Why the attempt failed.
    public var error: any Error
    /// What the retry handler threw.
    public var thrown: any Error

    /// Both errors.
    public var description: String {
        "'\(app)' (task \(task)) failed and was not tried again, because the retry handler threw: \(thrown). "
            + "The attempt's own error: \(error)"
    }
}

/// What has gone wrong with a call so far.
struct RetryHistory {
    var errors: [any Error] = []
    var cost = 0.0
}
