/// Task ids as a byte string: eight bytes each, little-endian.
///
/// Lists of ids can be long (all that a manager holds).
package enum PackedIDs {
    /// Packs the ids.
    package static func encode(_ ids: [Int]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ids.count * 8)
        for id in ids {
            withUnsafeBytes(of: Int64(id).littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// Unpacks the ids.
    package static func decode(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> [Int] {
        guard bytes.count % 8 == 0 else {
            throw WireError(.badField, "\(bytes.count) bytes of packed task ids; eight bytes an id were expected")
        }
        return stride(from: 0, to: bytes.count, by: 8).map { offset in
            Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self)))
        }
    }

    static func decode(_ bytes: [UInt8]?) throws(WireError) -> [Int] {
        guard let bytes else { throw WireError(.badField, "packed task ids are missing") }
        return try decodeArray(bytes)
    }

    private static func decodeArray(_ bytes: [UInt8]) throws(WireError) -> [Int] {
        var result: Result<[Int], WireError> = .success([])
        bytes.withUnsafeBytes { buffer in
            do throws(WireError) { result = .success(try decode(buffer)) } catch { result = .failure(error) }
        }
        return try result.get()
    }
}
