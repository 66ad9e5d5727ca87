// Deflate, as in RFC 1951. Archives are read where apps run, on nodes where neither a library nor a program for it may be
// installed; the format is small and does not change.

/// Reads one deflated stream.
struct Inflater {
    /// What is wrong with a stream.
    enum Fault: String, Error, CustomStringConvertible {
        case truncated = "the compressed data ends too early"
        case badBlock = "a block of an unknown kind"
        case badLength = "a stored block whose length contradicts itself"
        case badCode = "a code that stands for nothing"
        case badTable = "a table of codes that contradicts itself"
        case badDistance = "a reference to bytes before the first"

        var description: String { rawValue }
    }

    /// A canonical Huffman code: how many codes each length has, and the symbols in the order of their codes.
    private struct Code {
        var counts = [UInt16](repeating: 0, count: 16)
        var symbols: [UInt16]

        init(lengths: ArraySlice<UInt8>) throws(Fault) {
            symbols = [UInt16](repeating: 0, count: lengths.count)
            for length in lengths { counts[Int(length)] += 1 }
            counts[0] = 0
            var left = 1
            for length in 1...15 {
                left = left * 2 - Int(counts[length])
                guard left >= 0 else { throw .badTable }
            }
            var offsets = [UInt16](repeating: 0, count: 17)
            for length in 1...15 { offsets[length + 1] = offsets[length] + counts[length] }
            for (symbol, length) in lengths.enumerated() where length != 0 {
                symbols[Int(offsets[Int(length)])] = UInt16(symbol)
                offsets[Int(length)] += 1
            }
        }
    }

    private static let lengthBase: [UInt16] = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits: [UInt8] = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBase: [UInt16] = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]
    private static let codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    /// References reach so far back.
    private static let window = 32 << 10
    private static let flushed = 256 << 10

    private let refill: () throws -> [UInt8]
    private let sink: (UnsafeRawBufferPointer) throws -> Void
    private var input: [UInt8] = []
    private var position = 0
    private var bits: UInt32 = 0
    private var bitCount: UInt32 = 0
    private var output: [UInt8] = []

    /// A reader.
    ///
    /// - Parameters:
    ///   - refill: gives the next compressed bytes; none at the end.
    ///   - sink: takes what was read.
    init(refill: @escaping () throws -> [UInt8], sink: @escaping (UnsafeRawBufferPointer) throws -> Void) {
        self.refill = refill
        self.sink = sink
        output.reserveCapacity(Self.flushed + Self.window + 512)
    }

    /// Reads to the end of the stream.
    mutating func run() throws {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try storedBlock()
            case 1: try codedBlock(Self.fixed())
            case 2: try codedBlock(try tables())
            default: throw Fault.badBlock
            }
        }
        try output.withUnsafeBytes { try sink($0) }
        output = []
    }

    private mutating func byte() throws -> UInt8 {
        if position == input.count {
            input = try refill()
            position = 0
            guard !input.isEmpty else { throw Fault.truncated }
        }
        defer { position += 1 }
        return input[position]
    }

    private mutating func take(_ count: UInt32) throws -> Int {
        while bitCount < count {
            bits |= UInt32(try byte()) << bitCount
            bitCount += 8
        }
        let value = bits & ((1 << count) - 1)
        bits >>= count
        bitCount -= count
        return Int(value)
    }

    private mutating func symbol(_ code: borrowing Code) throws -> Int {
        var value = 0
        var first = 0
        var index = 0
        for length in 1...15 {
            value |= try take(1)
            let count = Int(code.counts[length])
            if value - count < first { return Int(code.symbols[index + value - first]) }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw Fault.badCode
    }

    private mutating func storedBlock() throws {
        bits = 0
        bitCount = 0
        let length = Int(try byte()) | Int(try byte()) << 8
        let complement = Int(try byte()) | Int(try byte()) << 8
        guard length == ~complement & 0xffff else { throw Fault.badLength }
        for _ in 0..<length { try put(try byte()) }
    }

    private mutating func codedBlock(_ codes: (literals: Code, distances: Code)) throws {
        while true {
            let symbol = try symbol(codes.literals)
            if symbol < 256 {
                try put(UInt8(symbol))
            } else if symbol == 256 {
                return
            } else {
                guard symbol - 257 < Self.lengthBase.count else { throw Fault.badCode }
                let length =
                    Int(Self.lengthBase[symbol - 257]) + (try take(UInt32(Self.lengthBits[symbol - 257])))
                let code = try self.symbol(codes.distances)
                guard code < Self.distanceBase.count else { throw Fault.badCode }
                let distance = Int(Self.distanceBase[code]) + (try take(UInt32(max(0, code / 2 - 1))))
                guard distance <= output.count else { throw Fault.badDistance }
                for _ in 0..<length { try put(output[output.count - distance]) }
            }
        }
    }

    private mutating func put(_ byte: UInt8) throws {
        output.append(byte)
        guard output.count >= Self.flushed + Self.window else { return }
        try output.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<Self.flushed])) }
        output.removeFirst(Self.flushed)
    }

    private static func fixed() throws(Fault) -> (literals: Code, distances: Code) {
        var lengths = [UInt8](repeating: 8, count: 288)
        for index in 144..<256 { lengths[index] = 9 }
        for index in 256..<280 { lengths[index] = 7 }
        return (try Code(lengths: lengths[...]), try Code(lengths: [UInt8](repeating: 5, count: 30)[...]))
    }

    private mutating func tables() throws -> (literals: Code, distances: Code) {
        let literals = try take(5) + 257
        let distances = try take(5) + 1
        let codes = try take(4) + 4
        guard literals <= 286, distances <= 30 else { throw Fault.badTable }
        var lengths = [UInt8](repeating: 0, count: 19)
        for index in 0..<codes { lengths[Self.codeOrder[index]] = UInt8(try take(3)) }
        let code = try Code(lengths: lengths[...])
        var all: [UInt8] = []
        while all.count < literals + distances {
            switch try symbol(code) {
            case 16:
                guard let last = all.last else { throw Fault.badTable }
                all += repeatElement(last, count: 3 + (try take(2)))
            case 17: all += repeatElement(0, count: 3 + (try take(3)))
            case 18: all += repeatElement(0, count: 11 + (try take(7)))
            case let length: all.append(UInt8(length))
            }
        }
        guard all.count == literals + distances, all[256] != 0 else { throw Fault.badTable }
        return (try Code(lengths: all[..<literals]), try Code(lengths: all[literals...]))
    }
}
