/// Where values are copied from: a document, or another machine.
protocol NodeSource: ~Copyable {
    var nodes: ContiguousArray<PickleNode> { get }
    var children: ContiguousArray<UInt32> { get }
    var records: ContiguousArray<CallRecord> { get }
    var extras: ContiguousArray<RecordExtra> { get }
    /// The content of a text, bytes or long integer node.
    func content(of node: PickleNode) -> [UInt8]
    /// The content of an out-of-band buffer.
    func buffer(_ number: Int) -> [UInt8]
}

extension PickleStorage: NodeSource {
    func content(of node: PickleNode) -> [UInt8] { withPayload(node) { $0.array } }
    func buffer(_ number: Int) -> [UInt8] { buffers[number] }
}

extension PickleMachine: NodeSource {
    func content(of node: PickleNode) -> [UInt8] { payload(node) { $0.array } }
    func buffer(_ number: Int) -> [UInt8] { options.buffers[number] }
}

/// What is being copied: where each value went, and what is still to do.
struct Adoption {
    /// How many nodes, references and bytes may still be copied.
    var budget: Int
    fileprivate var map: [UInt32: UInt32] = [:]
    fileprivate var work: [UInt32] = []

    init(budget: Int = .max) { self.budget = budget }
}

extension PickleMachine {
    /// Copies a value of another document, with everything that it refers to; sharing and cycles are kept.
    mutating func adopt(_ value: PickleValue) throws(PickleError) -> UInt32 {
        var adoption = Adoption()
        return try adopt(value.index, from: value.storage, &adoption)
    }

    /// Copies a value of a source, with everything that it refers to.
    mutating func adopt<Source: NodeSource & ~Copyable>(
        _ index: UInt32, from source: borrowing Source, _ adoption: inout Adoption
    ) throws(PickleError) -> UInt32 {
        let root = try place(index, from: source, &adoption)
        while let old = adoption.work.popLast() {
            guard let new = adoption.map[old] else { continue }
            nodes[Int(new)] = try copy(source.nodes[Int(old)], to: new, from: source, &adoption)
        }
        return root
    }

    /// Gives a value its place here; its parts follow later.
    private mutating func place<Source: NodeSource & ~Copyable>(
        _ index: UInt32, from source: borrowing Source, _ adoption: inout Adoption
    ) throws(PickleError) -> UInt32 {
        if let known = adoption.map[index] { return known }
        try spend(1, &adoption)
        let new = try add(source.nodes[Int(index)])
        nestingCandidates += 1
        adoption.map[index] = new
        adoption.work.append(index)
        return new
    }

    private func spend(_ amount: Int, _ adoption: inout Adoption) throws(PickleError) {
        adoption.budget -= amount
        guard adoption.budget >= 0 else {
            throw failure(.limitExceeded, "persistent ids that share their parts take too long to look at")
        }
    }

    private mutating func run<Source: NodeSource & ~Copyable>(
        _ range: ChildRange, from source: borrowing Source, _ adoption: inout Adoption
    ) throws(PickleError) -> ChildRange {
        try spend(Int(range.count), &adoption)
        var result = ChildRange()
        for child in range.indices {
            try extend(&result, with: try place(source.children[child], from: source, &adoption))
        }
        return result
    }

    private mutating func copy<Source: NodeSource & ~Copyable>(
        _ original: PickleNode, to new: UInt32, from source: borrowing Source, _ adoption: inout Adoption
    ) throws(PickleError) -> PickleNode {
        var node = original
        switch node.tag {
        case .string, .bytes, .byteArray, .bigInt:
            try spend(node.length, &adoption)
            node = PickleNode(
                node.tag, start: side.count, length: node.length, flags: node.flags.union(.side))
            side.append(contentsOf: source.content(of: original))
        case .list, .tuple, .dict, .set, .frozenSet:
            node.children = try run(node.children, from: source, &adoption)
            if node.tag == .dict || node.tag == .set || node.tag == .frozenSet { keyed.append(new) }
        case .global:
            let module = try place(node.pair.0, from: source, &adoption)
            let name = try place(node.pair.1, from: source, &adoption)
            node.payload = UInt64(module) | UInt64(name) << 32
        case .persistentID:
            node.payload = UInt64(try place(UInt32(truncatingIfNeeded: node.payload), from: source, &adoption))
        case .buffer:
            let content = source.buffer(node.start)
            try spend(content.count, &adoption)
            let isReadOnly = node.flags.contains(.readOnly)
            node = PickleNode(
                isReadOnly ? .bytes : .byteArray, start: side.count, length: content.count,
                flags: isReadOnly ? .side : [.side, .unhashable])
            side.append(contentsOf: content)
        case .reduce, .instance, .known:
            let record = try copyRecord(source.records[Int(node.low)], from: source, &adoption)
            if KnownType(node)?.isMapping == true { keyed.append(new) }
            node.low = UInt32(truncatingIfNeeded: records.count)
            records.append(record)
        case .none, .bool, .int, .float: break
        }
        return node
    }

    private mutating func copyRecord<Source: NodeSource & ~Copyable>(
        _ original: CallRecord, from source: borrowing Source, _ adoption: inout Adoption
    ) throws(PickleError) -> CallRecord {
        var record = original
        record.callee = try place(record.callee, from: source, &adoption)
        record.arguments = try place(record.arguments, from: source, &adoption)
        if record.keywords != CallRecord.absent {
            record.keywords = try place(record.keywords, from: source, &adoption)
        }
        if record.state != CallRecord.absent { record.state = try place(record.state, from: source, &adoption) }
        guard record.extra != CallRecord.absent else { return record }
        var extra = source.extras[Int(record.extra)]
        extra.states = try run(extra.states, from: source, &adoption)
        extra.items = try run(extra.items, from: source, &adoption)
        extra.pairs = try run(extra.pairs, from: source, &adoption)
        extra.adds = try run(extra.adds, from: source, &adoption)
        record.extra = UInt32(truncatingIfNeeded: extras.count)
        extras.append(extra)
        return record
    }
}
