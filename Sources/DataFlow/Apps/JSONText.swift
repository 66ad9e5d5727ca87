import FoundationEssentials

// The only place where values of apps become JSON: what people type and read. Between processes pickles travel.

/// JSON for people: arguments that were typed, results that are printed.
package enum JSONText {
    /// The value as JSON, with its keys in alphabetical order.
    package static func encode(_ value: some Encodable, pretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : plain
        encoder.dateEncodingStrategy = .iso8601
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: infinity, negativeInfinity: "-" + infinity, nan: notANumber)
        return Array(try encoder.encode(value))
    }

    /// A value of this type from JSON.
    package static func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: infinity, negativeInfinity: "-" + infinity, nan: notANumber)
        return try decoder.decode(type, from: Data(bytes))
    }

    private static let plain: JSONEncoder.OutputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    private static let infinity = "inf"
    private static let notANumber = "nan"
}
