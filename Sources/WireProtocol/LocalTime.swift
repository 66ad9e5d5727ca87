import Glibc

/// A moment as the clock on the wall shows it, in the form of Python's naive `datetime`.
struct LocalTime {
    /// Year (2 bytes), month, day, hour, minute, second, microsecond (3 bytes); big-endian.
    let pythonBytes: [UInt8]

    init(secondsSince1970 seconds: Double) {
        let bounded = seconds.isFinite ? min(max(seconds, 0), 253_402_300_799) : 0
        let whole = bounded.rounded(.down)
        var moment = time_t(whole)
        var fields = tm()
        localtime_r(&moment, &fields)
        let micros = min(999_999, Int(((bounded - whole) * 1_000_000).rounded()))
        let year = Int(fields.tm_year) + 1900
        pythonBytes = [
            UInt8(truncatingIfNeeded: year >> 8), UInt8(truncatingIfNeeded: year), UInt8(fields.tm_mon + 1),
            UInt8(fields.tm_mday), UInt8(fields.tm_hour), UInt8(fields.tm_min), UInt8(min(59, fields.tm_sec)),
            UInt8(micros >> 16), UInt8((micros >> 8) & 0xff), UInt8(micros & 0xff),
        ]
    }
}
