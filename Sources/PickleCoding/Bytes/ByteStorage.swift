/// A growing run of bytes that becomes an array without a copy.
///
/// The only owner of raw memory on the writing side: the array is uniquely held here, always as long as its capacity, and
/// written through one pointer; `finish()` cuts it to the bytes that were written.
@safe
struct ByteStorage: ~Copyable {
    private var array: [UInt8]
    private var base: UnsafeMutableRawPointer
    private(set) var capacity: Int
    private(set) var count: Int

    init(reservingCapacity capacity: Int) {
        let capacity = max(capacity, 64)
        array = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            unsafe HugePageAdvice.give(UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped), capacity)
            count = capacity
        }
        unsafe base = array.withUnsafeMutableBytes { buffer in unsafe buffer.baseAddress.unsafelyUnwrapped }
        self.capacity = capacity
        count = 0
    }

    /// Makes room for so many more bytes.
    @inline(__always)
    mutating func reserve(_ extra: Int) {
        if capacity &- count < extra { grow(by: extra) }
    }

    @inline(never)
    private mutating func grow(by extra: Int) {
        // Twice the size until a quarter of a gigabyte, then half as much again: a copy costs less than the waste.
        let wanted = capacity < 1 << 28 ? capacity * 2 : capacity + capacity / 2
        // Room for what closes the containers around a large value, which would otherwise double the whole once more.
        let size = max(wanted, count + extra + 256)
        let (old, used) = unsafe (UnsafeRawPointer(base), count)
        var larger = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            let start = unsafe UnsafeMutableRawPointer(buffer.baseAddress.unsafelyUnwrapped)
            unsafe HugePageAdvice.give(start, size)
            unsafe start.copyMemory(from: old, byteCount: used)
            count = size
        }
        unsafe base = larger.withUnsafeMutableBytes { buffer in unsafe buffer.baseAddress.unsafelyUnwrapped }
        array = larger
        capacity = size
    }

    /// Appends one byte; room must have been reserved.
    @inline(__always)
    mutating func put(_ byte: UInt8) {
        assert(count < capacity)
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count &+= 1
    }

    /// Appends the bytes of an integer in the machine's (little-endian) order; room must have been reserved.
    @inline(__always)
    mutating func put<T: FixedWidthInteger & BitwiseCopyable>(integer value: T) {
        assert(count + MemoryLayout<T>.size <= capacity)
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: count, as: T.self)
        count &+= MemoryLayout<T>.size
    }

    /// Appends the first bytes of two words, of which all sixteen are written; room for them must have been reserved.
    @inline(__always)
    mutating func put(_ words: SmallText.Words, count used: Int) {
        assert(count + 16 <= capacity)
        unsafe base.storeBytes(of: words.low.littleEndian, toByteOffset: count, as: UInt64.self)
        unsafe base.storeBytes(of: words.high.littleEndian, toByteOffset: count &+ 8, as: UInt64.self)
        count &+= used
    }

    /// Appends raw bytes.
    @inline(__always)
    mutating func put(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        let size = bytes.count
        if let source = bytes.baseAddress {
            let target = unsafe base + count
            // A call for a few bytes costs more than they do; two moves that overlap cover 8 to 16.
            if size > 16 || size < 4 {
                unsafe target.copyMemory(from: source, byteCount: size)
            } else if size >= 8 {
                let tail = unsafe source.loadUnaligned(fromByteOffset: size &- 8, as: UInt64.self)
                unsafe target.storeBytes(of: source.loadUnaligned(as: UInt64.self), as: UInt64.self)
                unsafe target.storeBytes(of: tail, toByteOffset: size &- 8, as: UInt64.self)
            } else {
                let tail = unsafe source.loadUnaligned(fromByteOffset: size &- 4, as: UInt32.self)
                unsafe target.storeBytes(of: source.loadUnaligned(as: UInt32.self), as: UInt32.self)
                unsafe target.storeBytes(of: tail, toByteOffset: size &- 4, as: UInt32.self)
            }
        }
        count &+= size
    }

    /// Appends the bytes of a short literal; `length` is counted in bytes.
    @inline(__always)
    mutating func put(_ literal: StaticString, length: Int) {
        reserve(length)
        unsafe (base + count).copyMemory(from: literal.utf8Start, byteCount: length)
        count &+= length
    }

    /// Appends one byte, making room for it.
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        put(byte)
    }

    /// Overwrites eight bytes that were written earlier.
    mutating func patch(_ value: UInt64, at offset: Int) {
        precondition(offset >= 0 && offset + 8 <= count, "patch outside the bytes written")
        unsafe base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
    }

    /// Overwrites one byte that was written earlier.
    mutating func overwrite(_ byte: UInt8, at offset: Int) {
        precondition(offset >= 0 && offset < count, "patch outside the bytes written")
        unsafe base.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
    }

    /// A byte that was written earlier.
    subscript(offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < count, "read outside the bytes written")
        return unsafe base.load(fromByteOffset: offset, as: UInt8.self)
    }

    /// Gives the bytes written from an offset on.
    borrowing func copy(from start: Int, to end: Int) -> [UInt8] {
        precondition(start >= 0 && start <= end && end <= count, "read outside the bytes written")
        return unsafe [UInt8](UnsafeRawBufferPointer(start: base + start, count: end - start))
    }

    /// Runs a closure over the bytes written.
    borrowing func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        unsafe try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// Runs a closure over raw room for so many bytes at the end, which then count as written.
    mutating func withRoom(_ size: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
        reserve(size)
        unsafe body(UnsafeMutableRawBufferPointer(start: base + count, count: size))
        count += size
    }

    /// Runs a closure over raw room for at most so many bytes at the end; it gives how many it wrote.
    mutating func withRoom(atMost size: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) {
        reserve(size)
        let used = unsafe body(UnsafeMutableRawBufferPointer(start: base + count, count: size))
        precondition(used >= 0 && used <= size, "more written than there was room")
        count += used
    }

    /// Forgets what was written from an offset on.
    mutating func truncate(to offset: Int) {
        precondition(offset >= 0 && offset <= count, "cut outside the bytes written")
        count = offset
    }

    /// Makes room inside: moves what follows an offset and puts bytes there.
    mutating func insert(_ bytes: [UInt8], at offset: Int) {
        precondition(offset >= 0 && offset <= count, "insertion outside the bytes written")
        reserve(bytes.count)
        let tail = count - offset
        unsafe (base + offset + bytes.count).copyMemory(from: base + offset, byteCount: tail)
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                unsafe (base + offset).copyMemory(from: start, byteCount: source.count)
            }
        }
        count += bytes.count
    }

    /// Replaces the bytes from an offset to the end.
    mutating func replaceTail(from offset: Int, with bytes: [UInt8]) {
        truncate(to: offset)
        unsafe bytes.withUnsafeBytes { unsafe put($0) }
    }

    /// Sorts the parts that begin at the given places by their bytes; of parts that begin alike the order stays.
    mutating func sortParts(starts: [Int]) {
        guard let first = starts.first else { return }
        let tail = copy(from: first, to: count)
        var parts: [Range<Int>] = []
        for (index, start) in starts.enumerated() {
            parts.append((start - first)..<((index + 1 < starts.count ? starts[index + 1] : count) - first))
        }
        let sorted = PickleSource.array(tail).withView { view in
            parts.sorted { view.slice($0.lowerBound, $0.count) < view.slice($1.lowerBound, $1.count) }
        }
        truncate(to: first)
        for part in sorted { unsafe tail[part].withUnsafeBytes { unsafe put($0) } }
    }

    /// Gives the bytes as an array, which takes over the memory.
    consuming func finish() -> [UInt8] {
        array.removeLast(capacity - count)
        return array
    }
}
