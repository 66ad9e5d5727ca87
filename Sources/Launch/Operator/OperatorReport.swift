package import DataFlow
package import WorkflowCore

// The answers, as they travel and as `--json` prints them.

/// The run that answers.
package struct RunReport: Codable, Sendable, Equatable {
    /// Its directory.
    package var directory: String
    /// Its identifier.
    package var runID: String
    /// The program.
    package var program: String
    /// The submitting process.
    package var process: Int
    /// The host that it runs on.
    package var host: String
    /// Seconds since its start.
    package var seconds: Double
}

/// How many calls are in which state.
package struct CountsReport: Codable, Sendable, Equatable {
    /// Calls that wait for an argument.
    package var waiting: Int
    /// Calls that an executor has.
    package var launched: Int
    /// Join apps that wait for what their bodies called.
    package var joining: Int
    /// Calls that ended well.
    package var succeeded: Int
    /// Calls that failed.
    package var failed: Int
    /// Calls that were taken back.
    package var cancelled: Int
    /// Attempts beyond the first.
    package var retried: Int
    /// Calls that have not ended.
    package var unfinished: Int
}

/// The calls of an executor, and its bound.
package struct LoadReport: Codable, Sendable, Equatable {
    /// The executor's label.
    package var executor: String
    /// Workers, or threads.
    package var workers: Int
    /// Attempts that it has.
    package var calls: Int
    /// Its calls that have not ended; nil when nobody counts them.
    package var unfinished: Int?
    /// How many there may be; nil for any number.
    package var limit: Int?
    /// Calls that wait in `submit` until there is room.
    package var waitingForRoom: Int
}

/// The answer to `tasks`.
package struct TasksReport: Codable, Sendable, Equatable {
    /// The run.
    package var run: RunReport
    /// How many calls are in which state.
    package var counts: CountsReport
    /// The executors.
    package var executors: [LoadReport]
    /// Calls that have not ended, in their order, as many as were asked for.
    package var tasks: [CallReport]
}

/// The answer to `managers` and to `blocks`.
package struct ExecutorsReport: Codable, Sendable, Equatable {
    /// The run.
    package var run: RunReport
    /// The executors, with their managers and blocks.
    package var executors: [ExecutorInspection]
}

/// The answer to `explain`.
package struct ExplainReport: Codable, Sendable, Equatable {
    /// The run.
    package var run: RunReport
    /// The task that was asked about.
    package var task: Int
    /// Its app, as far as it is known.
    package var app: String?
    /// Its state, or how it ended.
    package var state: String
    /// Why it is where it is, in sentences.
    package var sentences: [String]
    /// The task for which it waits in the end; nil when it waits for none.
    package var cause: Int?
}

/// The answer to a question that has none.
package struct ErrorReport: Codable, Sendable, Equatable {
    /// Why.
    package var error: String
}
