import Testing

extension Tag {
    /// Runs a Python program.
    @Tag static var python: Self
}
