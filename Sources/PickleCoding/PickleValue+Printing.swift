extension PickleValue: CustomStringConvertible {
    /// The value as text for people.
    public var description: String { summary }
}
