/// Why a relay cannot start.
package struct RelayError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was tried, what came back, what to do next.
    package let description: String

    init(_ description: String) { self.description = description }
}
