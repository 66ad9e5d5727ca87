/// Encodes `Encodable` values as pickles of plain data, which any Python loads without importing anything.
///
/// | Swift | Python |
/// | --- | --- |
/// | struct, class, enum with payload | dict by coding key |
/// | array | list |
/// | `Data`, `[UInt8]` | bytes |
/// | array of a number type | the tuple `("apus.array", typecode, bytes)`, or a list with ``NumericArrayForm/list`` |
/// | `Optional` | the value or None |
/// | `Dictionary` | dict with the keys as they are, numbers as numbers |
/// | `Set` | set, or a list if its elements cannot be in one |
/// | `Date` | float, seconds since 1970 |
/// | `UUID`, `URL`, `Decimal` | str |
public struct PickleEncoder: Sendable {
    /// How arrays of numbers are written.
    public enum NumericArrayForm: Sendable {
        /// As one tagged block of bytes, little-endian.
        case packed
        /// As a list of numbers.
        case list
    }

    /// How coding keys become the keys of a dict.
    public enum KeyStrategy: Sendable {
        /// As they are.
        case asIs
        /// `someName` becomes `some_name`.
        case snakeCase
        /// By a function of the coding path and the key.
        case custom(@Sendable ([any CodingKey]) -> String)
    }

    /// How dates are written.
    public enum DateStrategy: Sendable {
        /// A float, seconds since 1970.
        case secondsSince1970
        /// Text in the form of ISO 8601, in UTC with milliseconds.
        case iso8601
        /// As the date encodes itself: seconds since 2001.
        case deferred
    }

    /// How NaN and the infinities are written.
    public enum FloatStrategy: Sendable {
        /// As floats; pickle knows them.
        case asIs
        /// They are refused.
        case refuse
    }

    /// How arrays of numbers are written.
    public var numericArrays = NumericArrayForm.packed
    /// How coding keys become the keys of a dict.
    public var keys = KeyStrategy.asIs
    /// How dates are written.
    public var dates = DateStrategy.secondsSince1970
    /// How NaN and the infinities are written.
    public var floats = FloatStrategy.asIs
    /// Whether an optional property without a value is written as None; else its key is left out.
    public var writesNil = true
    /// What counts when several pickles say the same.
    public var mode = PickleMode.compact
    /// The protocol, 0 to 5; protocol 4 is read by every Python since 3.4.
    public var protocolVersion = 4
    /// The largest pickle; larger ones are refused with a hint at the largest part.
    public var maximumBytes = 256 << 20
    /// How deep values may be nested.
    public var maximumDepth = 512
    /// Values for the types that are encoded.
    public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

    /// Makes an encoder with the default options.
    public init() {}

    var refusesNaN: Bool { if case .refuse = floats { true } else { false } }

    /// The encoder for keys of caches: canonical, and numbers in lists, so that equal content gives equal bytes.
    public static var canonical: Self {
        var encoder = Self()
        encoder.mode = .canonical
        encoder.numericArrays = .list
        return encoder
    }

    /// Whether equal content always gives equal bytes: keys and elements of sets are sorted.
    public var isCanonical: Bool {
        get { mode == .canonical }
        set { mode = newValue ? .canonical : .compact }
    }

    /// Encodes a value as a complete pickle.
    public func encode<T: Encodable>(_ value: T) throws -> [UInt8] {
        let state = EncodingState(self)
        let isStreamed = mode != .cpython && protocolVersion >= 4
        state.writer.header(protocolVersion: isStreamed ? protocolVersion : 4)
        try state.encodeRoot(value)
        state.writer.stop()
        return isStreamed ? state.finish() : try rewritten(state.finish())
    }

    /// Other protocols, and CPython's own bytes, are written from a document.
    private func rewritten(_ bytes: [UInt8]) throws -> [UInt8] {
        let document = try PickleDocument(decoding: bytes, options: .inert)
        let storage = mode == .cpython ? document.storage.sharingKeys() : document.storage
        return try PickleValue(storage, document.rootIndex).encoded(protocolVersion: protocolVersion, mode: mode)
    }

    /// Encodes a value with its large blocks of bytes beside it, as protocol 5 has them.
    ///
    /// Data and blocks of numbers from the threshold on become buffers, in order; Python takes them as
    /// `pickle.loads(pickle, buffers=buffers)`.
    public func encodeOutOfBand<T: Encodable>(
        _ value: T, threshold: Int = 65_536
    ) throws -> (pickle: [UInt8], buffers: [[UInt8]]) {
        let state = EncodingState(self)
        state.bufferThreshold = threshold
        state.writer.header(protocolVersion: 5)
        try state.encodeRoot(value)
        state.writer.stop()
        return (state.finish(), state.buffers)
    }

    /// Encodes a value inside a stream: the value only, without header and STOP.
    public func encode<T: Encodable>(_ value: T, into writer: inout PickleWriter) throws {
        let state = EncodingState(self, writer: PickleWriter(reservingCapacity: 0))
        swap(&state.writer, &writer)
        defer { swap(&state.writer, &writer) }
        let start = state.writer.count
        state.start = start
        do {
            try state.encodeRoot(value)
        } catch {
            state.writer.storage.truncate(to: start)
            throw error
        }
    }
}
