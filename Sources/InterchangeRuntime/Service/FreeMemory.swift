import Glibc

/// Gives memory back to the system.
///
/// A burst of tasks passes through libzmq's own buffers, and glibc keeps the pages of its I/O thread after the tasks
/// were copied into the store: as much again as the tasks themselves.
struct FreeMemory {
    /// `malloc_trim`, looked up at run time: it is glibc's own and not in Swift's view of it.
    ///
    /// `nil` with another C library.
    private let trim: (@convention(c) (Int) -> Int32)?
    private var passed = 0

    /// Bytes of messages between two returns: less than this is not worth the walk over the heap.
    private static let worthwhile = 4 << 20

    init() {
        trim = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: (@convention(c) (Int) -> Int32).self) }
    }

    /// Counts bytes of messages that were copied and freed.
    mutating func note(_ bytes: Int) { passed += bytes }

    /// Whether a quiet moment should be used.
    var isDue: Bool { passed >= Self.worthwhile && trim != nil }

    /// Gives back what is free.
    ///
    /// Takes a millisecond or more: for quiet moments.
    mutating func giveBack() {
        passed = 0
        _ = trim?(0)
    }
}
