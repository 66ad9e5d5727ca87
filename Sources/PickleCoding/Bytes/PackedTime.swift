/// Dates and times as Python packs them into bytes.
struct PackedTime: Sendable, Hashable {
    var year = 1
    var month = 1
    var day = 1
    var hour = 0
    var minute = 0
    var second = 0
    var microsecond = 0
    var fold = false

    /// Ten bytes: year, month (with the fold in its highest bit), day, hour, minute, second, three of microseconds.
    static func dateTime(_ bytes: [UInt8]) -> PackedTime? {
        guard bytes.count == 10 else { return nil }
        var time = PackedTime()
        time.fold = bytes[2] & 0x80 != 0
        guard time.setDate(bytes[0], bytes[1], bytes[2] & 0x7F, bytes[3]), time.setTime(bytes[4...]) else { return nil }
        return time
    }

    /// Four bytes: year, month, day.
    static func date(_ bytes: [UInt8]) -> PackedTime? {
        guard bytes.count == 4 else { return nil }
        var time = PackedTime()
        return time.setDate(bytes[0], bytes[1], bytes[2], bytes[3]) ? time : nil
    }

    /// Six bytes: hour (with the fold in its highest bit), minute, second, three of microseconds.
    static func time(_ bytes: [UInt8]) -> PackedTime? {
        guard bytes.count == 6 else { return nil }
        var time = PackedTime()
        time.fold = bytes[0] & 0x80 != 0
        return time.setTime([bytes[0] & 0x7F] + bytes[1...]) ? time : nil
    }

    private mutating func setDate(_ high: UInt8, _ low: UInt8, _ month: UInt8, _ day: UInt8) -> Bool {
        year = Int(high) << 8 | Int(low)
        self.month = Int(month)
        self.day = Int(day)
        guard (1...9_999).contains(year), (1...12).contains(self.month), self.day >= 1 else { return false }
        return self.day <= Self.days(year, self.month)
    }

    private mutating func setTime(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        let parts = bytes.map { Int($0) }
        (hour, minute, second) = (parts[0], parts[1], parts[2])
        microsecond = parts[3] << 16 | parts[4] << 8 | parts[5]
        return hour < 24 && minute < 60 && second < 60 && microsecond < 1_000_000
    }

    private static func days(_ year: Int, _ month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1 January 1970, by the proleptic Gregorian calendar.
    var daysSince1970: Int {
        // Years begin in March, so that the leap day is the last one.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Seconds since 1970 if this is UTC.
    var secondsSince1970: Double {
        Double(daysSince1970 * 86_400 + hour * 3_600 + minute * 60 + second) + Double(microsecond) / 1_000_000
    }

    var dateText: String { Self.padded(year, 4) + "-" + Self.padded(month, 2) + "-" + Self.padded(day, 2) }

    var timeText: String {
        let text = [hour, minute, second].map { Self.padded($0, 2) }.joined(separator: ":")
        return text + "." + Self.padded(microsecond, 6)
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

/// A duration as Python has it: days, seconds and microseconds, the latter two not negative.
struct TimeDelta: Sendable {
    let days: Int
    let seconds: Int
    let microseconds: Int

    /// Normalises; nil beyond what Python holds, 999,999,999 days.
    init?(days: Int, seconds: Int, microseconds: Int) {
        let carry = Self.floor(microseconds, 1_000_000)
        let (total, overflow) = seconds.addingReportingOverflow(carry)
        guard !overflow else { return nil }
        let more = Self.floor(total, 86_400)
        let (sum, dayOverflow) = days.addingReportingOverflow(more)
        guard !dayOverflow, abs(sum.clamped(to: 2_000_000_000)) <= 999_999_999 else { return nil }
        self.days = sum
        self.seconds = total - more * 86_400
        self.microseconds = microseconds - carry * 1_000_000
    }

    private static func floor(_ value: Int, _ divisor: Int) -> Int {
        value >= 0 ? value / divisor : -((-(value + 1)) / divisor) - 1
    }

    /// Whether the duration is shorter than a day in either direction.
    var isLessThanDay: Bool { days == 0 || (days == -1 && (seconds > 0 || microseconds > 0)) }

    /// The duration in seconds.
    var inSeconds: Double { Double(days * 86_400 + seconds) + Double(microseconds) / 1_000_000 }
}

extension Int {
    fileprivate func clamped(to bound: Int) -> Int { Swift.min(Swift.max(self, -bound), bound) }
}
