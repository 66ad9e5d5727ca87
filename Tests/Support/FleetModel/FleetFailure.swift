/// A rule that the interchange's state has broken.
package struct FleetFailure: Error, CustomStringConvertible {
    /// Which, with the numbers that show it.
    package let description: String

    init(_ description: String) { self.description = description }
}
