#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The types of Foundation that the coders know; the only file that imports it.
enum FoundationBridge {
    static var types: [(any Any.Type, DirectType)] {
        [
            (Data.self, .data), (Date.self, .date), (URL.self, .url), (UUID.self, .uuid), (Decimal.self, .decimal),
        ]
    }

    static func encode<T: Encodable>(_ value: T, as type: DirectType, into state: EncodingState) throws {
        switch type {
        case .data:
            let data = unsafe unsafeBitCast(value, to: Data.self)
            unsafe data.withUnsafeBytes { unsafe state.blob($0) }
        case .date: try encode(unsafe unsafeBitCast(value, to: Date.self), into: state)
        case .url:
            let text = unsafe unsafeBitCast(value, to: URL.self).absoluteString
            state.writer.string(text)
        case .uuid: state.writer.string(unsafe unsafeBitCast(value, to: UUID.self).uuidString.lowercased())
        case .decimal: state.writer.string(unsafe unsafeBitCast(value, to: Decimal.self).description)
        default: break
        }
    }

    private static func encode(_ date: Date, into state: EncodingState) throws {
        switch state.options.dates {
        case .secondsSince1970: state.writer.double(date.timeIntervalSince1970)
        case .iso8601: state.writer.string(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        case .deferred: state.writer.double(date.timeIntervalSinceReferenceDate)
        }
    }

    static func decode<T: Decodable>(
        _ type: T.Type, as code: DirectType, _ index: UInt32, _ state: DecodingState
    ) throws -> T {
        let value = PickleValue(state.storage, index)
        switch code {
        case .data:
            if value.kind != .string, let data = state.data(value, index) {
                return unsafe unsafeBitCast(data, to: T.self)
            }
            let bytes: [UInt8] = try state.packed(index, of: type)
            return unsafe unsafeBitCast(Data(bytes), to: T.self)
        case .date: return unsafe unsafeBitCast(try date(value, index, state), to: T.self)
        case .url:
            let text = try state.text(index, of: type)
            guard let url = URL(string: text) else { throw state.mismatch(type, index, "a URL") }
            return unsafe unsafeBitCast(url, to: T.self)
        case .uuid:
            if let text = PythonTypes.uuid(value) ?? value.stringValue, let uuid = UUID(uuidString: text) {
                return unsafe unsafeBitCast(uuid, to: T.self)
            }
            throw state.mismatch(type, index, "a UUID")
        default:
            if let text = PythonTypes.decimal(value) ?? value.stringValue ?? value.integerText,
                let decimal = Decimal(string: text)
            {
                return unsafe unsafeBitCast(decimal, to: T.self)
            }
            if let double = value.doubleValue { return unsafe unsafeBitCast(Decimal(double), to: T.self) }
            throw state.mismatch(type, index, "a decimal number")
        }
    }

    private static func date(_ value: PickleValue, _ index: UInt32, _ state: DecodingState) throws -> Date {
        if let seconds = PythonTypes.secondsSince1970(value) { return Date(timeIntervalSince1970: seconds) }
        if let number = value.doubleValue {
            if case .deferred = state.options.dates { return Date(timeIntervalSinceReferenceDate: number) }
            return Date(timeIntervalSince1970: number)
        }
        if let text = value.stringValue {
            if let date = try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)) {
                return date
            }
            if let date = try? Date(text, strategy: .iso8601) { return date }
        }
        throw state.mismatch(Date.self, index, "a date: seconds since 1970, ISO 8601 text, or a datetime with a zone")
    }
}

extension DecodingState {
    /// The bytes of a value as Data; large ones that the pickle refers to again are the same memory.
    fileprivate func data(_ value: PickleValue, _ index: UInt32) -> Data? {
        if let known = blobs[index] as? Data { return known }
        guard let data = unsafe value.withBytes({ unsafe Data($0) }) else { return nil }
        if data.count >= Self.sharedLength { blobs[index] = data }
        return data
    }
}
