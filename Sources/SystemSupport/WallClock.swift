import Glibc

/// The clock people read: for timestamps in records, never for deadlines.
package enum WallClock {
    /// Seconds since 1970 (`CLOCK_REALTIME`).
    package static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Local time to the millisecond, for lines of logs: `2026-11-21 13:20:05.123`.
    package static var stamp: String {
        let now = seconds
        var whole = time_t(now)
        var parts = tm()
        localtime_r(&whole, &parts)
        func digits(_ value: Int32, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let milliseconds = Int32((now - Double(whole)) * 1000)
        let date = "\(digits(parts.tm_year + 1900, 4))-\(digits(parts.tm_mon + 1, 2))-\(digits(parts.tm_mday, 2))"
        let time = "\(digits(parts.tm_hour, 2)):\(digits(parts.tm_min, 2)):\(digits(parts.tm_sec, 2))"
        return "\(date) \(time).\(digits(milliseconds, 3))"
    }
}
