/// Read access to borrowed bytes; the only place on the reading side that touches raw memory.
///
/// The memory must outlive the view: it is made inside `withUnsafeBytes` and never stored beyond it.
@safe
struct ByteView {
    private let buffer: UnsafeRawBufferPointer

    init(_ buffer: UnsafeRawBufferPointer) { unsafe self.buffer = unsafe buffer }

    var count: Int { unsafe buffer.count }

    @inline(__always)
    subscript(offset: Int) -> UInt8 {
        assert(offset >= 0 && offset < count)
        return unsafe buffer.load(fromByteOffset: offset, as: UInt8.self)
    }

    @inline(__always)
    func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type) -> T {
        assert(offset >= 0 && offset + MemoryLayout<T>.size <= count)
        return unsafe T(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// The part of the bytes in a range.
    @inline(__always)
    func slice(_ start: Int, _ length: Int) -> ByteView {
        assert(start >= 0 && length >= 0 && start + length <= count)
        return unsafe ByteView(UnsafeRawBufferPointer(rebasing: buffer[start..<(start + length)]))
    }

    /// The position of the first newline at or after `start` and before `end`.
    func newline(from start: Int, before end: Int) -> Int? {
        var index = start
        while index < end {
            if self[index] == 0x0A { return index }
            index += 1
        }
        return nil
    }

    @inline(__always)
    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        unsafe try body(buffer)
    }

    /// The bytes as text; must be valid UTF-8.
    @inline(__always)
    var string: String {
        if let small = SmallText.make(self, SmallText.isKnown) { return small }
        return unsafe String(decoding: buffer, as: UTF8.self)
    }

    /// The bytes as an array.
    var array: [UInt8] {
        guard let source = unsafe buffer.baseAddress, count > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            let start = unsafe UnsafeMutableRawPointer(target.baseAddress.unsafelyUnwrapped)
            unsafe HugePageAdvice.give(start, count)
            unsafe start.copyMemory(from: source, byteCount: count)
            initialized = count
        }
    }

    /// Whether two views hold the same bytes.
    @inline(__always)
    static func == (left: ByteView, right: ByteView) -> Bool {
        let count = left.count
        guard count == right.count else { return false }
        var index = 0
        while index &+ 8 <= count {
            if left.load(index, as: UInt64.self) != right.load(index, as: UInt64.self) { return false }
            index &+= 8
        }
        while index < count {
            if left[index] != right[index] { return false }
            index &+= 1
        }
        return true
    }

    /// Whether the bytes come before others in lexicographic order.
    static func < (left: ByteView, right: ByteView) -> Bool {
        let common = min(left.count, right.count)
        var index = 0
        while index < common {
            if left[index] != right[index] { return left[index] < right[index] }
            index += 1
        }
        return left.count < right.count
    }
}

extension ByteView {
    /// What checking text as UTF-8 found.
    enum TextCheck { case ascii, unicode, surrogates, invalid }

    /// Checks for UTF-8 in which surrogates may stand as three bytes of their own (Python's "surrogatepass").
    @inline(__always)
    func checkText() -> TextCheck {
        let count = self.count
        var index = 0
        while index &+ 8 <= count {
            if load(index, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return checkUnicode(from: index) }
            index &+= 8
        }
        while index < count {
            if self[index] >= 0x80 { return checkUnicode(from: index) }
            index &+= 1
        }
        return .ascii
    }

    @inline(never)
    private func checkUnicode(from start: Int) -> TextCheck {
        var index = start
        var surrogates = false
        while index < count {
            let lead = self[index]
            if lead < 0x80 {
                index += 1
                continue
            }
            let (size, smallest): (Int, UInt32)
            switch lead {
            case 0xC2...0xDF: (size, smallest) = (2, 0x80)
            case 0xE0...0xEF: (size, smallest) = (3, 0x800)
            case 0xF0...0xF4: (size, smallest) = (4, 0x10000)
            default: return .invalid
            }
            guard index + size <= count else { return .invalid }
            var scalar = UInt32(lead) & (0x7F >> UInt32(size))
            for position in (index + 1)..<(index + size) {
                guard self[position] & 0xC0 == 0x80 else { return .invalid }
                scalar = scalar << 6 | UInt32(self[position] & 0x3F)
            }
            guard scalar >= smallest, scalar <= 0x10FFFF else { return .invalid }
            if scalar >= 0xD800 && scalar <= 0xDFFF { surrogates = true }
            index += size
        }
        return surrogates ? .surrogates : .unicode
    }
}
