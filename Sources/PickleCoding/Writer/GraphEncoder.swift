/// Writes a value of a document as opcodes, without recursion, keeping sharing and cycles.
struct GraphEncoder {
    enum Step {
        /// Write the children of a run, with an opcode after each or at the end.
        case run(next: UInt32, end: UInt32, each: PickleOpcode?, stride: UInt32, closing: PickleOpcode?)
        /// Write the children of a run in groups, as CPython does.
        case batches(next: UInt32, end: UInt32, Batch)
        case visit(UInt32)
        case finishTuple(UInt32)
        case finishFrozenSet(UInt32)
        case finishCall(UInt32, PickleOpcode)
        case finishGlobal(UInt32)
        case collectionArguments(UInt32)
        case fill(UInt32)
        case states(UInt32)
        case emit(PickleOpcode)
        /// Give a value that has no node a place in the memo.
        case putAnonymous
        /// Sort what was written since, in canonical mode; then leave the container.
        case sort(UInt32, closing: PickleOpcode)
        case noteEntry
        case leave(UInt32)
    }

    let storage: PickleStorage
    let version: Int
    let mode: PickleMode
    /// Mapped from value to memo index.
    var memo: MemoPlaces
    /// The memo places of names and texts that are known by content.
    var named: [String: Int] = [:]
    /// The memo places of what CPython has one object of.
    var singles: [UInt16: Int] = [:]
    private var shared = ReachedTwice()
    /// What is memoized only when it is complete, a tuple, may contain itself; then the lists in between must be in the
    /// memo although each is reached once.
    private var memoizesContainers = false
    var steps: [Step] = []
    /// Where frames end, and which parts stay outside them.
    var frames = FrameCuts()
    /// Containers being written, in canonical mode: a second visit is a cycle.
    var active: Set<UInt32> = []
    /// Where the entries of the containers being written begin, in canonical mode.
    var entries: [[Int]] = []

    init(_ storage: PickleStorage, version: Int, mode: PickleMode = .compact) {
        self.storage = storage
        self.version = version
        self.mode = mode
        memo = MemoPlaces(count: storage.nodes.count)
    }

    mutating func write(_ root: UInt32, into out: inout PickleWriter) throws(PickleError) {
        frames.start = out.count
        if mode == .compact { findShared(from: root) }
        try visit(root, into: &out)
        while let step = steps.popLast() { try run(step, into: &out) }
    }

    private mutating func run(_ step: Step, into out: inout PickleWriter) throws(PickleError) {
        switch step {
        case .visit(let index): try visit(index, into: &out)
        case .emit(let opcode): out.opcode(opcode)
        case .run(let next, let end, let each, let stride, let closing):
            // Without an opcode after each pair, keys and values simply follow each other.
            let stride = each == nil ? 1 : stride
            let next = writeScalars(from: next, to: end, each: each, into: &out)
            guard next < end else {
                if let closing { out.opcode(closing) }
                return
            }
            steps.append(.run(next: next + stride, end: end, each: each, stride: stride, closing: closing))
            if let each { steps.append(.emit(each)) }
            if stride == 2 { steps.append(.visit(storage.children[Int(next) + 1])) }
            try visit(storage.children[Int(next)], into: &out)
        case .batches(let next, let end, let batch): nextBatch(next, end, batch, into: &out)
        case .finishTuple(let index): finishTuple(index, into: &out)
        case .finishFrozenSet(let index): finishFrozenSet(index, into: &out)
        case .finishCall(let index, let opcode): finishCall(index, opcode, into: &out)
        case .finishGlobal(let index):
            out.opcode(.stackGlobal)
            memoizeGlobal(index, into: &out)
        case .collectionArguments(let index): writeCollectionArguments(index, into: &out)
        case .fill(let index): try fill(index, into: &out)
        case .states(let index): try writeStates(index)
        case .putAnonymous: putAnonymous(into: &out)
        case .noteEntry: entries[entries.count - 1].append(out.count)
        case .sort(let index, let closing):
            out.storage.sortParts(starts: entries.removeLast())
            out.opcode(closing)
            active.remove(index)
        case .leave(let index): active.remove(index)
        }
    }

    /// Writes the numbers and unshared texts with which a run begins, and gives the place of the first other value.
    @inline(__always)
    private func writeScalars(from start: UInt32, to end: UInt32, each: PickleOpcode?, into out: inout PickleWriter)
        -> UInt32
    {
        guard version >= 2, mode == .compact, each == nil else { return start }
        var next = start
        while next < end {
            let index = storage.children[Int(next)]
            let node = storage.nodes[Int(index)]
            switch node.tag {
            case .int: out.int(node.int)
            case .float: out.double(node.float)
            case .none: out.none()
            case .bool: out.bool(node.payload != 0)
            case .string where version >= 4 && !shared.contains(index):
                storage.withPayload(node) { view in unsafe view.withBytes { unsafe out.textBytes($0) } }
            default: return next
            }
            next += 1
        }
        return next
    }

    /// Finds the values that are reached more than once, and so need a place in the memo.
    private mutating func findShared(from root: UInt32) {
        var work: ContiguousArray<UInt32> = []
        if note(root) { work.append(root) }
        while let index = work.popLast() {
            let node = storage.nodes[Int(index)]
            switch node.tag {
            case .list, .tuple, .dict, .set, .frozenSet:
                for place in node.children.indices {
                    let child = storage.children[place]
                    if note(child) { work.append(child) }
                }
            default: storage.forEachPart(of: index) { if note($0) { work.append($0) } }
            }
        }
    }

    /// Notes that a value is reached; gives whether its parts are still to be visited.
    @inline(__always)
    private mutating func note(_ index: UInt32) -> Bool {
        let node = storage.nodes[Int(index)]
        switch node.tag {
        case .none, .bool, .int, .float, .bigInt: return false
        case .string, .bytes:
            if node.length >= 4 { _ = shared.reach(index, of: storage.nodes.count) }
            return false
        case .tuple: if node.children.count == 0 { return false }
        default: break
        }
        if shared.reach(index, of: storage.nodes.count) { return true }
        switch node.tag {
        case .tuple, .frozenSet, .reduce, .instance, .known: memoizesContainers = true
        default: break
        }
        return false
    }

    // MARK: Memo

    mutating func memoize(_ index: UInt32, into out: inout PickleWriter) {
        switch mode {
        case .canonical: return
        case .cpython: break
        case .compact: guard shared.contains(index) || (memoizesContainers && isContainer(index)) else { return }
        }
        memo[index] = put(into: &out)
    }

    /// Gives a value without a node a place in the memo, where CPython does.
    mutating func putAnonymous(into out: inout PickleWriter) {
        if mode == .cpython { _ = put(into: &out) }
    }

    /// Writes the opcode that stores the top in the memo.
    mutating func put(into out: inout PickleWriter) -> Int {
        let place = out.memoCount
        out.memoCount += 1
        switch version {
        case 0: out.line(.put, "\(place)")
        case 1...3:
            if place < 256 {
                out.opcode(.binPut)
                out.storage.append(UInt8(place))
            } else {
                out.opcode(.longBinPut)
                out.raw32(UInt32(truncatingIfNeeded: place))
            }
        default: out.opcode(.memoize)
        }
        return place
    }

    private func isContainer(_ index: UInt32) -> Bool {
        switch storage.nodes[Int(index)].tag {
        case .list, .dict, .set, .reduce, .instance, .known: true
        default: false
        }
    }

    func fetch(_ place: Int, into out: inout PickleWriter) {
        if version == 0 {
            out.line(.get, "\(place)")
        } else if place < 256 {
            out.opcode(.binGet)
            out.storage.append(UInt8(place))
        } else {
            out.opcode(.longBinGet)
            out.raw32(UInt32(truncatingIfNeeded: place))
        }
    }

    func unsupported(_ what: String) -> PickleError {
        PickleError(.unsupported, message: "protocol \(version) cannot express \(what)")
    }
}

extension PickleStorage {
    /// Runs a closure for every value that a value refers to.
    func forEachPart(of index: UInt32, _ body: (UInt32) -> Void) {
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
        case .global:
            body(node.pair.0)
            body(node.pair.1)
        default: break
        }
    }
}

extension PickleWriter {
    /// Writes an opcode with a line of text.
    mutating func line(_ opcode: PickleOpcode, _ text: String) {
        self.opcode(opcode)
        raw([UInt8](text.utf8))
        storage.append(0x0A)
    }

    /// Appends four little-endian bytes.
    mutating func raw32(_ value: UInt32) {
        storage.reserve(4)
        storage.put(integer: value)
    }

    /// Writes a value of a document inside this stream, inert parts included.
    ///
    /// The memo is used only for what is shared inside the value.
    public mutating func value(_ value: PickleValue) throws(PickleError) {
        var encoder = GraphEncoder(value.storage, version: 4)
        try encoder.write(value.index, into: &self)
    }
}

extension PickleValue {
    /// The value as a pickle of a protocol, 0 to 5, nothing lost; sharing and cycles are kept, except in canonical mode.
    public func encoded(protocolVersion: Int = 4, mode: PickleMode = .compact) throws(PickleError) -> [UInt8] {
        precondition((0...5).contains(protocolVersion), "pickle has protocols 0 to 5")
        var writer = PickleWriter(reservingCapacity: 1 << 10)
        if protocolVersion >= 2 { writer.header(protocolVersion: protocolVersion) }
        var encoder = GraphEncoder(storage, version: protocolVersion, mode: mode)
        try encoder.write(index, into: &writer)
        writer.stop()
        guard mode == .cpython, protocolVersion >= 4 else { return writer.finish() }
        return encoder.frames.framed(writer.finish())
    }
}
