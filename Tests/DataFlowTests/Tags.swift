import Testing

extension Tag {
    /// Starts programs of this package, compilers, or what stands in for a scheduler.
    @Tag static var realProcess: Self
    /// Needs a scheduler, hosts or a network that a script of Tests/Support makes.
    @Tag static var cluster: Self
}
