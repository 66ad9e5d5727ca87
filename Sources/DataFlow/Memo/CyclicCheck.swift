/// CRC-32 as in zlib and Ethernet: polynomial 0xEDB88320, reflected.
///
/// Eight bytes a step, with eight tables (Kounavis and Berry, "A systematic approach to building high performance
/// software-based CRC generators", 2005).
enum CyclicCheck {
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xedb8_8320 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<2048 {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xff)]
        }
        return tables
    }()

    /// The check value of the bytes.
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        tables.withUnsafeBufferPointer { tables in
            var value: UInt32 = 0xffff_ffff
            var position = 0
            while bytes.count - position >= 8 {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                let low = UInt32(truncatingIfNeeded: word) ^ value
                let high = UInt32(truncatingIfNeeded: word >> 32)
                let near =
                    tables[1792 + Int(low & 0xff)] ^ tables[1536 + Int(low >> 8 & 0xff)]
                    ^ tables[1280 + Int(low >> 16 & 0xff)] ^ tables[1024 + Int(low >> 24)]
                let far =
                    tables[768 + Int(high & 0xff)] ^ tables[512 + Int(high >> 8 & 0xff)]
                    ^ tables[256 + Int(high >> 16 & 0xff)] ^ tables[Int(high >> 24)]
                value = near ^ far
                position += 8
            }
            while position < bytes.count {
                value = value >> 8 ^ tables[Int((value ^ UInt32(bytes[position])) & 0xff)]
                position += 1
            }
            return ~value
        }
    }

    /// The check value of a part of an array.
    static func of(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.withUnsafeBytes { of($0) } }
}
