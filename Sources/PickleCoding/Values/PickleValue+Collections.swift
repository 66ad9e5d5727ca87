extension PickleValue {
    /// The children that are items: of a list, tuple, set or deque.
    var itemRange: ChildRange? {
        switch node.tag {
        case .list, .tuple, .set, .frozenSet: node.children
        case .known where KnownType(node) == .deque: dequeItems
        default: nil
        }
    }

    /// The items of a deque: the newest, if it is bounded.
    private var dequeItems: ChildRange {
        guard let extra else { return ChildRange() }
        var range = extra.items
        if extra.bound >= 0, Int(range.count) > extra.bound {
            range.start += range.count - UInt32(extra.bound)
            range.count = UInt32(extra.bound)
        }
        return range
    }

    /// The children that are pairs: of a dict or a mapping of a known type; with the key table.
    var pairRange: (range: ChildRange, table: UInt32)? {
        switch node.tag {
        case .dict:
            return (node.children, node.low)
        case .known where KnownType(node)?.isMapping == true:
            return extra.map { ($0.pairs, $0.table) } ?? (ChildRange(), 0)
        default: return nil
        }
    }

    /// How many items or pairs a container has, or bytes a str or bytes; zero for everything else.
    public var count: Int {
        if let itemRange { return Int(itemRange.count) }
        if let pairRange { return Int(pairRange.range.count) / 2 }
        switch node.tag {
        case .string, .bytes, .byteArray: return node.length
        case .buffer: return storage.buffers[node.start].count
        default: return 0
        }
    }

    /// The items of a list, tuple, set, frozenset or deque.
    public var items: [PickleValue]? { itemRange.map(values) }

    /// The pairs of a dict, in order.
    public var pairs: [(key: PickleValue, value: PickleValue)]? { pairRange.map { pairs(in: $0.range) } }

    /// The item at a position of a list, tuple or deque; nil if there is none.
    public subscript(position: Int) -> PickleValue? {
        guard let range = itemRange, position >= 0, position < Int(range.count) else { return nil }
        return PickleValue(storage, storage.children[range.indices.lowerBound + position])
    }

    /// The value of a str key in a dict; nil if there is none.
    public subscript(key: String) -> PickleValue? {
        var key = key
        return key.withUTF8 { text in
            findText(unsafe ByteView(UnsafeRawBufferPointer(text)), startingAt: 0).map {
                PickleValue(storage, $0.value)
            }
        }
    }

    /// Finds a str key given as UTF-8, looking first at the pair where it is expected; gives its value and its place.
    @inline(__always)
    func findText(_ key: ByteView, startingAt hint: Int) -> (value: UInt32, place: Int)? {
        guard let (range, table) = pairRange else { return nil }
        let count = Int(range.count) / 2
        let start = Int(range.start)
        if hint < count, isText(storage.children[start + hint * 2], key) {
            return (storage.children[start + hint * 2 + 1], hint)
        }
        if table != 0 {
            let base = Int(table)
            let mask = (1 << Int(storage.tables[base - 1])) - 1
            var slot = Int(truncatingIfNeeded: KeyHash.of(bytes: key, tag: 4)) & mask
            while case let entry = storage.tables[base + slot], entry != 0 {
                let place = Int(entry) - 1
                if isText(storage.children[start + place * 2], key) {
                    return (storage.children[start + place * 2 + 1], place)
                }
                slot = (slot + 1) & mask
            }
            return nil
        }
        for place in 0..<count where isText(storage.children[start + place * 2], key) {
            return (storage.children[start + place * 2 + 1], place)
        }
        return nil
    }

    @inline(__always)
    private func isText(_ index: UInt32, _ key: ByteView) -> Bool {
        let node = storage.nodes[Int(index)]
        guard node.tag == .string, node.length == key.count else { return false }
        return storage.withPayload(node) { $0 == key }
    }
}
