/// Reads pickles of a known shape straight into Swift values, without a document between.
///
/// Knows the opcodes that plain lists, dicts and records are made of. On anything else it gives up, and the caller reads a
/// document instead, which knows everything and says what is wrong; so nothing here needs to make an error.
struct DirectReader: ~Copyable {
    /// Thrown by parts that give up.
    struct Unusual: Error {}

    let bytes: ByteView
    private(set) var position = 0
    /// The end of the frame, or of the input.
    private var limit: Int
    /// For every memo entry the place of a text: offset times 2³² plus length plus one; zero for other values.
    private var memo: ContiguousArray<UInt64> = []

    private let knowsSmallText = SmallText.isKnown
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
    private mutating func take(_ size: Int) -> Int? {
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

    // MARK: Containers

    /// Reads a list, every item by a closure that sees its opcode and whether more items may follow in the same group.
    ///
    /// False if anything is unusual.
    @inline(__always)
    mutating func list(_ item: (inout DirectReader, UInt8, Bool) -> Bool) -> Bool {
        guard next() == PickleOpcode.emptyList.rawValue, memoize() else { return false }
        while let opcode = next() {
            switch opcode {
            case PickleOpcode.mark.rawValue:
                while let opcode = next(), opcode != PickleOpcode.appends.rawValue {
                    guard item(&self, opcode, true) else { return false }
                }
            case PickleOpcode.stop.rawValue:
                putBack()
                return true
            default:
                guard item(&self, opcode, false), next() == PickleOpcode.append.rawValue else { return false }
            }
        }
        return false
    }

    /// Reads a dict with str keys.
    @inline(__always)
    mutating func dict<Value>(
        _ type: Value.Type, _ value: (inout DirectReader) -> Value?
    ) -> [String: Value]? {
        guard next() == PickleOpcode.emptyDict.rawValue, memoize() else { return nil }
        // A pair takes five bytes at least; the guess is bounded, since the input may be hostile.
        var result = [String: Value](minimumCapacity: min((bytes.count - position) / 16, 1 << 20))
        while let opcode = next() {
            switch opcode {
            case PickleOpcode.mark.rawValue:
                while let opcode = next(), opcode != PickleOpcode.setItems.rawValue {
                    guard pair(opcode, value, into: &result) else { return nil }
                }
            case PickleOpcode.stop.rawValue:
                putBack()
                return result
            default:
                guard pair(opcode, value, into: &result), next() == PickleOpcode.setItem.rawValue else { return nil }
            }
        }
        return nil
    }

    @inline(__always)
    private mutating func pair<Value>(
        _ opcode: UInt8, _ value: (inout DirectReader) -> Value?, into result: inout [String: Value]
    ) -> Bool {
        guard let place = textPlace(opcode), let key = string(at: place), let item = value(&self) else { return false }
        return result.updateValue(item, forKey: key) == nil
    }

    /// So many elements tell how many more there will be.
    private static var sample: Int { 4_096 }

    /// Makes room for the elements that the rest of the input probably holds, given what those so far took.
    @inline(never)
    private func reserve<Element>(_ result: inout [Element], smallest: Int) {
        let each = max(Double(position) / Double(result.count), Double(smallest))
        let expected = max(Int(Double(bytes.count) / each * 1.02) + 16, result.count * 2)
        // Never more than can follow: memory stays in proportion to the input.
        result.reserveCapacity(min(expected, result.count + (bytes.count - position) / smallest + 1))
    }

    mutating func ints() -> [Int]? {
        var result: [Int] = []
        result.reserveCapacity(min(bytes.count / 2, Self.sample))
        let complete = list { reader, opcode, isGroup in
            guard let value = reader.int(opcode) else { return false }
            if result.count >= Self.sample, result.count == result.capacity { reader.reserve(&result, smallest: 2) }
            result.append(value)
            if isGroup { reader.smallInts(into: &result) }
            return true
        }
        return complete ? result : nil
    }

    /// Takes the ints of one and two bytes that follow, as long as there is room for them.
    @inline(__always)
    private mutating func smallInts(into result: inout [Int]) {
        let room = result.capacity &- result.count
        guard room > 0, limit &- position > 3 else { return }
        var place = position
        let last = limit &- 3
        for _ in 0..<room {
            guard place < last else { break }
            if bytes[place] == 0x4B {
                result.append(Int(bytes[place &+ 1]))
                place &+= 2
            } else if bytes[place] == 0x4D {
                result.append(Int(bytes.load(place &+ 1, as: UInt16.self)))
                place &+= 3
            } else {
                break
            }
        }
        position = place
    }

    mutating func doubles() -> [Double]? {
        var result: [Double] = []
        result.reserveCapacity(bytes.count / 9)
        let complete = list { reader, opcode, isGroup in
            let value: Double
            if opcode == 0x47, let start = reader.take(8) {
                value = Double(bitPattern: reader.bytes.load(start, as: UInt64.self).byteSwapped)
            } else {
                // Python's lists of floats have ints among them.
                guard let integer = reader.int(opcode), let exact = Double(exactly: integer) else { return false }
                value = exact
            }
            if result.count == result.capacity { reader.reserve(&result, smallest: 2) }
            result.append(value)
            if isGroup { reader.plainDoubles(into: &result) }
            return true
        }
        return complete ? result : nil
    }

    /// Takes the floats that follow, as long as there is room for them.
    @inline(__always)
    private mutating func plainDoubles(into result: inout [Double]) {
        let room = min(result.capacity &- result.count, (limit &- position) / 9)
        var place = position
        for _ in 0..<max(room, 0) {
            guard bytes[place] == 0x47 else { break }
            result.append(Double(bitPattern: bytes.load(place &+ 1, as: UInt64.self).byteSwapped))
            place &+= 9
        }
        position = place
    }

    mutating func strings() -> [String]? {
        var result: [String] = []
        result.reserveCapacity(min(bytes.count / 8, Self.sample))
        let complete = list { reader, opcode, isGroup in
            guard let text = reader.string(opcode) else { return false }
            if result.count >= Self.sample, result.count == result.capacity {
                reader.reserve(&result, smallest: 2)
                reader.memo.reserveCapacity(result.capacity)
            }
            result.append(text)
            if isGroup { reader.shortTexts(into: &result) }
            return true
        }
        return complete ? result : nil
    }

    /// Takes the short texts that follow, as long as there is room for them.
    @inline(__always)
    private mutating func shortTexts(into result: inout [String]) {
        guard knowsSmallText else { return }
        let room = result.capacity &- result.count
        var place = position
        // Opcode, length, sixteen bytes that are loaded, and MEMOIZE lie before the end.
        let last = min(limit &- 19, (1 << 31) &- 1)
        for _ in 0..<room {
            guard place < last, bytes[place] == 0x8C else { break }
            let count = Int(bytes[place &+ 1])
            guard count <= SmallText.capacity else { break }
            let words = (bytes.load(place &+ 2, as: UInt64.self), bytes.load(place &+ 10, as: UInt64.self))
            guard let text = SmallText.make(words, count: count) else { break }
            result.append(text)
            if bytes[place &+ 2 &+ count] == 0x94 {
                memo.append(UInt64(place &+ 2) << 32 | UInt64(count &+ 1))
                place &+= 3 &+ count
            } else if bytes[place &+ 2 &+ count] == 0x71 || bytes[place &+ 2 &+ count] == 0x72 {
                // A numbered entry: the text is taken back and read the ordinary way.
                result.removeLast()
                break
            } else {
                place &+= 2 &+ count
            }
        }
        position = place
    }
}
