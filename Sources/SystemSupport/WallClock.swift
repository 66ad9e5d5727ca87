import Glibc

/// The clock people read: for timestamps in records, never for deadlines.
package enum WallClock {
    /// Seconds since 1970 (`CLOCK_REALTIME`).
    package static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
