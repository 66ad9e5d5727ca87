/// Decodes `Decodable` values from pickles.
///
/// Nothing in the pickle is called: names and calls fit only the types that stand for them, everything else is refused with
/// the path to the value, what was expected and what was found.
public struct PickleDecoder: Sendable {
    /// How the keys of a dict become coding keys.
    public enum KeyStrategy: Sendable {
        /// As they are.
        case asIs
        /// `some_name` becomes `someName`.
        case camelCase
        /// By a function of the coding path and the key.
        case custom(@Sendable ([any CodingKey], String) -> String)
    }

    /// How numbers become dates.
    public enum DateStrategy: Sendable {
        /// Seconds since 1970.
        case secondsSince1970
        /// Seconds since 2001, as a date encodes itself.
        case deferred
    }

    /// How the keys of a dict become coding keys.
    public var keys = KeyStrategy.asIs
    /// How numbers become dates.
    public var dates = DateStrategy.secondsSince1970
    /// The limits of reading.
    public var limits = PickleLimits(maxBytes: 1 << 40)
    /// How deep values may be nested.
    public var maximumDepth = 512
    /// How many values may be visited, each use of a shared one counted.
    public var maximumValues = 50_000_000
    /// Whether bytes after the pickle are accepted.
    public var allowsTrailingBytes = false
    /// What the decoder knows about classes of Python: constructors, enums, and names of fields.
    public var registry = PickleRegistry()
    /// Values for the types that are decoded.
    public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

    /// Makes a decoder with the default options.
    public init() {}

    /// Decodes a value from a complete pickle.
    public func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
        guard !bytes.isEmpty else {
            let text = "0 bytes where a value of type \(T.self) was expected"
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: text))
        }
        if let value = PickleSource.array(bytes).withView({ decodeDirectly(type, from: $0) }) { return value }
        return try decode(type, from: PickleDocument(decoding: bytes, limits: limits), of: bytes.count)
    }

    /// Decodes a value from a part of a message, which is not copied.
    package func decode<T: Decodable>(_ type: T.Type, in message: [UInt8], range: Range<Int>) throws -> T {
        let direct = PickleSource.array(message).withView {
            decodeDirectly(type, from: $0.slice(range.lowerBound, range.count))
        }
        if let direct { return direct }
        return try decode(type, from: PickleDocument(in: message, range: range, limits: limits), of: range.count)
    }

    /// Decodes the value of a document that must be all there is.
    private func decode<T: Decodable>(_ type: T.Type, from document: PickleDocument, of count: Int) throws -> T {
        let rest = count - document.endOffset
        guard rest == 0 || allowsTrailingBytes else {
            let text = "\(rest) bytes after the end of the value"
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: text))
        }
        return try decode(type, from: document.root)
    }

    /// Decodes a value from a pickle with buffers beside it.
    public func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8], buffers: [[UInt8]]) throws -> T {
        var options = PickleReadingOptions()
        options.buffers = buffers
        return try decode(type, from: PickleDocument(decoding: bytes, limits: limits, options: options).root)
    }

    /// Decodes a value from borrowed memory, which is not copied.
    public func decode<T: Decodable>(_ type: T.Type, from bytes: UnsafeRawBufferPointer) throws -> T {
        if let value = decodeDirectly(type, from: unsafe ByteView(bytes)) { return value }
        return try decode(type, from: unsafe [UInt8](bytes))
    }

    /// Decodes a value from a view of a document.
    public func decode<T: Decodable>(_ type: T.Type, from value: PickleValue) throws -> T {
        try DecodingState(self, value.storage).decodeRoot(type, value.index)
    }
}
