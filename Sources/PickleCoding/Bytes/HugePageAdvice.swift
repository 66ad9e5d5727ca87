#if canImport(Glibc)
    import Glibc
#endif

/// Asks for huge pages under large blocks of fresh memory.
///
/// A block of 100 MB lies in 24,000 pages of four kilobytes, and touching each for the first time takes longer than copying
/// the bytes; huge pages halve the time of the whole. It is advice: where the system has none, nothing changes.
enum HugePageAdvice {
    /// Blocks from this size on; below, the allocator has the memory at hand already.
    static let threshold = 4 << 20

    /// Gives the advice for a block that has just been allocated and was not written yet.
    @inline(__always)
    static func give(_ start: UnsafeMutableRawPointer, _ size: Int) {
        if size >= threshold { unsafe advise(start, size) }
    }

    @inline(never)
    private static func advise(_ start: UnsafeMutableRawPointer, _ size: Int) {
        #if canImport(Glibc)
            let page = 4_096
            // Whole pages around the block; what else lies on its first and last page is not harmed by advice.
            let first = UInt(bitPattern: start) & ~UInt(page - 1)
            let last = (UInt(bitPattern: start) + UInt(size) + UInt(page - 1)) & ~UInt(page - 1)
            unsafe _ = madvise(UnsafeMutableRawPointer(bitPattern: first), Int(last - first), MADV_HUGEPAGE)
        #endif
    }
}
