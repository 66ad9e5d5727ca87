/// A pickle that was read: all its values in one flat store.
///
/// Nothing was imported, looked up or called: names are data and calls are records. Shared values stay shared, cycles are
/// kept and do not leak, and text and bytes lie in the source until they are asked for.
public struct PickleDocument: Sendable {
    let storage: PickleStorage
    let rootIndex: UInt32

    /// Reads a pickle from an array, whose memory is shared, not copied.
    ///
    /// Reading stops at STOP; ``endOffset`` tells where that was.
    public init(
        decoding bytes: [UInt8], limits: PickleLimits = PickleLimits(),
        options: PickleReadingOptions = PickleReadingOptions()
    ) throws(PickleError) {
        try self.init(source: .array(bytes), limits: limits, options: options)
    }

    /// Reads a pickle from borrowed memory, which is copied once.
    public init(
        copying bytes: UnsafeRawBufferPointer, limits: PickleLimits = PickleLimits(),
        options: PickleReadingOptions = PickleReadingOptions()
    ) throws(PickleError) {
        guard bytes.count <= limits.maxBytes else {
            throw PickleError(
                .limitExceeded, message: "\(bytes.count) bytes, the limit is \(limits.maxBytes)")
        }
        try self.init(source: .array(unsafe ByteView(bytes).array), limits: limits, options: options)
    }

    /// Reads a pickle from memory that stays valid and unchanged as long as its owner lives, without copying it.
    public init(
        borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject, limits: PickleLimits = PickleLimits(),
        options: PickleReadingOptions = PickleReadingOptions()
    ) throws(PickleError) {
        try self.init(source: .foreign(unsafe ForeignBytes(bytes, owner: owner)), limits: limits, options: options)
    }

    init(source: PickleSource, limits: PickleLimits, options: PickleReadingOptions) throws(PickleError) {
        (storage, rootIndex) = try source.withView { view throws(PickleError) in
            var machine = PickleMachine(view, limits: limits, options: options)
            let root = try machine.run()
            try machine.finish(root: root)
            return (machine.makeStorage(source: source), root)
        }
    }

    /// The value that the pickle holds.
    public var root: PickleValue { PickleValue(storage, rootIndex) }

    /// The offset of the first byte after STOP.
    public var endOffset: Int { storage.end }
}

extension PickleMachine {
    /// Merges equal keys and checks the depth, once everything has been read.
    mutating func finish(root: UInt32) throws(PickleError) {
        for index in keyed {
            let node = nodes[Int(index)]
            guard node.tag == .known else {
                mergeKeys(of: index)
                continue
            }
            let extra = records[Int(node.low)].extra
            guard extra != CallRecord.absent else { continue }
            var pairs = extras[Int(extra)].pairs
            let table = mergeKeys(in: &pairs, step: 2)
            extras[Int(extra)].pairs = pairs
            extras[Int(extra)].table = table
        }
        if keyed.count + nestingCandidates > limits.maxDepth { try checkDepth(root: root) }
    }

    /// Goes down level by level; values without parts are not looked at again, which keeps the lists short.
    private func checkDepth(root: UInt32) throws(PickleError) {
        var seen = [Bool](repeating: false, count: nodes.count)
        var level: [UInt32] = [root]
        var depth = 1
        seen[Int(root)] = true
        while !level.isEmpty {
            var next: [UInt32] = []
            var goesOn = false
            for index in level {
                forEachPart(of: index) { part in
                    guard !seen[Int(part)] else { return }
                    seen[Int(part)] = true
                    goesOn = true
                    if hasParts(part) { next.append(part) }
                }
            }
            guard !goesOn || depth < limits.maxDepth else {
                throw PickleError(
                    .limitExceeded, message: "values are nested more than \(limits.maxDepth) levels deep")
            }
            level = next
            depth += 1
        }
    }

    private func hasParts(_ index: UInt32) -> Bool {
        let node = nodes[Int(index)]
        switch node.tag {
        case .list, .tuple, .dict, .set, .frozenSet: return node.children.count > 0
        case .reduce, .instance, .known, .persistentID: return true
        default: return false
        }
    }

    private func forEachPart(of index: UInt32, _ body: (UInt32) -> Void) {
        let node = nodes[Int(index)]
        switch node.tag {
        case .list, .tuple, .dict, .set, .frozenSet:
            for child in node.children.indices { body(children[child]) }
        case .reduce, .instance, .known:
            let record = records[Int(node.low)]
            body(record.callee)
            body(record.arguments)
            if record.keywords != CallRecord.absent { body(record.keywords) }
            if record.state != CallRecord.absent { body(record.state) }
            guard record.extra != CallRecord.absent else { return }
            let extra = extras[Int(record.extra)]
            for range in [extra.states, extra.items, extra.pairs, extra.adds] {
                for child in range.indices { body(children[child]) }
            }
        case .persistentID: body(UInt32(truncatingIfNeeded: node.payload))
        default: break
        }
    }

    func makeStorage(source: PickleSource) -> PickleStorage {
        PickleStorage(
            source: source, side: side, nodes: nodes, children: children, records: records, extras: extras,
            tables: tables, options: options.repeating, end: position)
    }
}
