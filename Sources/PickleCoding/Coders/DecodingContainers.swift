/// The decoder that a type sees while it decodes itself.
struct DecoderView: Decoder, SingleValueDecodingContainer {
    let state: DecodingState
    let index: UInt32

    var codingPath: [any CodingKey] { state.path }
    var userInfo: [CodingUserInfoKey: Any] { state.options.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        if let (spare, place) = state.spares.take(KeyedDecodingContainer<Key>.self, for: type, DecodingPlace.self) {
            try place.move(to: index)
            return spare
        }
        let place = try DecodingPlace(state, index)
        let container = KeyedDecodingContainer(KeyedDecoder<Key>(place: place))
        state.spares.add(container, for: type, place)
        return container
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try UnkeyedDecoder(state, index) }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { state.node(index).tag == .none }
    func decode(_ type: Bool.Type) throws -> Bool { try state.bool(index) }
    func decode(_ type: String.Type) throws -> String { try state.text(index) }
    func decode(_ type: Double.Type) throws -> Double { try state.double(index) }
    func decode(_ type: Float.Type) throws -> Float { Float(try state.double(index)) }
    func decode(_ type: Int.Type) throws -> Int { try state.integer(type, index) }
    func decode(_ type: Int8.Type) throws -> Int8 { try state.integer(type, index) }
    func decode(_ type: Int16.Type) throws -> Int16 { try state.integer(type, index) }
    func decode(_ type: Int32.Type) throws -> Int32 { try state.integer(type, index) }
    func decode(_ type: Int64.Type) throws -> Int64 { try state.integer(type, index) }
    func decode(_ type: UInt.Type) throws -> UInt { try state.integer(type, index) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try state.integer(type, index) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try state.integer(type, index) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try state.integer(type, index) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try state.integer(type, index) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try state.decode(type, index) }
}

/// The dict that a keyed container reads; a container that nobody holds any more goes on with another one.
final class DecodingPlace {
    let state: DecodingState
    @safe @exclusivity(unchecked) private(set) var value: PickleValue
    /// The keys as the strategy changes them, unless it leaves them alone.
    @safe @exclusivity(unchecked) private(set) var renamed: [String: UInt32]?
    /// The place where the next key is expected.
    @safe @exclusivity(unchecked) var hint = 0

    init(_ state: DecodingState, _ index: UInt32) throws {
        self.state = state
        value = PickleValue(state.storage, index)
        try move(to: index)
    }

    /// Turns to another dict, or the attributes of an instance.
    func move(to index: UInt32) throws {
        var value = PickleValue(state.storage, index)
        let fields = state.fields(value)
        // An instance of a Python class shows its attributes.
        if value.kind == .newObject || value.kind == .reduce, let attributes = PythonTypes.attributes(value) {
            value = attributes
        }
        guard fields != nil || value.pairRange != nil else {
            throw state.mismatch([String: Any].self, index, "a dict")
        }
        self.value = value
        hint = 0
        if let fields {
            renamed = Dictionary(
                fields.map { (Self.renamed($0, state), $1) }, uniquingKeysWith: { _, last in last })
        } else if case .asIs = state.options.keys {
            renamed = nil
        } else {
            var names: [String: UInt32] = [:]
            for (key, item) in value.pairs ?? [] {
                if let text = key.stringValue { names[Self.renamed(text, state)] = item.index }
            }
            renamed = names
        }
    }

    private static func renamed(_ key: String, _ state: DecodingState) -> String {
        switch state.options.keys {
        case .asIs: key
        case .camelCase: KeyCase.camel(key)
        case .custom(let change): change(state.path, key)
        }
    }
}

/// Reads the entries of a dict, or the attributes of an instance.
struct KeyedDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let place: DecodingPlace

    private var state: DecodingState { place.state }
    private var value: PickleValue { place.value }

    var codingPath: [any CodingKey] { state.path }

    var allKeys: [Key] {
        if let renamed = place.renamed { return renamed.keys.compactMap { Key(stringValue: $0) } }
        return (value.pairs ?? []).compactMap { key, _ in
            if let text = key.stringValue { return Key(stringValue: text) }
            return key.intValue.flatMap { Key(intValue: $0) }
        }
    }

    @inline(__always)
    private func find(_ key: Key) -> UInt32? {
        if let renamed = place.renamed { return renamed[key.stringValue] }
        var text = key.stringValue
        let found = text.withUTF8 { bytes in
            value.findText(unsafe ByteView(UnsafeRawBufferPointer(bytes)), startingAt: place.hint)
        }
        if let found {
            place.hint = found.place + 1
            return found.value
        }
        return key.intValue.flatMap { findInteger($0) }
    }

    /// Keys of a dictionary by numbers may be ints.
    private func findInteger(_ number: Int) -> UInt32? {
        for (key, item) in value.pairs ?? [] where key.intValue == number { return item.index }
        return nil
    }

    @inline(__always)
    private func require(_ key: Key) throws -> UInt32 {
        if let index = find(key) { return index }
        throw missing(key)
    }

    @inline(never)
    private func missing(_ key: Key) -> any Error {
        let names =
            place.renamed.map { $0.keys.sorted().prefix(12).map { $0 } }
            ?? (value.pairs ?? []).prefix(12).map { $0.key.stringValue ?? $0.key.summary }
        let text =
            "no key '\(key.stringValue)'\(CodingPath.place(state.path)); the dict has \(names.joined(separator: ", "))"
        return DecodingError.keyNotFound(key, .init(codingPath: state.path, debugDescription: text))
    }

    /// Runs a closure with the key on the path, so that its errors name it.
    @inline(__always)
    private func under<R>(_ key: Key, _ body: (UInt32) throws -> R) throws -> R {
        try under(key, try require(key), body)
    }

    private func under<R>(_ key: Key, _ index: UInt32, _ body: (UInt32) throws -> R) throws -> R {
        let count = state.path.count
        state.path.append(key)
        defer { state.path.removeLast(state.path.count - count) }
        return try body(index)
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { state.node(try require(key)).tag == .none }
    // The common case first; the key goes on the path only when something is wrong.
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        let index = try require(key)
        let node = state.node(index)
        return node.tag == .bool ? node.payload != 0 : try under(key, index) { try state.bool($0) }
    }
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        let index = try require(key)
        let node = state.node(index)
        guard node.tag == .string, !node.flags.contains(.surrogates) else {
            return try under(key, index) { try state.text($0) }
        }
        return state.string(index, node)
    }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        let index = try require(key)
        let node = state.node(index)
        return node.tag == .float ? node.float : try under(key, index) { try state.double($0) }
    }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { Float(try under(key) { try state.double($0) }) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
        let index = try require(key)
        let node = state.node(index)
        return node.tag == .int ? node.int : try under(key, index) { try state.integer(type, $0) }
    }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try under(key) { try state.integer(type, $0) } }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try under(key) { try state.integer(type, $0) } }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try under(key) { try state.integer(type, $0) } }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try under(key) { try state.integer(type, $0) } }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try under(key) { try state.integer(type, $0) } }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try under(key) { try state.integer(type, $0) } }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
        try under(key) { try state.integer(type, $0) }
    }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
        try under(key) { try state.integer(type, $0) }
    }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
        try under(key) { try state.integer(type, $0) }
    }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try state.decode(type, try require(key), under: key)
    }

    // MARK: Nested

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try nested(key, try require(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try nested(key, try require(key)).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        guard let parent = value["super"] else {
            let text = "no key 'super'\(CodingPath.place(state.path))"
            throw DecodingError.keyNotFound(
                PickleKey.parent, .init(codingPath: state.path, debugDescription: text))
        }
        return nested(PickleKey.parent, parent.index)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { nested(key, try require(key)) }

    private func nested(_ key: some CodingKey, _ index: UInt32) -> DecoderView {
        // A state of its own, since it may be read while this container goes on.
        let inner = DecodingState(
            state.options, state.storage, path: state.path + [key], depth: state.depth + 1)
        return DecoderView(state: inner, index: index)
    }
}

/// Reads the items of a list, tuple or set, or of a block of numbers.
struct UnkeyedDecoder: UnkeyedDecodingContainer {
    let state: DecodingState
    private let place: Int
    private let total: Int
    private(set) var currentIndex = 0

    init(_ state: DecodingState, _ index: UInt32) throws {
        let value = PickleValue(state.storage, index)
        if let numbers = PythonTypes.numbers(value) {
            self.state = try state.unpacked(numbers, index)
            (place, total) = (0, numbers.count)
        } else if let range = value.itemRange ?? value.pairRange?.range {
            // The items of a dict are its keys and values in turn, as Swift writes a dictionary.
            self.state = state
            (place, total) = (Int(range.start), Int(range.count))
        } else if let (rows, range) = try state.rows(value) {
            self.state = rows
            (place, total) = (Int(range.start), Int(range.count))
        } else if let range = state.places(value) {
            self.state = state
            (place, total) = (Int(range.start), Int(range.count))
        } else {
            throw state.mismatch([Any].self, index, "a list")
        }
    }

    var codingPath: [any CodingKey] { state.path }
    var count: Int? { total }
    var isAtEnd: Bool { currentIndex >= total }

    @inline(__always)
    private func current(_ type: any Any.Type) throws -> UInt32 {
        guard currentIndex < total else { throw atEnd(type) }
        return state.storage.children[place + currentIndex]
    }

    @inline(never)
    private func atEnd(_ type: any Any.Type) -> any Error {
        let text = "expected \(type)\(CodingPath.place(state.path)), but the list ends after \(total) items"
        return DecodingError.valueNotFound(
            type, .init(codingPath: state.path + [PickleKey(currentIndex)], debugDescription: text))
    }

    mutating func decodeNil() throws -> Bool {
        guard state.node(try current(Any?.self)).tag == .none else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let value = try state.decode(type, try current(type), under: PickleKey(currentIndex))
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try nested().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try nested().unkeyedContainer() }

    mutating func superDecoder() throws -> any Decoder { try nested() }

    private mutating func nested() throws -> DecoderView {
        let index = try current(Any.self)
        let inner = DecodingState(
            state.options, state.storage, path: state.path + [PickleKey(currentIndex)], depth: state.depth + 1)
        currentIndex += 1
        return DecoderView(state: inner, index: index)
    }
}
