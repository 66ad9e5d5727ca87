import WireProtocol

/// Why a manager cannot begin or go on.
package struct ManagerError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    package struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String { case interchangeUnreachable, filesUnusable, invalidConfiguration }
        private let value: Value
        private init(_ value: Value) { self.value = value }

        /// No address of the interchange answers.
        package static var interchangeUnreachable: Self { Self(.interchangeUnreachable) }
        /// Logs or keys cannot be used.
        package static var filesUnusable: Self { Self(.filesUnusable) }
        /// The configuration contradicts itself.
        package static var invalidConfiguration: Self { Self(.invalidConfiguration) }

        /// The name of the code.
        package var description: String { value.rawValue }
    }

    /// What kind of failure it is.
    package var code: Code
    /// What was tried, what came back, and what to do next.
    package var message: String

    /// Describes a failure.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The status with which a process ends for this reason: a configuration that cannot work is not tried again.
    package var exitCode: Int32 { code == .invalidConfiguration ? ManagerExitCode.gaveUp : ManagerExitCode.failed }

    /// Code and message.
    package var description: String { "\(code): \(message)" }
}
