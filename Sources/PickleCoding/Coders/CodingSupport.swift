/// Types that the coders treat without asking them, found by one look into a table.
enum DirectType: UInt8 {
    case other, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float, double, string
    case bools, ints, int8s, int16s, int32s, int64s, uints, uint8s, uint16s, uint32s, uint64s, floats, doubles, strings
    case stringToString, stringToInt, stringToDouble
    case value
    case data, date, url, uuid, decimal
}

/// The table from types to how they are treated.
final class DirectTypes: Sendable {
    static let shared = DirectTypes()

    private let keys: ContiguousArray<UInt>
    private let codes: ContiguousArray<DirectType>
    private static let slots = 256

    private init() {
        let plain: [(any Any.Type, DirectType)] = [
            (Bool.self, .bool), (Int.self, .int), (Int8.self, .int8), (Int16.self, .int16), (Int32.self, .int32),
            (Int64.self, .int64), (UInt.self, .uint), (UInt8.self, .uint8), (UInt16.self, .uint16),
            (UInt32.self, .uint32), (UInt64.self, .uint64), (Float.self, .float), (Double.self, .double),
            (String.self, .string), ([Bool].self, .bools), ([Int].self, .ints), ([Int8].self, .int8s),
            ([Int16].self, .int16s), ([Int32].self, .int32s), ([Int64].self, .int64s), ([UInt].self, .uints),
            ([UInt8].self, .uint8s), ([UInt16].self, .uint16s), ([UInt32].self, .uint32s), ([UInt64].self, .uint64s),
            ([Float].self, .floats), ([Double].self, .doubles), ([String].self, .strings), (PickleValue.self, .value),
            ([String: String].self, .stringToString), ([String: Int].self, .stringToInt),
            ([String: Double].self, .stringToDouble),
        ]
        var keys = ContiguousArray<UInt>(repeating: 0, count: Self.slots)
        var codes = ContiguousArray<DirectType>(repeating: .other, count: Self.slots)
        for (type, code) in plain + FoundationBridge.types {
            let key = UInt(bitPattern: ObjectIdentifier(type))
            var slot = Self.slot(key)
            while keys[slot] != 0 { slot = (slot + 1) % Self.slots }
            (keys[slot], codes[slot]) = (key, code)
        }
        self.keys = keys
        self.codes = codes
    }

    @inline(__always)
    private static func slot(_ key: UInt) -> Int {
        Int(truncatingIfNeeded: ((key >> 3) &* 0x9E37_79B9_7F4A_7C15) >> 56)
    }

    @inline(__always)
    func code<T>(of type: T.Type) -> DirectType {
        let key = UInt(bitPattern: ObjectIdentifier(type))
        var slot = Self.slot(key)
        while true {
            if keys[slot] == key { return codes[slot] }
            if keys[slot] == 0 { return .other }
            slot = (slot + 1) % Self.slots
        }
    }
}

/// A key made from a name or a position; the text of a position is made only when somebody reads it.
enum PickleKey: CodingKey {
    case name(String)
    case position(Int)

    init(_ position: Int) { self = .position(position) }
    init(stringValue: String) { self = .name(stringValue) }
    init(intValue: Int) { self = .position(intValue) }

    var stringValue: String {
        switch self {
        case .name(let name): name
        case .position(let position): "\(position)"
        }
    }

    var intValue: Int? {
        switch self {
        case .name: nil
        case .position(let position): position
        }
    }

    /// The key under which a superclass is coded.
    static let parent = PickleKey.name("super")
}

/// Coding paths as people write them: `config.layers[2].rate`.
enum CodingPath {
    static func text(_ path: some Sequence<any CodingKey>) -> String {
        var text = ""
        for key in path {
            if let position = key.intValue {
                text += "[\(position)]"
            } else {
                text += text.isEmpty ? key.stringValue : "." + key.stringValue
            }
        }
        return text
    }

    /// ` at config.rate`, or nothing for the root.
    static func place(_ path: some Sequence<any CodingKey>) -> String {
        let text = text(path)
        return text.isEmpty ? "" : " at " + text
    }
}

/// How a type is treated that is not in the table of direct types.
enum TypePlan {
    case plain, object, list, map, set, records
}

// The number types of Python's array module.
extension Int8: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "b" }
}
extension UInt8: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "B" }
}
extension Int16: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "h" }
}
extension UInt16: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "H" }
}
extension Int32: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "i" }
}
extension UInt32: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "I" }
}
extension Int64: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "q" }
}
extension Int: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "q" }
}
extension UInt64: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "Q" }
}
extension UInt: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "Q" }
}
extension Float: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "f" }
}
extension Double: PackedElement {
    /// The code of Python's array module.
    public static var typeCode: String { "d" }
}
