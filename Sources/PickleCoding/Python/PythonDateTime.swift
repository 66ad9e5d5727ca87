/// A date, a time of day or both, as Python has them: numbers of a calendar and a clock, which are an instant only if the
/// offset from UTC is known.
public struct PythonDateTime: Sendable, Hashable, CustomStringConvertible {
    /// Year, month and day; nil for a time of day.
    public var date: (year: Int, month: Int, day: Int)? {
        kind == .time ? nil : (packed.year, packed.month, packed.day)
    }
    /// Hour, minute, second and microsecond; nil for a date.
    public var time: (hour: Int, minute: Int, second: Int, microsecond: Int)? {
        kind == .date ? nil : (packed.hour, packed.minute, packed.second, packed.microsecond)
    }
    /// Whether the clock shows this for the second time, after it was put back.
    public var isFold: Bool { packed.fold }
    /// What is ahead of UTC; nil without a zone, and with one whose offset is not in the pickle.
    public let offset: Duration?
    /// The name given to a fixed offset, or the key of a `zoneinfo.ZoneInfo`.
    public let zoneName: String?
    /// Whether a zone is given, known or not.
    public let hasZone: Bool

    private let packed: PackedTime
    private let kind: PickleValue.Kind

    /// Reads a `datetime.datetime`, `date` or `time`; nil if the value is none.
    public init?(_ value: PickleValue) {
        let bytes = PythonTypes.packedBytes(value)
        let packed: PackedTime? =
            switch value.kind {
            case .dateTime: PackedTime.dateTime(bytes)
            case .date: PackedTime.date(bytes)
            case .time: PackedTime.time(bytes)
            default: nil
            }
        guard let packed else { return nil }
        self.packed = packed
        kind = value.kind
        let zone = value.arguments?.dropFirst().first
        hasZone = zone.map { !$0.isNone } ?? false
        offset = zone?.kind == .timeZone ? zone?.arguments?.first?.duration : nil
        let named = zone?.kind == .timeZone ? zone?.arguments?.dropFirst().first : zone?.arguments?.first
        zoneName = named?.stringValue
    }

    /// Seconds since 1970, without a rounding of the microseconds; nil without a known offset.
    public var sinceEpoch: Duration? {
        guard kind == .dateTime, let offset else { return nil }
        let seconds = packed.daysSince1970 * 86_400 + packed.hour * 3_600 + packed.minute * 60 + packed.second
        return .seconds(seconds) + .microseconds(packed.microsecond) - offset
    }

    /// As Python's `isoformat`, with microseconds, and without the offset.
    public var description: String {
        switch kind {
        case .date: packed.dateText
        case .time: packed.timeText
        default: packed.dateText + "T" + packed.timeText
        }
    }
}
