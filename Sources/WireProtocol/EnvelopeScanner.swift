// A scanner for the flat dicts that Parsl's processes exchange: `{'type': 'result', 'task_id': 5, 'result': b'…'}`.
//
// Envelopes pass at tens of thousands a second, and their payload may be large, so they are not decoded into a
// document: the scanner walks over the opcodes once, remembers where strings lie (CPython fetches repeated strings
// from the memo), and reports keys and scalar values in place. Whatever is beyond this small grammar, such as a
// context that holds something, makes it give up; the caller then decodes the general way.

import Glibc

/// Walks over the opcodes of one flat pickled dict.
struct EnvelopeScanner {
    /// A scalar as it stands in the stream.
    enum Scalar {
        case text(Range<Int>)
        case bytes(Range<Int>)
        case integer(Int)
        case double(Double)
        case none
        case bool(Bool)
        /// `{}`, with nothing in it.
        case emptyDict
    }

    let source: UnsafeRawBufferPointer
    private(set) var position: Int
    /// Where memoized strings lie; entries of other kinds are an empty range at -1.
    private var memo: InlineMemo
    private var last: Range<Int>

    /// Starts behind PROTO and FRAME.
    ///
    /// `nil` when the bytes do not begin as a pickle of protocol 2 to 5.
    init?(_ source: UnsafeRawBufferPointer, at start: Int = 0) {
        guard source.count >= start + 4, source[start] == 0x80, (2...5).contains(source[start + 1]) else { return nil }
        self.source = source
        position = start + 2
        memo = InlineMemo()
        last = -1 ..< -1
    }

    /// The next opcode that is neither a frame nor a memo store; `nil` at the end of the input or of the grammar.
    mutating func nextOpcode() -> UInt8? {
        while position < source.count {
            let opcode = source[position]
            switch opcode {
            case 0x95:  // FRAME
                guard position + 9 <= source.count else { return nil }
                position += 9
            case 0x94:  // MEMOIZE
                guard memo.append(last) else { return nil }
                position += 1
            case 0x71:  // BINPUT
                guard position + 2 <= source.count, Int(source[position + 1]) == memo.count, memo.append(last) else {
                    return nil
                }
                position += 2
            default:
                position += 1
                return opcode
            }
        }
        return nil
    }

    /// Looks at the next opcode without consuming it.
    mutating func peek() -> UInt8? {
        guard let opcode = nextOpcode() else { return nil }
        position -= 1
        return opcode
    }

    /// Reads the scalar that `opcode` begins; `nil` outside the grammar.
    mutating func scalar(_ opcode: UInt8) -> Scalar? {
        last = -1 ..< -1
        switch opcode {
        case 0x8c: return counted(width: 1).map { .text($0) }
        case 0x58: return counted(width: 4).map { .text($0) }
        case 0x43: return counted(width: 1).map { .bytes($0) }
        case 0x42: return counted(width: 4).map { .bytes($0) }
        case 0x8e: return counted(width: 8).map { .bytes($0) }
        case 0x68:  // BINGET
            guard position < source.count, let range = memo[Int(source[position])], range.lowerBound >= 0 else {
                return nil
            }
            position += 1
            return .text(range)
        case 0x4b: return unsigned(width: 1).map { .integer($0) }
        case 0x4d: return unsigned(width: 2).map { .integer($0) }
        case 0x4a:
            guard let raw = unsigned(width: 4) else { return nil }
            return .integer(Int(Int32(truncatingIfNeeded: raw)))
        case 0x8a: return long().map { .integer($0) }
        case 0x47:
            guard position + 8 <= source.count else { return nil }
            let bits = source.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            position += 8
            return .double(Double(bitPattern: bits.byteSwapped))
        case 0x4e: return Scalar.none
        case 0x88: return .bool(true)
        case 0x89: return .bool(false)
        case 0x7d: return .emptyDict
        default: return nil
        }
    }

    /// Whether the bytes in `range` are exactly `text`.
    func matches(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            guard let base = source.baseAddress, let text = expected.baseAddress else { return range.isEmpty }
            return memcmp(base + range.lowerBound, text, expected.count) == 0
        }
    }

    private mutating func counted(width: Int) -> Range<Int>? {
        guard let length = unsigned(width: width), length <= source.count - position else { return nil }
        let range = position..<(position + length)
        position = range.upperBound
        // Only texts are fetched from the memo in envelopes; a range of bytes there is refused by `scalar` callers.
        last = range
        return range
    }

    private mutating func unsigned(width: Int) -> Int? {
        guard position + width <= source.count else { return nil }
        defer { position += width }
        switch width {
        case 1: return Int(source[position])
        case 2: return Int(source.loadUnaligned(fromByteOffset: position, as: UInt16.self).littleEndian)
        case 4: return Int(source.loadUnaligned(fromByteOffset: position, as: UInt32.self).littleEndian)
        default:
            return Int(exactly: source.loadUnaligned(fromByteOffset: position, as: UInt64.self).littleEndian)
        }
    }

    /// LONG1 of at most eight bytes.
    private mutating func long() -> Int? {
        guard let count = unsigned(width: 1), count <= 8, position + count <= source.count else { return nil }
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(source[position + index]) << UInt64(8 * index) }
        if count > 0, count < 8, source[position + count - 1] & 0x80 != 0 {
            value |= UInt64.max << UInt64(8 * count)
        }
        position += count
        return Int(Int64(bitPattern: value))
    }
}

/// The first sixteen memo entries, without a heap allocation.
///
/// An envelope has about six.
private struct InlineMemo {
    private var entries: InlineArray<16, Range<Int>> = .init(repeating: -1 ..< -1)
    private(set) var count = 0

    mutating func append(_ range: Range<Int>) -> Bool {
        guard count < 16 else { return false }
        entries[count] = range
        count += 1
        return true
    }

    subscript(index: Int) -> Range<Int>? { index < count ? entries[index] : nil }
}
