import Testing

extension Tag {
    /// Starts programs of this package, compilers, or what stands in for a scheduler.
    @Tag static var realProcess: Self
}
