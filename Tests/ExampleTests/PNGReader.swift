import Testing

/// Reads the PNG files that the example writes, checking every length and checksum.
///
/// It knows 8-bit palette pictures without compression, filter and interlacing only, and is written from the format's
/// description rather than from the encoder.
struct PNGReader {
    private(set) var width = 0
    private(set) var height = 0
    private(set) var palette: [[UInt8]] = []
    private(set) var rows: [[UInt8]] = []

    init(_ file: [UInt8]) throws {
        try #require(Array(file.prefix(8)) == [137, 80, 78, 71, 13, 10, 26, 10], "the signature of PNG")
        var position = 8
        var types: [String] = []
        var stream: [UInt8] = []
        while position < file.count {
            try #require(position + 12 <= file.count, "a chunk is cut off")
            let length = Self.number(file[position..<position + 4])
            try #require(position + 12 + length <= file.count, "a chunk is longer than the file")
            let body = Array(file[position + 4..<position + 8 + length])
            let type = String(decoding: body[..<4], as: UTF8.self)
            let content = Array(body[4...])
            #expect(
                Self.number(file[(position + 8 + length)..<(position + 12 + length)]) == Self.crc32(body),
                "CRC of \(type)")
            types.append(type)
            switch type {
            case "IHDR":
                try #require(content.count == 13)
                width = Self.number(content[0..<4])
                height = Self.number(content[4..<8])
                #expect(Array(content[8...]) == [8, 3, 0, 0, 0], "8 bits, palette, standard methods")
            case "PLTE":
                try #require(content.count % 3 == 0 && content.count <= 768)
                palette = stride(from: 0, to: content.count, by: 3).map { Array(content[$0..<$0 + 3]) }
            case "IDAT":
                stream += content
            default:
                #expect(type == "IEND" && content.isEmpty)
            }
            position += 12 + length
        }
        #expect(types.first == "IHDR" && types.last == "IEND" && types.filter { $0 == "IDAT" }.count >= 1)
        let data = try Self.stored(stream)
        try #require(data.count == height * (width + 1), "a filter byte and \(width) points for each of \(height) rows")
        for row in 0..<height {
            let start = row * (width + 1)
            #expect(data[start] == 0, "no filter")
            rows.append(Array(data[start + 1..<start + 1 + width]))
        }
    }

    /// The content of a zlib stream of stored blocks.
    private static func stored(_ stream: [UInt8]) throws -> [UInt8] {
        try #require(stream.count >= 6)
        #expect(stream[0] & 0x0f == 8, "deflate")
        #expect((Int(stream[0]) << 8 | Int(stream[1])) % 31 == 0, "zlib's check of its two header bytes")
        var data: [UInt8] = []
        var position = 2
        var isLast = false
        while !isLast {
            try #require(position + 5 <= stream.count, "a block is cut off")
            try #require(stream[position] <= 1, "a stored block")
            isLast = stream[position] == 1
            let length = Int(stream[position + 1]) | Int(stream[position + 2]) << 8
            let complement = Int(stream[position + 3]) | Int(stream[position + 4]) << 8
            try #require(length ^ complement == 0xffff, "a block's length and its complement")
            try #require(position + 5 + length <= stream.count, "a block is longer than the stream")
            data += stream[position + 5..<position + 5 + length]
            position += 5 + length
        }
        try #require(position + 4 == stream.count, "the checksum ends the stream")
        #expect(number(stream[position...]) == adler32(data), "Adler-32 of the data")
        return data
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    private static func crc32(_ bytes: [UInt8]) -> Int {
        var sum: UInt32 = 0xffff_ffff
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
        }
        return Int(~sum)
    }

    private static func adler32(_ bytes: [UInt8]) -> Int {
        var low = 1
        var high = 0
        for byte in bytes {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }
}
