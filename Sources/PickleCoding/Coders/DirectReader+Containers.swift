/// Lists and dicts of plain values.
extension DirectReader {
    /// Reads a list, every item by a closure that sees its opcode and whether more items may follow in the same group.
    ///
    /// A list inside another ends where the other goes on. False if anything is unusual.
    @inline(__always)
    mutating func list(inside: Bool = false, _ item: (inout DirectReader, UInt8, Bool) -> Bool) -> Bool {
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
            case PickleOpcode.append.rawValue where inside, PickleOpcode.appends.rawValue where inside,
                PickleOpcode.emptyList.rawValue where inside:
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
            guard let value = reader.double(opcode) else { return false }
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
