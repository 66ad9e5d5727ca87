/// Reads pickles of a known shape straight into Swift values, without a document between.
///
/// Knows the opcodes that plain lists, dicts and records are made of. On anything else it gives up, and the caller reads a
/// document instead, which knows everything and says what is wrong; so nothing here needs to make an error.
struct DirectReader: ~Copyable {
    /// Thrown by parts that give up.
    struct Unusual: Error {}

    let bytes: ByteView
    var position = 0
    /// The end of the frame, or of the input.
    var limit: Int
    /// For every memo entry the place of a text: offset times 2³² plus length plus one; zero for other values.
    var memo: ContiguousArray<UInt64> = []

    let knowsSmallText = SmallText.isKnown
    /// Longer texts that were fetched from the memo: one copy each, however often they are used.
    private var fetched: [UInt64: String] = [:]

    init(_ bytes: ByteView) {
        self.bytes = bytes
        limit = bytes.count
    }

    // MARK: Opcodes

    /// The next opcode, frames entered and left on the way; nil at the end.
    @inline(__always)
    mutating func next() -> UInt8? {
        if position < limit, bytes[position] != 0x95 {
            position &+= 1
            return bytes[position &- 1]
        }
        return nextAcrossFrames()
    }

    @inline(never)
    private mutating func nextAcrossFrames() -> UInt8? {
        while true {
            if position >= limit {
                guard limit < bytes.count else { return nil }
                limit = bytes.count
                continue
            }
            guard bytes[position] == PickleOpcode.frame.rawValue else {
                position += 1
                return bytes[position - 1]
            }
            // A frame may not begin where another has bytes left behind it.
            guard limit - position >= 9, limit == bytes.count || limit == position + 9 else { return giveUp() }
            let length = bytes.load(position + 1, as: UInt64.self)
            position += 9
            guard length <= UInt64(bytes.count - position) else { return giveUp() }
            limit = position + Int(length)
        }
    }

    /// Ends reading for good, so that no loop goes on behind a bad frame.
    private mutating func giveUp() -> UInt8? {
        position = bytes.count
        limit = position
        return nil
    }

    /// Puts the opcode back that was just taken.
    @inline(__always)
    mutating func putBack() { position &-= 1 }

    @inline(__always)
    mutating func take(_ size: Int) -> Int? {
        guard size <= limit &- position else { return nil }
        position &+= size
        return position &- size
    }

    /// Reads PROTO, if there is one.
    mutating func header() -> Bool {
        guard bytes.count > 2 else { return false }
        if bytes[0] == PickleOpcode.proto.rawValue {
            guard bytes[1] <= 5 else { return false }
            position = 2
        }
        return true
    }

    /// Whether STOP comes next.
    mutating func stop() -> Bool { next() == PickleOpcode.stop.rawValue }

    /// Takes the opcode that memoizes what was just read, if there is one.
    @inline(__always)
    mutating func memoize(_ place: UInt64 = 0) -> Bool {
        guard position < limit else { return true }
        switch bytes[position] {
        case 0x94:
            position &+= 1
            memo.append(place)
            return true
        case 0x71, 0x72: return memoizeNumbered(place)
        default: return true
        }
    }

    @inline(never)
    private mutating func memoizeNumbered(_ place: UInt64) -> Bool {
        let short = bytes[position] == 0x71
        position += 1
        guard let start = take(short ? 1 : 4) else { return false }
        let index = short ? Int(bytes[start]) : Int(bytes.load(start, as: UInt32.self))
        // Only entries in order; writers that number differently are left to the document.
        guard index == memo.count else { return false }
        memo.append(place)
        return true
    }

    /// The number of memo entries so far.
    var memoCount: Int { memo.count }

    // MARK: Values

    @inline(__always)
    mutating func int() -> Int? {
        guard let opcode = next() else { return nil }
        return int(opcode)
    }

    @inline(__always)
    mutating func int(_ opcode: UInt8) -> Int? {
        switch opcode {
        case 0x4B:
            guard let start = take(1) else { return nil }
            return Int(bytes[start])
        case 0x4D:
            guard let start = take(2) else { return nil }
            return Int(bytes.load(start, as: UInt16.self))
        case 0x4A:
            guard let start = take(4) else { return nil }
            return Int(Int32(bitPattern: bytes.load(start, as: UInt32.self)))
        case 0x8A: return long()
        default: return nil
        }
    }

    @inline(never)
    private mutating func long() -> Int? {
        guard let size = take(1), bytes[size] <= 8, let start = take(Int(bytes[size])) else { return nil }
        let node = PickleMachine.integerNode(bytes.slice(start, Int(bytes[size])), start: 0, flags: [])
        return node.int
    }

    @inline(__always)
    mutating func double() -> Double? {
        guard let opcode = next(), opcode == 0x47, let start = take(8) else { return nil }
        return Double(bitPattern: bytes.load(start, as: UInt64.self).byteSwapped)
    }

    /// A number of a list of floats; Python's lists of floats have ints among them.
    @inline(__always)
    mutating func double(_ opcode: UInt8) -> Double? {
        if opcode == 0x47, let start = take(8) {
            return Double(bitPattern: bytes.load(start, as: UInt64.self).byteSwapped)
        }
        return int(opcode).flatMap { Double(exactly: $0) }
    }

    @inline(__always)
    mutating func bool() -> Bool? {
        guard let opcode = next(), opcode == 0x88 || opcode == 0x89 else { return nil }
        return opcode == 0x88
    }

    /// The place of a text, here or in the memo, as the memo has it.
    @inline(__always)
    mutating func textPlace() -> UInt64? {
        guard let opcode = next() else { return nil }
        return textPlace(opcode)
    }

    @inline(__always)
    mutating func textPlace(_ opcode: UInt8) -> UInt64? {
        let length: Int
        switch opcode {
        case 0x8C:
            guard let size = take(1) else { return nil }
            length = Int(bytes[size])
        case 0x58:
            guard let size = take(4) else { return nil }
            length = Int(bytes.load(size, as: UInt32.self))
        case 0x68:
            guard let index = take(1) else { return nil }
            return fetch(Int(bytes[index]))
        case 0x6A:
            guard let index = take(4) else { return nil }
            return fetch(Int(bytes.load(index, as: UInt32.self)))
        default: return nil
        }
        guard let start = take(length), start < 1 << 31, length < Int(UInt32.max) else { return nil }
        let place = UInt64(start) << 32 | UInt64(length + 1)
        return memoize(place) ? place : nil
    }

    @inline(__always)
    private func fetch(_ index: Int) -> UInt64? {
        guard index < memo.count, memo[index] != 0 else { return nil }
        return memo[index]
    }

    @inline(__always)
    func text(at place: UInt64) -> ByteView {
        bytes.slice(Int(place >> 32), Int(place & 0xFFFF_FFFF) &- 1)
    }

    @inline(__always)
    mutating func string() -> String? {
        guard let opcode = next() else { return nil }
        return string(opcode)
    }

    @inline(__always)
    mutating func string(_ opcode: UInt8) -> String? {
        guard let place = textPlace(opcode) else { return nil }
        let isLong = place & 0xFFFF_FFFF > UInt64(SmallText.capacity) + 1
        return isLong && (opcode == 0x68 || opcode == 0x6A) ? sharedString(at: place) : string(at: place)
    }

    @inline(never)
    private mutating func sharedString(at place: UInt64) -> String? {
        if let known = fetched[place] { return known }
        guard let text = string(at: place) else { return nil }
        fetched[place] = text
        return text
    }

    @inline(__always)
    func string(at place: UInt64) -> String? {
        let view = text(at: place)
        if let small = SmallText.make(view, knowsSmallText) { return small }
        switch view.checkText() {
        case .ascii, .unicode: return view.string
        case .surrogates, .invalid: return nil
        }
    }

    mutating func blob() -> [UInt8]? {
        guard let opcode = next() else { return nil }
        let length: Int
        switch opcode {
        case 0x43:
            guard let size = take(1) else { return nil }
            length = Int(bytes[size])
        case 0x42:
            guard let size = take(4) else { return nil }
            length = Int(bytes.load(size, as: UInt32.self))
        default: return nil
        }
        guard let start = take(length), memoize() else { return nil }
        return bytes.slice(start, length).array
    }
}
