/// Python's rules for equal keys: numbers by value, text by code points, tuples and frozensets by content, instances by
/// identity.
///
/// Composite values are compared by a 64-bit hash that is keyed afresh in every process and cached per node, so that
/// shared tuples, however deep, cost one visit each.
extension PickleMachine {
    /// Up to this many entries are searched one after another.
    static var smallTable: Int { 8 }

    /// Merges equal keys or elements of a dict, set or frozenset and makes its key table.
    mutating func mergeKeys(of index: UInt32) {
        var node = nodes[Int(index)]
        var range = node.children
        let table = mergeKeys(in: &range, step: node.tag == .dict ? 2 : 1)
        range.capacity = table
        node.children = range
        nodes[Int(index)] = node
    }

    /// Merges equal keys in a run of children and gives the place of its key table plus one, or zero.
    mutating func mergeKeys(in range: inout ChildRange, step: Int) -> UInt32 {
        let count = Int(range.count) / step
        if count <= 1 { return 0 }
        if count <= Self.smallTable {
            mergeFew(in: &range, step: step, count: count)
            return 0
        }
        var size = 16
        while size < count * 2 { size *= 2 }
        var table = ContiguousArray<UInt32>(repeating: 0, count: size)
        let start = Int(range.start)
        var kept = 0
        for entry in 0..<count {
            let key = children[start + entry * step]
            var slot = Int(truncatingIfNeeded: hash(key)) & (size - 1)
            while table[slot] != 0, !equalKeys(children[start + Int(table[slot] - 1) * step], key) {
                slot = (slot + 1) & (size - 1)
            }
            if table[slot] != 0 {
                if step == 2 { children[start + Int(table[slot] - 1) * 2 + 1] = children[start + entry * 2 + 1] }
                continue
            }
            table[slot] = UInt32(kept + 1)
            if kept != entry {
                for part in 0..<step { children[start + kept * step + part] = children[start + entry * step + part] }
            }
            kept += 1
        }
        range.count = UInt32(kept * step)
        let place = tables.count
        guard kept > Self.smallTable, place < Int(UInt32.max) - 1 else { return 0 }
        tables.append(UInt32(size.trailingZeroBitCount))
        tables.append(contentsOf: table)
        return UInt32(place + 1)
    }

    private mutating func mergeFew(in range: inout ChildRange, step: Int, count: Int) {
        let start = Int(range.start)
        var kept = 0
        next: for entry in 0..<count {
            let key = children[start + entry * step]
            for earlier in 0..<kept where equalKeys(children[start + earlier * step], key) {
                if step == 2 { children[start + earlier * 2 + 1] = children[start + entry * 2 + 1] }
                continue next
            }
            if kept != entry {
                for part in 0..<step { children[start + kept * step + part] = children[start + entry * step + part] }
            }
            kept += 1
        }
        range.count = UInt32(kept * step)
    }

    @inline(__always)
    func payload<R>(_ node: PickleNode, _ body: (ByteView) -> R) -> R {
        if node.flags.contains(.side) {
            return PickleSource.array(side).withView { body($0.slice(node.start, node.length)) }
        }
        return body(bytes.slice(node.start, node.length))
    }

    mutating func equalKeys(_ left: UInt32, _ right: UInt32) -> Bool {
        if left == right { return true }
        let (a, b) = (nodes[Int(left)], nodes[Int(right)])
        switch (a.tag, b.tag) {
        case (.string, .string), (.bytes, .bytes), (.bigInt, .bigInt):
            guard a.length == b.length else { return false }
            if !a.flags.contains(.side), !b.flags.contains(.side) {
                return bytes.slice(a.start, a.length) == bytes.slice(b.start, b.length)
            }
            return payload(a) { $0.array } == payload(b) { $0.array }
        case (.none, .none): return true
        case (.int, .int), (.bool, .bool), (.int, .bool), (.bool, .int): return a.payload == b.payload
        case (.float, .float): return a.float == b.float
        case (.float, .int), (.float, .bool): return Int(exactly: a.float) == b.int
        case (.int, .float), (.bool, .float): return Int(exactly: b.float) == a.int
        case (.float, .bigInt): return equal(b, a.float)
        case (.bigInt, .float): return equal(a, b.float)
        case (.tuple, .tuple), (.frozenSet, .frozenSet):
            return a.children.count == b.children.count && hash(left) == hash(right)
        case (.known, .known): return a.small == b.small && hash(left) == hash(right)
        case (.global, .global): return hash(left) == hash(right)
        case (.persistentID, .persistentID): return false
        default: return false
        }
    }

    private func equal(_ long: PickleNode, _ float: Double) -> Bool {
        let (value, exact) = payload(long) { BigDecimal.double(ofTwosComplement: $0) }
        return exact && value == float
    }

    /// The hash of a key; equal keys have equal hashes.
    mutating func hash(_ index: UInt32) -> UInt {
        if let simple = simpleHash(index) { return simple }
        if let known = hashes[index] { return known }
        // Children first, on a list of our own instead of the machine's stack.
        var work = [index]
        while let top = work.last {
            if hashes[top] != nil {
                work.removeLast()
                continue
            }
            let parts = hashedParts(of: top)
            var waiting = false
            for part in parts where simpleHash(part) == nil && hashes[part] == nil {
                work.append(part)
                waiting = true
            }
            if waiting { continue }
            let node = nodes[Int(top)]
            var sum: UInt = 0
            var hasher = Hasher()
            hasher.combine(node.tag.rawValue)
            hasher.combine(node.small)
            for part in parts {
                let value = simpleHash(part) ?? hashes[part] ?? 0
                if node.tag == .frozenSet {
                    var single = Hasher()
                    single.combine(value)
                    sum &+= UInt(bitPattern: single.finalize())
                } else {
                    hasher.combine(value)
                }
            }
            hasher.combine(sum)
            hasher.combine(parts.count)
            hashes[top] = UInt(bitPattern: hasher.finalize())
            work.removeLast()
        }
        return hashes[index] ?? 0
    }

    private func hashedParts(of index: UInt32) -> ContiguousArray<UInt32> {
        let node = nodes[Int(index)]
        switch node.tag {
        case .tuple, .frozenSet: return ContiguousArray(children[node.children.indices])
        case .global: return [node.pair.0, node.pair.1]
        case .known: return [records[Int(node.low)].arguments]
        default: return []
        }
    }

    private func simpleHash(_ index: UInt32) -> UInt? {
        let node = nodes[Int(index)]
        switch node.tag {
        case .none: return KeyHash.of(tag: 1, 0)
        case .bool, .int: return KeyHash.of(integer: node.int)
        case .float:
            if node.float.isNaN { return KeyHash.of(tag: 2, UInt64(index)) }
            return KeyHash.of(float: node.float)
        case .bigInt:
            let (value, exact) = payload(node) { BigDecimal.double(ofTwosComplement: $0) }
            return exact ? KeyHash.of(float: value) : payload(node) { KeyHash.of(bytes: $0, tag: 3) }
        case .string: return payload(node) { KeyHash.of(bytes: $0, tag: 4) }
        case .bytes: return payload(node) { KeyHash.of(bytes: $0, tag: 5) }
        case .tuple, .frozenSet, .global, .known: return nil
        default: return KeyHash.of(tag: 6, UInt64(index))
        }
    }
}

/// Hashes of keys, the same while reading and when a key is looked up.
enum KeyHash {
    @inline(__always)
    static func of(tag: UInt8, _ value: UInt64) -> UInt {
        var hasher = Hasher()
        hasher.combine(tag)
        hasher.combine(value)
        return UInt(bitPattern: hasher.finalize())
    }

    @inline(__always)
    static func of(integer: Int) -> UInt { of(tag: 7, UInt64(bitPattern: Int64(integer))) }

    static func of(float: Double) -> UInt {
        if let integer = Int(exactly: float) { return of(integer: integer) }
        return of(tag: 8, float.bitPattern)
    }

    @inline(__always)
    static func of(bytes: ByteView, tag: UInt8) -> UInt {
        var hasher = Hasher()
        hasher.combine(tag)
        unsafe bytes.withBytes { unsafe hasher.combine(bytes: $0) }
        return UInt(bitPattern: hasher.finalize())
    }
}
