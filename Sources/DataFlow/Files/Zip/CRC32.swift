/// The checksum of zip archives: CRC-32 of ISO 3309.
struct CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? (value >> 1) ^ 0xedb8_8320 : value >> 1 }
    }

    private var register: UInt32 = 0xffff_ffff

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        Self.table.withUnsafeBufferPointer { table in
            for byte in bytes { register = table[Int((register ^ UInt32(byte)) & 0xff)] ^ (register >> 8) }
        }
    }

    var value: UInt32 { ~register }
}
