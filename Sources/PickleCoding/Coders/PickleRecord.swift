/// A type whose fields travel in a fixed order, without the machinery of `Codable` between.
///
/// In the pickle such a value is the same dict that `Codable` makes; the order is only what makes it fast. A pickle with
/// its keys in another order, or made by Python from a dataclass, is still read, by a slower way.
///
/// ```swift
/// struct Sample: PickleRecord {
///     var id: Int
///     var name: String
///
///     static let pickleKeys: [StaticString] = ["id", "name"]
///     func write(to fields: inout PickleFieldWriter) throws {
///         fields.write(id)
///         fields.write(name)
///     }
///     init(from fields: inout PickleFieldReader) throws {
///         id = try fields.int()
///         name = try fields.string()
///     }
/// }
/// ```
public protocol PickleRecord: Codable {
    /// The keys of the fields, in the order in which they are written and read; at most 64.
    static var pickleKeys: [StaticString] { get }
    /// Writes every field once, in the order of the keys.
    func write(to fields: inout PickleFieldWriter) throws
    /// Reads every field once, in the order of the keys.
    init(from fields: inout PickleFieldReader) throws
}

/// Writes the fields of records.
public struct PickleFieldWriter: ~Copyable {
    var writer: PickleWriter
    private let state: EncodingState
    private let keys: [StaticString]
    private var position = 0
    /// The memo index of the first key, once the keys have been written.
    private var firstKey = -1

    init(_ state: EncodingState, keys: [StaticString]) {
        self.state = state
        self.keys = keys
        writer = PickleWriter(reservingCapacity: 0)
        swap(&writer, &state.writer)
    }

    /// Gives the stream back.
    consuming func finish() {
        swap(&writer, &state.writer)
    }

    mutating func record<Record: PickleRecord>(_ value: Record) throws {
        writer.emptyDict()
        writer.mark()
        position = 0
        let places = writer.memoCount
        try value.write(to: &self)
        precondition(position == keys.count, "a record wrote \(position) fields, but has \(keys.count) keys")
        writer.setItems()
        // Inside a record only its keys may have taken places; a nested value that did makes the rest spell keys out.
        if firstKey < 0, writer.memoCount == places + keys.count { firstKey = places }
    }

    /// Writes the next key: spelt out and memoized the first time, then fetched.
    @inline(__always)
    private mutating func key() {
        precondition(position < keys.count, "a record wrote more fields than it has keys")
        let place = firstKey &+ position
        if firstKey >= 0, place < 256 {
            writer.storage.reserve(2)
            writer.storage.put(PickleOpcode.binGet.rawValue)
            writer.storage.put(UInt8(truncatingIfNeeded: place))
        } else {
            writer.string(keys[position])
            if firstKey < 0 {
                writer.opcode(.memoize)
                writer.memoCount += 1
            }
        }
        position &+= 1
    }

    /// Writes an int field.
    @inline(__always)
    public mutating func write(_ value: Int) {
        key()
        writer.int(value)
    }

    /// Writes a float field.
    @inline(__always)
    public mutating func write(_ value: Double) {
        key()
        writer.double(value)
    }

    /// Writes a bool field.
    @inline(__always)
    public mutating func write(_ value: Bool) {
        key()
        writer.bool(value)
    }

    /// Writes a str field.
    @inline(__always)
    public mutating func write(_ value: String) {
        key()
        writer.string(value)
    }

    /// Writes a bytes field.
    public mutating func write(_ value: [UInt8]) {
        key()
        writer.bytes(value)
    }

    /// Writes a field of any other type through `Codable`.
    public mutating func write<T: Encodable>(_ value: T) throws {
        key()
        swap(&writer, &state.writer)
        defer { swap(&writer, &state.writer) }
        try state.encode(value, under: PickleKey(stringValue: keys[position - 1].description))
    }
}

/// Reads the fields of records.
public struct PickleFieldReader: ~Copyable {
    /// Where the fields come from: the bytes themselves, or a dict of a document.
    private var direct: DirectReader
    private let isDirect: Bool
    private let state: DecodingState?
    private var value: PickleValue?
    private let keys: [StaticString]
    private var position = 0
    /// The places of the keys, as they were last seen.
    private var places: ContiguousArray<UInt64>

    init(_ direct: consuming DirectReader, keys: [StaticString]) {
        self.direct = direct
        self.keys = keys
        isDirect = true
        state = nil
        places = ContiguousArray(repeating: 0, count: keys.count)
    }

    init(_ state: DecodingState, keys: [StaticString]) {
        direct = DirectReader(.empty)
        self.keys = keys
        isDirect = false
        self.state = state
        places = []
    }

    consuming func finish() -> DirectReader { direct }

    /// Reads one record whose EMPTY_DICT was just taken.
    @inline(__always)
    mutating func record<Record: PickleRecord>(_ type: Record.Type) throws -> Record {
        guard direct.memoize(), direct.next() == PickleOpcode.mark.rawValue else { throw DirectReader.Unusual() }
        position = 0
        let record = try Record(from: &self)
        guard position == keys.count, direct.next() == PickleOpcode.setItems.rawValue else {
            throw DirectReader.Unusual()
        }
        return record
    }

    mutating func list<Record: PickleRecord>(of type: Record.Type) -> [Record]? {
        var result: [Record] = []
        guard direct.next() == PickleOpcode.emptyList.rawValue, direct.memoize() else { return nil }
        do {
            while let opcode = direct.next() {
                switch opcode {
                case PickleOpcode.mark.rawValue:
                    while let opcode = direct.next(), opcode != PickleOpcode.appends.rawValue {
                        guard opcode == PickleOpcode.emptyDict.rawValue else { return nil }
                        result.append(try record(type))
                    }
                case PickleOpcode.stop.rawValue:
                    direct.putBack()
                    return result
                case PickleOpcode.emptyDict.rawValue:
                    result.append(try record(type))
                    guard direct.next() == PickleOpcode.append.rawValue else { return nil }
                default: return nil
                }
            }
        } catch {
            return nil
        }
        return nil
    }

    /// Reads one record from a value of a document.
    mutating func record<Record: PickleRecord>(_ type: Record.Type, from value: PickleValue) throws -> Record {
        var value = value
        if value.kind == .newObject || value.kind == .reduce, let attributes = PythonTypes.attributes(value) {
            value = attributes
        }
        guard value.pairRange != nil, state != nil else {
            throw state?.mismatch(type, value.index, "a dict") ?? DirectReader.Unusual()
        }
        self.value = value
        position = 0
        return try Record(from: &self)
    }

    /// Takes the key that comes next in the bytes and checks that it is the one expected.
    @inline(__always)
    private mutating func expectKey() throws {
        precondition(position < keys.count, "a record read more fields than it has keys")
        guard let place = direct.textPlace() else { throw DirectReader.Unusual() }
        if places[position] != place {
            let key = keys[position]
            let isExpected =
                unsafe direct.text(at: place)
                == ByteView(UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
            guard isExpected else { throw DirectReader.Unusual() }
            places[position] = place
        }
        position &+= 1
    }

    /// Finds the next field in the document.
    private mutating func find() throws -> (UInt32, DecodingState) {
        precondition(position < keys.count, "a record read more fields than it has keys")
        let key = keys[position]
        position += 1
        guard let state, let value else { throw DirectReader.Unusual() }
        let found = unsafe value.findText(
            ByteView(UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)),
            startingAt: position - 1)
        guard let found else {
            let text = "no key '\(key)'\(CodingPath.place(state.path))"
            throw DecodingError.keyNotFound(
                PickleKey(stringValue: key.description), .init(codingPath: state.path, debugDescription: text))
        }
        return (found.value, state)
    }

    private mutating func fromDocument<R>(_ read: (DecodingState, UInt32) throws -> R) throws -> R {
        let (index, state) = try find()
        let count = state.path.count
        state.path.append(PickleKey(stringValue: keys[position - 1].description))
        defer { state.path.removeLast(state.path.count - count) }
        return try read(state, index)
    }

    /// Reads an int field.
    @inline(__always)
    public mutating func int() throws -> Int {
        guard isDirect else { return try fromDocument { try $0.integer(Int.self, $1) } }
        try expectKey()
        guard let value = direct.int() else { throw DirectReader.Unusual() }
        return value
    }

    /// Reads a float field.
    @inline(__always)
    public mutating func double() throws -> Double {
        guard isDirect else { return try fromDocument { try $0.double($1) } }
        try expectKey()
        guard let value = direct.double() else { throw DirectReader.Unusual() }
        return value
    }

    /// Reads a bool field.
    @inline(__always)
    public mutating func bool() throws -> Bool {
        guard isDirect else { return try fromDocument { try $0.bool($1) } }
        try expectKey()
        guard let value = direct.bool() else { throw DirectReader.Unusual() }
        return value
    }

    /// Reads a str field.
    @inline(__always)
    public mutating func string() throws -> String {
        guard isDirect else { return try fromDocument { try $0.text($1) } }
        try expectKey()
        guard let value = direct.string() else { throw DirectReader.Unusual() }
        return value
    }

    /// Reads a bytes field.
    public mutating func bytes() throws -> [UInt8] {
        guard isDirect else { return try fromDocument { try $0.decode([UInt8].self, $1) } }
        try expectKey()
        guard let value = direct.blob() else { throw DirectReader.Unusual() }
        return value
    }

    /// Reads a field of any other type through `Codable`.
    public mutating func value<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        // Nested values are read from a document.
        guard isDirect else { return try fromDocument { try $0.decode(type, $1) } }
        throw DirectReader.Unusual()
    }
}
