extension GraphEncoder {
    mutating func visitContainer(_ index: UInt32, _ node: PickleNode, into out: inout PickleWriter) {
        let range = node.children
        switch node.tag {
        case .list:
            if version == 0 {
                out.mark()
                out.opcode(.list)
            } else {
                out.emptyList()
            }
            memoize(index, into: &out)
            pushItems(range, .append, .appends, into: &out)
        case .dict:
            if version == 0 {
                out.mark()
                out.opcode(.dict)
            } else {
                out.emptyDict()
            }
            memoize(index, into: &out)
            pushItems(range, .setItem, .setItems, into: &out)
        case .tuple:
            // The empty tuple is not memoized.
            guard range.count > 0 else { return writeEmptyTuple(into: &out) }
            steps.append(.finishTuple(index))
            if version < 2 || range.count > 3 { out.mark() }
            pushRun(range, each: nil, stride: 1, closing: nil)
        case .set:
            if version >= 4 {
                out.emptySet()
                memoize(index, into: &out)
                guard range.count > 0 else { return }
                if mode == .cpython {
                    steps.append(.batches(next: range.start, end: range.start + range.count, .set))
                } else {
                    out.mark()
                    pushRun(range, each: nil, stride: 1, closing: .addItems)
                }
            } else {
                writeSetCall("set", index, range, into: &out)
            }
        default:
            if version >= 4 {
                out.mark()
                steps.append(.finishFrozenSet(index))
                pushRun(range, each: nil, stride: 1, closing: nil)
            } else {
                writeSetCall("frozenset", index, range, into: &out)
            }
        }
    }

    /// Before protocol 4 a set is a call with a list.
    private mutating func writeSetCall(
        _ name: String, _ index: UInt32, _ range: ChildRange, into out: inout PickleWriter
    ) {
        writeName("builtins", name, into: &out)
        if version < 2 { out.mark() }
        steps.append(.finishCall(index, .reduce))
        if mode == .cpython { steps.append(.putAnonymous) }
        steps.append(.emit(version < 2 ? .tuple : .tuple1))
        if version == 0 {
            out.mark()
            out.opcode(.list)
        } else {
            out.emptyList()
        }
        putAnonymous(into: &out)
        pushItems(range, .append, .appends, into: &out)
    }

    /// Writes items or pairs into the container on top.
    mutating func pushItems(
        _ range: ChildRange, _ single: PickleOpcode, _ batch: PickleOpcode, into out: inout PickleWriter
    ) {
        guard range.count > 0 else { return }
        let stride: UInt32 = single == .setItem ? 2 : 1
        if mode == .cpython, version > 0 {
            return steps.append(
                .batches(next: range.start, end: range.start + range.count, stride == 2 ? .dict : .list))
        }
        if version == 0 || range.count == stride {
            pushRun(range, each: single, stride: stride, closing: nil)
        } else {
            out.mark()
            pushRun(range, each: nil, stride: stride, closing: batch)
        }
    }

    mutating func pushRun(_ range: ChildRange, each: PickleOpcode?, stride: UInt32, closing: PickleOpcode?) {
        steps.append(
            .run(next: range.start, end: range.start + range.count, each: each, stride: stride, closing: closing))
    }

    /// Ends a tuple; if it has been written meanwhile, because it contains itself, its items go again.
    mutating func finishTuple(_ index: UInt32, into out: inout PickleWriter) {
        let count = Int(storage.nodes[Int(index)].children.count)
        if let place = memo[index] {
            if version >= 2, count <= 3 {
                for _ in 0..<count { out.opcode(.pop) }
            } else if version >= 1 {
                out.opcode(.popMark)
            } else {
                for _ in 0...count { out.opcode(.pop) }
            }
            return fetch(place, into: &out)
        }
        switch count {
        case 1 where version >= 2: out.tuple1()
        case 2 where version >= 2: out.tuple2()
        case 3 where version >= 2: out.tuple3()
        default: out.tuple()
        }
        memoize(index, into: &out)
    }

    mutating func finishFrozenSet(_ index: UInt32, into out: inout PickleWriter) {
        if let place = memo[index] {
            out.opcode(.popMark)
            return fetch(place, into: &out)
        }
        out.opcode(.frozenSet)
        memoize(index, into: &out)
    }

    // MARK: Records

    mutating func visitRecord(_ index: UInt32, _ node: PickleNode, into out: inout PickleWriter) throws(PickleError) {
        let record = storage.records[Int(node.low)]
        steps.append(.fill(index))
        if node.tag == .instance {
            try pushInstance(index, record, into: &out)
        } else if let type = KnownType(node), type.isCollection, type != .defaultDict {
            // Content follows; it may have come with the call, so that the arguments are not needed.
            steps.append(.finishCall(index, .reduce))
            steps.append(.collectionArguments(index))
            steps.append(.visit(record.callee))
        } else {
            steps.append(.finishCall(index, .reduce))
            steps.append(.visit(record.arguments))
            steps.append(.visit(record.callee))
        }
    }

    private mutating func pushInstance(
        _ index: UInt32, _ record: CallRecord, into out: inout PickleWriter
    ) throws(PickleError) {
        if storage.nodes[Int(index)].isReconstructed {
            writeName("copyreg", "_reconstructor", into: &out)
            if version < 2 { out.mark() }
            steps.append(.finishCall(index, .reduce))
            steps.append(.emit(version < 2 ? .tuple : .tuple3))
            pushRun(storage.nodes[Int(record.arguments)].children, each: nil, stride: 1, closing: nil)
            steps.append(.visit(record.keywords))
            return steps.append(.visit(record.callee))
        }
        if record.keywords != CallRecord.absent {
            return try pushKeywordInstance(index, record, into: &out)
        }
        if version >= 2 {
            steps.append(.finishCall(index, .newObj))
            steps.append(.visit(record.arguments))
            steps.append(.visit(record.callee))
            return
        }
        // `cls.__new__(cls, *args)` has no opcode here; copyreg has a function for it.
        writeName("copyreg", "__newobj__", into: &out)
        out.mark()
        steps.append(.finishCall(index, .reduce))
        steps.append(.emit(.tuple))
        pushRun(storage.nodes[Int(record.arguments)].children, each: nil, stride: 1, closing: nil)
        steps.append(.visit(record.callee))
    }

    private mutating func pushKeywordInstance(
        _ index: UInt32, _ record: CallRecord, into out: inout PickleWriter
    ) throws(PickleError) {
        if version >= 4 {
            steps.append(.finishCall(index, .newObjEx))
        } else {
            writeName("copyreg", "__newobj_ex__", into: &out)
            if version < 2 { out.mark() }
            steps.append(.finishCall(index, .reduce))
            steps.append(.emit(version < 2 ? .tuple : .tuple3))
        }
        steps.append(.visit(record.keywords))
        steps.append(.visit(record.arguments))
        steps.append(.visit(record.callee))
    }

    /// The arguments of an empty collection: of a bounded deque its bound.
    func writeCollectionArguments(_ index: UInt32, into out: inout PickleWriter) {
        let bound = PickleValue(storage, index).extra?.bound ?? -1
        guard bound >= 0 else { return writeEmptyTuple(into: &out) }
        if version < 2 { out.mark() }
        writeEmptyTuple(into: &out)
        writeInt(bound, into: &out)
        out.opcode(version < 2 ? .tuple : .tuple2)
    }

    mutating func finishCall(_ index: UInt32, _ opcode: PickleOpcode, into out: inout PickleWriter) {
        if let place = memo[index] {
            // Written meanwhile, because it contains itself: callee and arguments go again.
            for _ in 0..<(opcode == .newObjEx ? 3 : 2) { out.opcode(.pop) }
            // The parts that follow have been written as well.
            if case .fill(let filled) = steps.last, filled == index { steps.removeLast() }
            return fetch(place, into: &out)
        }
        out.opcode(opcode)
        memoize(index, into: &out)
    }

    /// Writes what an instance was filled with, then its states.
    mutating func fill(_ index: UInt32, into out: inout PickleWriter) throws(PickleError) {
        let node = storage.nodes[Int(index)]
        let record = storage.records[Int(node.low)]
        steps.append(.states(index))
        guard record.extra != CallRecord.absent else { return }
        let extra = storage.extras[Int(record.extra)]
        if extra.adds.count > 0 {
            guard version >= 4 else { throw unsupported("elements added to an instance") }
            pushRun(extra.adds, each: nil, stride: 1, closing: .addItems)
            steps.append(.emit(.mark))
        }
        if mode == .cpython, version > 0 {
            if extra.pairs.count > 0 {
                steps.append(
                    .batches(next: extra.pairs.start, end: extra.pairs.start + extra.pairs.count, .generic(stride: 2)))
            }
            let items = PickleValue(storage, index).itemRange ?? extra.items
            if items.count > 0 {
                steps.append(.batches(next: items.start, end: items.start + items.count, .generic(stride: 1)))
            }
            return
        }
        if extra.pairs.count > 0 {
            pushRun(
                extra.pairs, each: version == 0 ? .setItem : nil, stride: 2, closing: version == 0 ? nil : .setItems)
            if version > 0 { steps.append(.emit(.mark)) }
        }
        let items = PickleValue(storage, index).itemRange ?? extra.items
        if items.count > 0 {
            pushRun(items, each: version == 0 ? .append : nil, stride: 1, closing: version == 0 ? nil : .appends)
            if version > 0 { steps.append(.emit(.mark)) }
        }
    }

    mutating func writeStates(_ index: UInt32) throws(PickleError) {
        let record = storage.records[Int(storage.nodes[Int(index)].low)]
        guard record.state != CallRecord.absent else { return }
        if record.extra != CallRecord.absent {
            let states = storage.extras[Int(record.extra)].states
            if states.count > 0 { pushRun(states, each: .build, stride: 1, closing: nil) }
        }
        steps.append(.emit(.build))
        steps.append(.visit(record.state))
    }
}
