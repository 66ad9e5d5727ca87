/// A value that travels as a pickle of its own, in bytes, inside another value.
///
/// Whoever passes it on need not know its type; it is decoded only when asked.
public struct Pickled<Value>: Sendable {
    /// The complete pickle.
    public let bytes: [UInt8]

    /// Takes a pickle as it is.
    public init(bytes: [UInt8]) { self.bytes = bytes }
}

extension Pickled where Value: Encodable {
    /// Encodes a value.
    public init(_ value: Value, encoder: PickleEncoder = PickleEncoder()) throws { bytes = try encoder.encode(value) }
}

extension Pickled where Value: Decodable {
    /// Decodes the value.
    public func value(decoder: PickleDecoder = PickleDecoder()) throws -> Value {
        try decoder.decode(Value.self, from: bytes)
    }
}

extension Pickled: Equatable, Hashable {}

extension Pickled: Codable {
    /// Takes the bytes of the pickle inside.
    public init(from decoder: any Decoder) throws { bytes = try decoder.singleValueContainer().decode([UInt8].self) }

    /// Writes the pickle as bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(bytes)
    }
}

extension PickleEncoder {
    /// Encodes values as a Python tuple, for the positional arguments of a call.
    public func encodeTuple<each Element: Encodable>(_ elements: repeat each Element) throws -> [UInt8] {
        var writer = PickleWriter()
        writer.header()
        try encodeTuple(repeat each elements, into: &writer)
        writer.stop()
        return writer.finish()
    }

    /// Encodes values as a Python tuple inside a stream.
    public func encodeTuple<each Element: Encodable>(
        _ elements: repeat each Element, into writer: inout PickleWriter
    ) throws {
        var count = 0
        for _ in repeat (each Element).self { count += 1 }
        if count > 3 { writer.mark() }
        for element in repeat each elements { try encode(element, into: &writer) }
        switch count {
        case 0: writer.emptyTuple()
        case 1: writer.tuple1()
        case 2: writer.tuple2()
        case 3: writer.tuple3()
        default: writer.tuple()
        }
    }
}

extension PickleDecoder {
    /// Decodes a Python tuple or list whose elements have different types.
    public func decodeTuple<each Element: Decodable>(
        _ types: repeat (each Element).Type, from value: PickleValue
    ) throws -> (repeat each Element) {
        var count = 0
        for _ in repeat (each Element).self { count += 1 }
        guard let items = value.items, items.count == count else {
            let text = "expected a tuple of \(count), found \(value.summary)"
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: text))
        }
        var position = -1
        func next<T: Decodable>(_ type: T.Type) throws -> T {
            position += 1
            return try decode(type, from: items[position])
        }
        return (repeat try next(each types))
    }

    /// Decodes a Python tuple or list whose elements have different types.
    public func decodeTuple<each Element: Decodable>(
        _ types: repeat (each Element).Type, from bytes: [UInt8]
    ) throws -> (repeat each Element) {
        try decodeTuple(repeat each types, from: PickleDocument(decoding: bytes, limits: limits).root)
    }
}
