/// A failure of the machinery around a task: a process, a node or a connection, not the task's own code.
public struct ExecutionError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case workerLost, managerLost, interchangeLost, executorFailed, taskUnknown, tableMismatch, versionMismatch
            case cancelled, resultUnusable, payloadTooLarge, invalidResources, resourcesUnavailable, peerError
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// A worker process ended while it ran the task.
        public static var workerLost: Self { Self(.workerLost) }
        /// A manager, or the node it ran on, is gone.
        public static var managerLost: Self { Self(.managerLost) }
        /// The interchange process ended.
        public static var interchangeLost: Self { Self(.interchangeLost) }
        /// No manager is left or to come.
        public static var executorFailed: Self { Self(.executorFailed) }
        /// The worker does not know the task.
        public static var taskUnknown: Self { Self(.taskUnknown) }
        /// Submitting program and workers were built with different tasks.
        public static var tableMismatch: Self { Self(.tableMismatch) }
        /// The two ends run different versions.
        public static var versionMismatch: Self { Self(.versionMismatch) }
        /// The call was cancelled before it ended.
        public static var cancelled: Self { Self(.cancelled) }
        /// A result arrived that cannot be decoded.
        public static var resultUnusable: Self { Self(.resultUnusable) }
        /// An argument or a result is larger than the limit.
        public static var payloadTooLarge: Self { Self(.payloadTooLarge) }
        /// What a call asks for contradicts itself.
        public static var invalidResources: Self { Self(.invalidResources) }
        /// No node of the executor has what a call asks for.
        public static var resourcesUnavailable: Self { Self(.resourcesUnavailable) }
        /// The other end reported an error in a form of its own.
        public static var peerError: Self { Self(.peerError) }

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// What kind of failure it was.
    public var code: Code
    /// What was tried, what came back, and what to do next.
    public var message: String

    /// Describes a failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Code and message.
    public var description: String { "\(code): \(message)" }

    /// Whether the task may be tried again on the budget for lost processes (`lostRetries`).
    public var isLoss: Bool { code == .workerLost || code == .managerLost }
}
