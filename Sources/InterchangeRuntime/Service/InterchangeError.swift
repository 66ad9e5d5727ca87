/// Why an interchange could not start or go on.
package struct InterchangeError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; more may come.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String { case logUnusable, socketUnusable, processUnusable }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// The log cannot be written.
        package static var logUnusable: Self { Self(.logUnusable) }
        /// A socket cannot be opened, bound or used, or a key cannot be read.
        package static var socketUnusable: Self { Self(.socketUnusable) }
        /// The operating system refused something else.
        package static var processUnusable: Self { Self(.processUnusable) }

        /// The code's name.
        package var description: String { value.rawValue }
    }

    /// The kind of failure.
    package var code: Code
    /// What was tried, what came back, what to do.
    package var message: String
    /// What caused it.
    package var cause: (any Error)?

    /// Describes a failure.
    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message.
    package var description: String { message }
}
