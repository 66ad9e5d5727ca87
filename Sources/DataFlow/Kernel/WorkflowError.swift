/// A call or a workflow that was refused on the submit side.
public struct WorkflowError: Error, Sendable, CustomStringConvertible {
    /// Why it was refused.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String {
            case noWorkflow, appNotRegistered, appNameTaken, argumentNotEncodable, resultMismatch, shutDown
            case internalState, badConfiguration, errorTypeNotCodable
            case severalWorkflows, unknownExecutor, tooManyUnfinished, noSuchElement
        }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// An app was called outside a workflow.
        public static var noWorkflow: Self { Self(.noWorkflow) }
        /// The app was declared after the workflow had started.
        public static var appNotRegistered: Self { Self(.appNotRegistered) }
        /// Two apps have one name.
        public static var appNameTaken: Self { Self(.appNameTaken) }
        /// An argument cannot be encoded.
        public static var argumentNotEncodable: Self { Self(.argumentNotEncodable) }
        /// A result has another type than the app declares.
        public static var resultMismatch: Self { Self(.resultMismatch) }
        /// The kernel has ended.
        public static var shutDown: Self { Self(.shutDown) }
        /// A fault of Apus itself; please report it.
        public static var internalState: Self { Self(.internalState) }
        /// A configuration that cannot work.
        public static var badConfiguration: Self { Self(.badConfiguration) }

        /// An app was called where more than one workflow could be meant.
        public static var severalWorkflows: Self { Self(.severalWorkflows) }
        /// A label names no executor of the configuration.
        public static var unknownExecutor: Self { Self(.unknownExecutor) }
        /// An executor has as many unfinished calls as it may have; `submit` waits.
        public static var tooManyUnfinished: Self { Self(.tooManyUnfinished) }
        /// An element of a value was asked for that it does not have.
        public static var noSuchElement: Self { Self(.noSuchElement) }

        /// The name of the code.
        public var description: String { value.rawValue }
    }

    /// Why it was refused.
    public var code: Code
    /// What was tried, what is wrong, and what to do.
    public var message: String

    /// Describes a refusal.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}

/// An app was called from inside a task.
///
/// Tasks run in worker processes, which have no kernel to submit to. The same rule holds on threads, so that a script
/// that works there works on processes too.
public struct RoleError: Error, Sendable, CustomStringConvertible {
    /// The app that was called.
    public var app: String

    /// Describes the call.
    public init(app: String) { self.app = app }

    /// What to do instead.
    public var description: String {
        "app '\(app)' was called from inside a task; only the workflow body can submit work. "
            + "Return the values that the next call needs and make that call in the body"
    }
}
