/// Writes the opcodes of a pickle, one call each.
///
/// This is the lowest layer: nothing is checked, nothing is memoized, and there are no frames. The caller keeps the stack
/// in mind. Protocol 4 unless told otherwise.
public struct PickleWriter: ~Copyable {
    var storage: ByteStorage
    /// Entries of the memo that this writer has made.
    var memoCount = 0

    private let knowsSmallText = SmallText.isKnown

    /// Makes an empty writer.
    public init(reservingCapacity: Int = 256) {
        storage = ByteStorage(reservingCapacity: reservingCapacity)
    }

    /// The bytes written so far.
    public var count: Int { storage.count }

    /// Writes PROTO 4, with which a pickle begins.
    public mutating func header() { header(protocolVersion: 4) }

    /// Writes PROTO with the given protocol, 2 to 5.
    public mutating func header(protocolVersion: Int) {
        storage.reserve(2)
        storage.put(0x80)
        storage.put(UInt8(truncatingIfNeeded: protocolVersion))
    }

    /// Writes one opcode without an argument.
    @inline(__always)
    mutating func opcode(_ opcode: PickleOpcode) { storage.append(opcode.rawValue) }

    /// Ends the pickle and gives its bytes, without copying them.
    public consuming func finish() -> [UInt8] { storage.finish() }

    // MARK: Values

    /// Writes None.
    public mutating func none() { opcode(.none) }

    /// Writes True or False.
    public mutating func bool(_ value: Bool) { opcode(value ? .newTrue : .newFalse) }

    /// Writes an int in its shortest form.
    @inline(__always)
    public mutating func int(_ value: Int) {
        storage.reserve(11)
        putInt(value)
    }

    /// Writes an int for which at least 11 bytes have been reserved.
    @inline(__always)
    mutating func putInt(_ value: Int) {
        if value >= 0 && value < 256 {
            storage.put(PickleOpcode.binInt1.rawValue)
            storage.put(UInt8(truncatingIfNeeded: value))
        } else if value >= 0 && value < 65_536 {
            storage.put(PickleOpcode.binInt2.rawValue)
            storage.put(integer: UInt16(truncatingIfNeeded: value))
        } else if let small = Int32(exactly: value) {
            storage.put(PickleOpcode.binInt.rawValue)
            storage.put(integer: small)
        } else {
            putLong(value)
        }
    }

    /// The shortest two's complement that keeps the sign, as LONG1.
    private mutating func putLong(_ value: Int) {
        let bits = Int.bitWidth - (value < 0 ? ~value : value).leadingZeroBitCount
        let size = bits / 8 + 1
        storage.put(PickleOpcode.long1.rawValue)
        storage.put(UInt8(truncatingIfNeeded: size))
        for index in 0..<size { storage.put(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }

    /// Writes an int that may be above `Int.max`.
    public mutating func uint(_ value: UInt64) {
        if let value = Int(exactly: value) { return int(value) }
        storage.reserve(11)
        storage.put(PickleOpcode.long1.rawValue)
        storage.put(9)
        storage.put(integer: value)
        storage.put(0)
    }

    /// Writes a float.
    @inline(__always)
    public mutating func double(_ value: Double) {
        storage.reserve(9)
        storage.put(PickleOpcode.binFloat.rawValue)
        storage.put(integer: value.bitPattern.byteSwapped)
    }

    /// Writes a str.
    @inline(__always)
    public mutating func string(_ value: String) {
        let words = SmallText.words(of: value)
        if let count = SmallText.count(of: words), knowsSmallText {
            // The room for all of both words; what is behind the text is overwritten by what comes next.
            storage.reserve(2 + MemoryLayout<SmallText.Words>.size)
            storage.put(PickleOpcode.shortBinUnicode.rawValue)
            storage.put(UInt8(truncatingIfNeeded: count))
            storage.put(words, count: count)
        } else {
            longString(value)
        }
    }

    @inline(never)
    private mutating func longString(_ value: String) {
        var value = value
        value.withUTF8 { text in unsafe textBytes(UnsafeRawBufferPointer(text)) }
    }

    /// Writes a str that is known when the program is built.
    @inline(__always)
    public mutating func string(_ value: StaticString) {
        if value.hasPointerRepresentation {
            unsafe textBytes(UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
        } else {
            string(value.description)
        }
    }

    /// Writes a str given as UTF-8.
    @inline(__always)
    mutating func textBytes(_ bytes: UnsafeRawBufferPointer) {
        let count = bytes.count
        storage.reserve(count + 9)
        if count < 256 {
            storage.put(PickleOpcode.shortBinUnicode.rawValue)
            storage.put(UInt8(truncatingIfNeeded: count))
        } else if let length = UInt32(exactly: count) {
            storage.put(PickleOpcode.binUnicode.rawValue)
            storage.put(integer: length)
        } else {
            storage.put(PickleOpcode.binUnicode8.rawValue)
            storage.put(integer: UInt64(count))
        }
        unsafe storage.put(bytes)
    }

    /// Writes bytes.
    public mutating func bytes(_ value: UnsafeRawBufferPointer) {
        bytesHeader(count: value.count)
        unsafe storage.put(value)
    }

    /// Writes bytes.
    public mutating func bytes(_ value: [UInt8]) {
        bytesHeader(count: value.count)
        unsafe value.withUnsafeBytes { unsafe storage.put($0) }
    }

    /// Writes opcode and length of bytes; the caller appends exactly so many raw bytes, here or elsewhere.
    public mutating func bytesHeader(count: Int) {
        storage.reserve(9)
        if count < 256 {
            storage.put(PickleOpcode.shortBinBytes.rawValue)
            storage.put(UInt8(truncatingIfNeeded: count))
        } else if let length = UInt32(exactly: count) {
            storage.put(PickleOpcode.binBytes.rawValue)
            storage.put(integer: length)
        } else {
            storage.put(PickleOpcode.binBytes8.rawValue)
            storage.put(integer: UInt64(count))
        }
    }

    /// Appends bytes as they are.
    public mutating func raw(_ value: UnsafeRawBufferPointer) { unsafe storage.put(value) }

    /// Appends bytes as they are.
    public mutating func raw(_ value: [UInt8]) { unsafe value.withUnsafeBytes { unsafe storage.put($0) } }
}
