import Testing

extension Tag {
    /// Needs a scheduler, hosts or a network that a script of Tests/Support makes.
    @Tag static var cluster: Self
}
