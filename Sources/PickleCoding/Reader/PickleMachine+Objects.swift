extension PickleMachine {
    mutating func runObject(_ opcode: PickleOpcode) throws(PickleError) {
        switch opcode {
        case .global: try pushGlobal()
        case .stackGlobal: try stackGlobal()
        case .ext1: try pushExtension(Int(try u1()))
        case .ext2: try pushExtension(Int(try u2()))
        case .ext4: try pushExtension(Int(Int32(bitPattern: try u4())))
        case .reduce:
            try need(2)
            let arguments = try popValue()
            let callee = try popValue()
            try checkCallee(callee)
            try checkTuple(arguments)
            try pushReference(try call(callee, arguments))
        case .newObj:
            try need(2)
            let arguments = try popValue()
            let callee = try popValue()
            try checkCallee(callee)
            try checkTuple(arguments)
            try pushReference(try newRecord(.instance, CallRecord(callee: callee, arguments: arguments)))
        case .newObjEx:
            try need(3)
            let keywords = try popValue()
            let arguments = try popValue()
            let callee = try popValue()
            try checkCallee(callee)
            try checkTuple(arguments)
            guard nodes[Int(keywords)].tag == .dict else {
                throw failure(.typeMismatch, "keywords are \(describe(keywords))", expected: "a dict")
            }
            try pushReference(
                try newRecord(.instance, CallRecord(callee: callee, arguments: arguments, keywords: keywords)))
        case .inst: try instance()
        case .obj: try object()
        case .build: try build()
        case .persID: try persistentID(line: try line())
        default: try persistentID()
        }
    }

    mutating func newRecord(_ tag: PickleNode.Tag, _ record: CallRecord) throws(PickleError) -> UInt32 {
        nestingCandidates += 1
        let index = try add(PickleNode(tag, low: UInt32(truncatingIfNeeded: records.count)))
        records.append(record)
        return index
    }

    func checkCallee(_ callee: UInt32) throws(PickleError) {
        switch nodes[Int(callee)].tag {
        case .global, .reduce, .instance: return
        default: throw failure(.typeMismatch, "\(describe(callee)) is called", expected: "a name or an instance")
        }
    }

    private func checkTuple(_ arguments: UInt32) throws(PickleError) {
        guard nodes[Int(arguments)].tag == .tuple else {
            throw failure(.typeMismatch, "the arguments are \(describe(arguments))", expected: "a tuple")
        }
    }

    /// INST and OBJ: with arguments a call, without an instance.
    private mutating func makeInstance(_ callee: UInt32, argumentsFrom height: Int) throws(PickleError) {
        let empty = stack.count == height
        let arguments = try tupleNode(from: height)
        if empty {
            try pushReference(try newRecord(.instance, CallRecord(callee: callee, arguments: arguments)))
        } else {
            try pushReference(try call(callee, arguments))
        }
    }

    private mutating func instance() throws(PickleError) {
        let moduleLine = try line()
        let nameLine = try line()
        let height = try popMark()
        for line in [moduleLine, nameLine] where bytes.slice(line.lowerBound, line.count).checkText() != .ascii {
            throw failure(.badEncoding, "the name is not ASCII")
        }
        let callee = try globalNode(
            try nameNode(line: moduleLine), try nameNode(line: nameLine))
        try makeInstance(callee, argumentsFrom: height)
    }

    private mutating func object() throws(PickleError) {
        let height = try popMark()
        guard stack.count > height else {
            throw failure(.stackUnderflow, "nothing above the mark", expected: "a class")
        }
        let callee = stack[height]
        try checkCallee(callee)
        try makeInstance(callee, argumentsFrom: height + 1)
        let value = stack.removeLast()
        stack.removeLast(stack.count - height)
        try pushReference(value)
    }

    private mutating func build() throws(PickleError) {
        try need(2)
        let state = try popValue()
        let target = try top()
        let node = nodes[Int(target)]
        switch node.tag {
        case .reduce, .instance: break
        case .known where KnownType(node)?.isCollection == true: break
        default:
            throw failure(.typeMismatch, "a state for \(describe(target))", expected: "an instance")
        }
        if records[Int(node.low)].state == CallRecord.absent {
            records[Int(node.low)].state = state
        } else {
            var extra = try extraParts(of: target)
            try extend(&extra.states, with: state)
            setExtraParts(extra, of: target)
        }
    }

    // MARK: Further parts of a record

    mutating func extraParts(of target: UInt32) throws(PickleError) -> RecordExtra {
        let record = Int(nodes[Int(target)].low)
        if records[record].extra == CallRecord.absent {
            records[record].extra = UInt32(truncatingIfNeeded: extras.count)
            extras.append(RecordExtra())
        }
        return extras[Int(records[record].extra)]
    }

    mutating func setExtraParts(_ extra: RecordExtra, of target: UInt32) {
        extras[Int(records[Int(nodes[Int(target)].low)].extra)] = extra
    }

    // MARK: Names

    private mutating func pushGlobal() throws(PickleError) {
        let moduleLine = try line()
        let nameLine = try line()
        let module = try nameNode(line: moduleLine, like: lastName?.module)
        let name = try nameNode(line: nameLine, like: lastName?.name)
        lastName = (module, name)
        try pushReference(try globalNode(module, name))
    }

    /// The text of a name, which nobody else refers to: the same as last time is the same node.
    private mutating func nameNode(line: Range<Int>, like last: UInt32? = nil) throws(PickleError) -> UInt32 {
        guard !line.isEmpty else { throw failure(.badLiteral, "the name is empty") }
        if let last, case let node = nodes[Int(last)], !node.flags.contains(.side), node.length == line.count,
            bytes.slice(node.start, node.length) == bytes.slice(line.lowerBound, line.count)
        {
            return last
        }
        return try add(try textNode(start: line.lowerBound, length: line.count))
    }

    private mutating func stackGlobal() throws(PickleError) {
        try need(2)
        let name = try popValue()
        let module = try popValue()
        for part in [module, name] where nodes[Int(part)].tag != .string {
            throw failure(.typeMismatch, "a name made of \(describe(part))", expected: "two str")
        }
        try pushReference(try globalNode(module, name))
    }

    /// A new text node in the side bytes.
    mutating func sideText(_ text: String) throws(PickleError) -> UInt32 {
        let start = side.count
        side.append(contentsOf: text.utf8)
        return try add(PickleNode(.string, start: start, length: side.count - start, flags: .side))
    }

    /// A name; below protocol 3 the names of Python 2 become those of Python 3.
    mutating func globalNode(_ module: UInt32, _ name: UInt32, mapped: Bool = true) throws(PickleError) -> UInt32 {
        var (module, name) = (module, name)
        for part in [module, name] where nodes[Int(part)].length > limits.maxNameLength {
            throw failure(.limitExceeded, "a name of \(nodes[Int(part)].length) bytes")
        }
        if mapped, options.resolvesKnownTypes, announcedProtocol < 3 {
            if let changed = LegacyNames.modern(module: text(module), name: text(name)) {
                (module, name) = (try sideText(changed.module), try sideText(changed.name))
            }
        }
        if let allowed = options.allowedGlobals {
            let spoken = PickleName(module: text(module), name: text(name))
            guard allowed.contains(spoken) else {
                throw failure(.forbiddenGlobal, "the pickle refers to \(spoken); only plain data is accepted here")
            }
        }
        // The place of the opcode, for those who list names; beyond 4 GiB it is not exact.
        let place = UInt32(truncatingIfNeeded: opcodeStart)
        return try add(PickleNode(.global, low: place, payload: UInt64(module) | UInt64(name) << 32))
    }

    /// The text of a string node.
    func text(_ index: UInt32) -> String { payload(nodes[Int(index)]) { $0.string } }
}
