/// What a call asks of the place where it runs.
public struct ResourceSpecification: Sendable, Hashable {
    /// Lower numbers run first; `nil` runs after all that have one (Parsl's rule).
    public var priority: Int?

    /// Asks for nothing but, perhaps, a priority.
    public init(priority: Int? = nil) {
        self.priority = priority
    }
}
