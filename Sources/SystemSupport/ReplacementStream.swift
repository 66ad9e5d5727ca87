internal import CLinux

/// Streams of the C library whose bytes go to a function.
package enum ReplacementStream {
    /// A stream for what would have gone to a descriptor.
    ///
    /// It is a `FILE`, which this module knows as another type than its users. The function is given the number as its
    /// first argument, and returns how many bytes it took.
    package static func open(
        for descriptor: Int32,
        _ write: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, UInt) -> Int
    ) -> UnsafeMutableRawPointer? {
        clinux_open_output(descriptor, write)
    }
}
