package import Testing

extension Tag {
    /// Starts programs of this package, compilers, or what stands in for a scheduler.
    @Tag package static var realProcess: Self
    /// Runs a Python program.
    @Tag package static var python: Self
    /// Needs a scheduler, hosts or a network that a script of Tests/Support makes.
    @Tag package static var cluster: Self
}
