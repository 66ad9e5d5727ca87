/// Types of Python's library that are recognised when they are called.
enum KnownType: UInt16, Sendable, CaseIterable {
    case complex = 1
    case range, slice, orderedDict, defaultDict, counter, deque, dateTime, date, time, timeDelta, timeZone, decimal
    case fraction, path

    init?(_ node: PickleNode) {
        guard node.tag == .known else { return nil }
        self.init(rawValue: node.small)
    }

    /// Whether it takes pairs.
    var isMapping: Bool { self == .orderedDict || self == .defaultDict || self == .counter }

    /// Whether it is a container, which has an identity and takes a state.
    var isCollection: Bool { isMapping || self == .deque }

    /// Whether it can be a key.
    var isHashable: Bool { !isCollection && self != .slice }

    /// The name in Python.
    var pythonName: String {
        switch self {
        case .complex: "complex"
        case .range: "range"
        case .slice: "slice"
        case .orderedDict: "OrderedDict"
        case .defaultDict: "defaultdict"
        case .counter: "Counter"
        case .deque: "deque"
        case .dateTime: "datetime"
        case .date: "date"
        case .time: "time"
        case .timeDelta: "timedelta"
        case .timeZone: "timezone"
        case .decimal: "Decimal"
        case .fraction: "Fraction"
        case .path: "Path"
        }
    }
}
