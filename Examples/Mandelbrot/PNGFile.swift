/// A PNG file of a picture with a palette: as small an encoder as the format allows.
///
/// The points are stored, not compressed: deflate has a form for that, and with one byte a point the file stays small
/// enough. The format: https://www.w3.org/TR/png-3/, RFC 1950 (zlib), RFC 1951 (deflate).
struct PNGFile {
    let bytes: [UInt8]

    init(width: Int, height: Int, palette: [(red: UInt8, green: UInt8, blue: UInt8)], indices: [UInt8]) {
        var file: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        // Bit depth 8, colour type 3 (palette), compression, filter and interlace methods 0.
        Self.append("IHDR", Self.bigEndian(width) + Self.bigEndian(height) + [8, 3, 0, 0, 0], to: &file)
        Self.append("PLTE", palette.flatMap { [$0.red, $0.green, $0.blue] }, to: &file)
        var rows: [UInt8] = []
        rows.reserveCapacity(height * (width + 1))
        for row in 0..<height {
            // Each row begins with its filter: none.
            rows.append(0)
            rows += indices[row * width..<(row + 1) * width]
        }
        Self.append("IDAT", Self.zlibStored(rows), to: &file)
        Self.append("IEND", [], to: &file)
        bytes = file
    }

    /// A chunk: length, type, content, and the checksum of type and content.
    private static func append(_ type: String, _ content: [UInt8], to file: inout [UInt8]) {
        let body = Array(type.utf8) + content
        file += bigEndian(content.count)
        file += body
        file += bigEndian(Int(CRC32.checksum(of: body)))
    }

    /// A zlib stream of stored blocks, each of at most 65,535 bytes.
    private static func zlibStored(_ content: [UInt8]) -> [UInt8] {
        // 32 KiB window, fastest level; the two bytes are a multiple of 31.
        var stream: [UInt8] = [0x78, 0x01]
        stream.reserveCapacity(content.count + content.count / 65_535 * 5 + 16)
        var start = 0
        repeat {
            let end = min(start + 65_535, content.count)
            let length = UInt16(end - start)
            stream.append(end == content.count ? 1 : 0)
            for word in [length, ~length] {
                stream += [UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8)]
            }
            stream += content[start..<end]
            start = end
        } while start < content.count
        return stream + bigEndian(Int(Adler32.checksum(of: content)))
    }

    private static func bigEndian(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}

/// The checksum of PNG chunks.
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xedb8_8320 ^ (value >> 1) : value >> 1 }
    }

    static func checksum(of bytes: [UInt8]) -> UInt32 {
        let table = table
        return ~bytes.reduce(0xffff_ffff as UInt32) { sum, byte in
            table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)] ^ (sum >> 8)
        }
    }
}

/// The checksum of zlib streams.
enum Adler32 {
    static func checksum(of bytes: [UInt8]) -> UInt32 {
        var low: UInt32 = 1
        var high: UInt32 = 0
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }
}
