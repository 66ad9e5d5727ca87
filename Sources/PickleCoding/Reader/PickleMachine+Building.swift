extension ByteView {
    /// No bytes.
    static var empty: ByteView { unsafe ByteView(UnsafeRawBufferPointer(start: nil, count: 0)) }
}

/// Making documents without a pickle: the machine's store is filled directly.
extension PickleMachine {
    /// A machine without input, to build values in.
    init() { self.init(.empty, limits: PickleLimits(maxDepth: .max), options: PickleReadingOptions()) }

    /// Ends building and gives a view of one node.
    consuming func value(_ root: UInt32) throws(PickleError) -> PickleValue {
        try finish(root: root)
        return PickleValue(makeStorage(source: .array([])), root)
    }

    /// Adds a container of values that are already here.
    mutating func addContainer(_ tag: PickleNode.Tag, _ items: [UInt32]) throws(PickleError) -> UInt32 {
        var range = ChildRange()
        for item in items { try extend(&range, with: item) }
        var node = PickleNode(tag, flags: tag == .tuple || tag == .frozenSet ? [] : .unhashable)
        if tag == .tuple, items.contains(where: { !nodes[Int($0)].isHashable }) { node.flags = .unhashable }
        node.children = range
        if tag == .dict || tag == .set { keyed.append(UInt32(truncatingIfNeeded: nodes.count)) }
        let index = try add(node)
        if tag == .frozenSet { mergeKeys(of: index) }
        return index
    }
}
