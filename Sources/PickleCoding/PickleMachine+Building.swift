extension ByteView {
    /// No bytes.
    static var empty: ByteView { unsafe ByteView(UnsafeRawBufferPointer(start: nil, count: 0)) }
}

/// Making documents without a pickle: the machine's store is filled directly.
extension PickleMachine {
    /// A machine without input, to build values in.
    init() { self.init(.empty, limits: PickleLimits(), options: PickleReadingOptions()) }

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

    /// Copies a value of another document, with everything that it refers to; sharing and cycles are kept.
    mutating func adopt(_ value: PickleValue) throws(PickleError) -> UInt32 {
        let source = value.storage
        var map: [UInt32: UInt32] = [:]
        var work: [UInt32] = []
        func place(_ index: UInt32) throws(PickleError) -> UInt32 {
            if let known = map[index] { return known }
            let new = try add(source.nodes[Int(index)])
            map[index] = new
            work.append(index)
            return new
        }
        let root = try place(value.index)
        while let old = work.popLast() {
            var node = source.nodes[Int(old)]
            switch node.tag {
            case .string, .bytes, .byteArray, .bigInt:
                let content = source.withPayload(node) { $0.array }
                let flags = node.flags.union(.side)
                node = PickleNode(node.tag, start: side.count, length: content.count, flags: flags)
                side.append(contentsOf: content)
            case .list, .tuple, .dict, .set, .frozenSet:
                var range = ChildRange()
                for child in node.children.indices { try extend(&range, with: try place(source.children[child])) }
                node.children = range
                if node.tag == .dict || node.tag == .set || node.tag == .frozenSet, let new = map[old] {
                    keyed.append(new)
                }
            case .global:
                let (module, name) = (try place(node.pair.0), try place(node.pair.1))
                node.payload = UInt64(module) | UInt64(name) << 32
            case .persistentID: node.payload = UInt64(try place(UInt32(truncatingIfNeeded: node.payload)))
            case .buffer:
                node = PickleNode(
                    node.flags.contains(.readOnly) ? .bytes : .byteArray, start: side.count,
                    length: source.buffers[node.start].count, flags: .side)
                side.append(contentsOf: source.buffers[Int(source.nodes[Int(old)].start)])
            case .reduce, .instance, .known:
                var record = source.records[Int(node.low)]
                record.callee = try place(record.callee)
                record.arguments = try place(record.arguments)
                if record.keywords != CallRecord.absent { record.keywords = try place(record.keywords) }
                if record.state != CallRecord.absent { record.state = try place(record.state) }
                if record.extra != CallRecord.absent {
                    var extra = source.extras[Int(record.extra)]
                    for path in [\RecordExtra.states, \.items, \.pairs, \.adds] {
                        var range = ChildRange()
                        for child in extra[keyPath: path].indices {
                            try extend(&range, with: try place(source.children[child]))
                        }
                        extra[keyPath: path] = range
                    }
                    record.extra = UInt32(truncatingIfNeeded: extras.count)
                    extras.append(extra)
                }
                if KnownType(node)?.isMapping == true, let new = map[old] { keyed.append(new) }
                node.low = UInt32(truncatingIfNeeded: records.count)
                records.append(record)
            case .none, .bool, .int, .float: break
            }
            if let new = map[old] { nodes[Int(new)] = node }
        }
        return root
    }
}
