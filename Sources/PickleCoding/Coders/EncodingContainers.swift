/// The encoder that a value sees while it encodes itself.
struct EncoderView: Encoder, SingleValueEncodingContainer {
    let state: EncodingState
    let level: Int
    let serial: Int

    var codingPath: [any CodingKey] { state.path }
    var userInfo: [CodingUserInfoKey: Any] { state.options.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        state.begin(.keyed, at: level, serial: serial)
        if let (spare, place) = state.spares.take(KeyedEncodingContainer<Key>.self, for: type, KeyedPlace.self) {
            (place.level, place.serial) = (level, serial)
            return spare
        }
        let place = KeyedPlace(state, level, serial)
        let container = KeyedEncodingContainer(KeyedEncoder<Key>(place: place))
        state.spares.add(container, for: type, place)
        return container
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        state.begin(.unkeyed, at: level, serial: serial)
        return UnkeyedEncoder(state: state, level: level, serial: serial)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    // MARK: One value

    private func begin() { state.begin(.single, at: level, serial: serial) }

    func encodeNil() throws {
        begin()
        state.writer.none()
    }

    func encode<T: Encodable>(_ value: T) throws {
        begin()
        try state.encode(value)
    }
}

/// The dict that a keyed container fills; a container that nobody holds any more goes on with another one.
final class KeyedPlace {
    let state: EncodingState
    @safe @exclusivity(unchecked) var level: Int
    @safe @exclusivity(unchecked) var serial: Int

    init(_ state: EncodingState, _ level: Int, _ serial: Int) {
        self.state = state
        self.level = level
        self.serial = serial
    }
}

/// Writes the entries of a dict.
struct KeyedEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let place: KeyedPlace

    private var state: EncodingState { place.state }
    var codingPath: [any CodingKey] { state.path }

    @inline(__always)
    private func start(_ key: Key) throws { try state.key(key, place.level, place.serial) }

    func encodeNil(forKey key: Key) throws {
        try start(key)
        state.writer.none()
    }
    func encode(_ value: Bool, forKey key: Key) throws {
        try start(key)
        state.writer.bool(value)
    }
    func encode(_ value: String, forKey key: Key) throws {
        try start(key)
        state.writer.string(value)
    }
    func encode(_ value: Double, forKey key: Key) throws {
        try start(key)
        try state.write(value, under: key)
    }
    func encode(_ value: Float, forKey key: Key) throws {
        try start(key)
        try state.write(Double(value), under: key)
    }
    func encode(_ value: Int, forKey key: Key) throws {
        try start(key)
        state.writer.int(value)
    }
    func encode(_ value: Int8, forKey key: Key) throws { try encode(Int(value), forKey: key) }
    func encode(_ value: Int16, forKey key: Key) throws { try encode(Int(value), forKey: key) }
    func encode(_ value: Int32, forKey key: Key) throws { try encode(Int(value), forKey: key) }
    func encode(_ value: Int64, forKey key: Key) throws { try encode(Int(value), forKey: key) }
    func encode(_ value: UInt8, forKey key: Key) throws { try encode(Int(value), forKey: key) }
    func encode(_ value: UInt16, forKey key: Key) throws { try encode(Int(value), forKey: key) }
    func encode(_ value: UInt32, forKey key: Key) throws { try encode(Int(value), forKey: key) }
    func encode(_ value: UInt64, forKey key: Key) throws {
        try start(key)
        state.writer.uint(value)
    }
    func encode(_ value: UInt, forKey key: Key) throws { try encode(UInt64(value), forKey: key) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        try start(key)
        try state.encode(value, under: key)
    }

    // An optional without a value is None, not a missing key, unless the options say otherwise.
    private func encodeOptional<T: Encodable>(_ value: T?, forKey key: Key) throws {
        if let value { return try encode(value, forKey: key) }
        if state.options.writesNil { try encodeNil(forKey: key) }
    }
    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }
    func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws { try encodeOptional(value, forKey: key) }

    // MARK: Nested

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nested(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { nested(key).unkeyedContainer() }

    func superEncoder() -> any Encoder { nested(PickleKey.parent) }

    func superEncoder(forKey key: Key) -> any Encoder { nested(key) }

    private func nested(_ key: some CodingKey) -> EncoderView {
        state.nested(key, place.level, place.serial, keyed: true)
    }
}

/// Writes the items of a list.
struct UnkeyedEncoder: UnkeyedEncodingContainer {
    let state: EncodingState
    let level: Int
    let serial: Int

    var codingPath: [any CodingKey] { state.path }
    var count: Int { level == state.depth - 1 ? state.current.count : 0 }

    func encodeNil() throws {
        try state.beginEntry(level, serial)
        state.writer.none()
    }

    func encode(_ value: Int) throws {
        try state.beginEntry(level, serial)
        state.writer.int(value)
    }

    func encode(_ value: Double) throws {
        try state.beginEntry(level, serial)
        try state.write(value, under: PickleKey(count - 1))
    }

    func encode(_ value: String) throws {
        try state.beginEntry(level, serial)
        state.writer.string(value)
    }

    func encode<T: Encodable>(_ value: T) throws {
        try state.beginEntry(level, serial)
        try state.encode(value, under: PickleKey(count - 1))
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        nested().container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }

    func superEncoder() -> any Encoder { nested() }

    private func nested() -> EncoderView { state.nested(PickleKey(count), level, serial, keyed: false) }
}

extension EncodingState {
    /// An encoder for a container that is filled while its parent goes on.
    func nested(_ key: some CodingKey, _ level: Int, _ serial: Int, keyed: Bool) -> EncoderView {
        do {
            if keyed { try self.key(key, level, serial) } else { try beginEntry(level, serial) }
        } catch {
            preconditionFailure("\(error)")
        }
        let state = fragment(level, under: key)
        let inner = state.open()
        return EncoderView(state: state, level: inner, serial: state.current.serial)
    }

    /// Writes a float, as the options want NaN and the infinities.
    @inline(__always)
    func write(_ value: Double, under key: some CodingKey) throws {
        if case .refuse = options.floats, !value.isFinite { throw notFinite(value, path + [key]) }
        writer.double(value)
    }

    func notFinite(_ value: Double, _ path: [any CodingKey]) -> any Error {
        EncodingError.invalidValue(
            value,
            .init(codingPath: path, debugDescription: "\(value) is not allowed\(CodingPath.place(path)); set `floats`"))
    }
}

/// Names in other cases.
enum KeyCase {
    /// `someHTTPName` becomes `some_http_name`.
    static func snake(_ key: String) -> String {
        var result = ""
        let characters = Array(key)
        for (index, character) in characters.enumerated() {
            if character.isUppercase {
                let before = index > 0 && !characters[index - 1].isUppercase && characters[index - 1] != "_"
                let after = index > 0 && index + 1 < characters.count && characters[index + 1].isLowercase
                if before || after, result.last != "_" { result += "_" }
                result += character.lowercased()
            } else {
                result.append(character)
            }
        }
        return result
    }

    /// `some_name` becomes `someName`.
    static func camel(_ key: String) -> String {
        let leading = key.prefix { $0 == "_" }
        let trailing = key.dropFirst(leading.count).reversed().prefix { $0 == "_" }
        let middle = key.dropFirst(leading.count).dropLast(trailing.count)
        let words = middle.split(separator: "_")
        guard let first = words.first else { return key }
        let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }
        return leading + first + rest.joined() + String(trailing)
    }
}
