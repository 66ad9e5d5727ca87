extension PickleDecoder {
    /// Decodes the types that have a way of their own, straight from the bytes; nil if the pickle is not of the usual shape.
    func decodeDirectly<T: Decodable>(_ type: T.Type, from view: ByteView) -> T? {
        guard view.count <= limits.maxBytes, case .asIs = keys else { return nil }
        var reader = DirectReader(view)
        guard reader.header() else { return nil }
        let result: T?
        switch DirectTypes.shared.code(of: type) {
        case .ints: result = reader.ints().map { unsafe unsafeBitCast($0, to: T.self) }
        case .doubles: result = reader.doubles().map { unsafe unsafeBitCast($0, to: T.self) }
        case .strings: result = reader.strings().map { unsafe unsafeBitCast($0, to: T.self) }
        case .int: result = reader.int().map { unsafe unsafeBitCast($0, to: T.self) }
        case .string: result = reader.string().map { unsafe unsafeBitCast($0, to: T.self) }
        case .double: result = reader.double().map { unsafe unsafeBitCast($0, to: T.self) }
        case .bool: result = reader.bool().map { unsafe unsafeBitCast($0, to: T.self) }
        case .uint8s: result = reader.blob().map { unsafe unsafeBitCast($0, to: T.self) }
        case .stringToInt: result = reader.dict(Int.self) { $0.int() }.map { unsafe unsafeBitCast($0, to: T.self) }
        case .stringToDouble:
            result = reader.dict(Double.self) { $0.double() }.map { unsafe unsafeBitCast($0, to: T.self) }
        case .stringToString:
            result = reader.dict(String.self) { $0.string() }.map { unsafe unsafeBitCast($0, to: T.self) }
        case .other:
            if let rows = decodeRows(type, &reader) {
                result = rows
                break
            }
            guard let records = type as? any RecordDecodable.Type else { return nil }
            result = records.decodeRecords(&reader, self) as? T
        default: return nil
        }
        guard let result, reader.stop(), reader.position == view.count || allowsTrailingBytes else { return nil }
        return result
    }

    /// Reads a list of lists, if that is what the type is.
    private func decodeRows<T>(_ type: T.Type, _ reader: inout DirectReader) -> T? {
        if type == [[Int]].self { return reader.intRows().map { unsafe unsafeBitCast($0, to: T.self) } }
        if type == [[Double]].self { return reader.doubleRows().map { unsafe unsafeBitCast($0, to: T.self) } }
        if type == [[String]].self { return reader.stringRows().map { unsafe unsafeBitCast($0, to: T.self) } }
        return nil
    }
}
