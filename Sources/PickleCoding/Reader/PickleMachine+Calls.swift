extension PickleMachine {
    /// Records a call, or makes the value if the callee is known and the arguments have exactly the right form.
    mutating func call(_ callee: UInt32, _ arguments: UInt32) throws(PickleError) -> UInt32 {
        if options.resolvesKnownTypes, let known = knownCall(callee) {
            let parts = Array(children[nodes[Int(arguments)].children.indices])
            if let value = try resolve(known, callee, arguments, parts) { return value }
        }
        return try newRecord(.reduce, CallRecord(callee: callee, arguments: arguments))
    }

    private mutating func knownCall(_ callee: UInt32) -> KnownCall? {
        if let last = lastCallee, last.index == callee { return last.call }
        let node = nodes[Int(callee)]
        guard node.tag == .global else { return nil }
        let (module, name) = node.pair
        // All known names are short; a long one need not become a string to be refused.
        let short = nodes[Int(module)].length < 32 && nodes[Int(name)].length < 32
        let call = short ? KnownCall.named(module: text(module), name: text(name)) : nil
        lastCallee = (callee, call)
        return call
    }

    private mutating func resolve(
        _ call: KnownCall, _ callee: UInt32, _ arguments: UInt32, _ parts: [UInt32]
    ) throws(PickleError) -> UInt32? {
        switch call {
        case .set: try makeSet(.set, parts)
        case .frozenSet: try makeSet(.frozenSet, parts)
        case .bytes: try makeBytes(.bytes, parts)
        case .byteArray: try makeBytes(.byteArray, parts)
        case .encode: parts.count == 2 ? try latinBytes(.bytes, parts) : nil
        case .getattr: try attribute(parts)
        case .reconstructor: try reconstruct(parts)
        case .newObject: try newObject(parts)
        case .newObjectWithKeywords: try newObjectWithKeywords(parts)
        case .orderedDict: try makeOrderedDict(callee, arguments, parts)
        case .defaultDict: try makeDefaultDict(callee, arguments, parts)
        case .counter: try makeCounter(callee, arguments, parts)
        case .deque: try makeDeque(callee, arguments, parts)
        case .value(let type): try makeValue(type, callee, arguments, parts)
        }
    }

    func tag(_ index: UInt32) -> PickleNode.Tag { nodes[Int(index)].tag }

    // MARK: Sets and bytes
    private mutating func makeSet(_ result: PickleNode.Tag, _ parts: [UInt32]) throws(PickleError) -> UInt32? {
        guard parts.count <= 1 else { return nil }
        var range = ChildRange()
        if let source = parts.first {
            switch tag(source) {
            case .list, .tuple, .set, .frozenSet: break
            default: return nil
            }
            let items = nodes[Int(source)].children.indices
            for item in items where !nodes[Int(children[item])].isHashable {
                throw failure(
                    .unhashable, "\(describe(children[item])) as an element", expected: "a hashable value")
            }
            try extend(&range, withRun: items)
        }
        var node = result == .set ? try newKeyed(.set) : PickleNode(.frozenSet)
        node.children = range
        let index = try add(node)
        if result == .frozenSet { mergeKeys(of: index) }
        return index
    }

    private mutating func makeBytes(_ result: PickleNode.Tag, _ parts: [UInt32]) throws(PickleError) -> UInt32? {
        if parts.count == 2 { return try latinBytes(result, parts) }
        guard parts.count <= 1 else { return nil }
        var node = PickleNode(result, flags: result == .byteArray ? .unhashable : [])
        if let source = parts.first {
            guard tag(source) == .bytes || tag(source) == .byteArray else { return nil }
            // Content is never changed in place, so that a copy may share it.
            let content = nodes[Int(source)]
            let flags = content.flags.intersection(.side).union(node.flags)
            node = PickleNode(result, start: content.start, length: content.length, flags: flags)
        }
        return try add(node)
    }

    /// Text and the name of Latin-1, as bytes; nil if it is anything else.
    private mutating func latinBytes(_ result: PickleNode.Tag, _ parts: [UInt32]) throws(PickleError) -> UInt32? {
        guard tag(parts[0]) == .string, tag(parts[1]) == .string else { return nil }
        let encoding = text(parts[1])
        guard encoding == "latin1" || encoding == "latin-1" || encoding == "iso-8859-1" else { return nil }
        let extra: PickleNode.Flags = result == .byteArray ? .unhashable : []
        let source = nodes[Int(parts[0])]
        if source.flags.contains(.ascii) {
            let flags = source.flags.intersection(.side).union(extra)
            return try add(PickleNode(result, start: source.start, length: source.length, flags: flags))
        }
        guard let content = latin1(parts[0]) else { return nil }
        try countCopies(content.count)
        let start = side.count
        side.append(contentsOf: content)
        return try add(PickleNode(result, start: start, length: content.count, flags: extra.union(.side)))
    }

    /// The bytes of a text whose characters are all below U+0100.
    func latin1(_ index: UInt32) -> [UInt8]? {
        payload(nodes[Int(index)]) { view -> [UInt8]? in
            var result: [UInt8] = []
            result.reserveCapacity(view.count)
            var position = 0
            while position < view.count {
                let lead = view[position]
                if lead < 0x80 {
                    result.append(lead)
                    position += 1
                } else if lead == 0xC2 || lead == 0xC3 {
                    result.append((lead & 3) << 6 | view[position + 1] & 0x3F)
                    position += 2
                } else {
                    return nil
                }
            }
            return result
        }
    }

    // MARK: Names and instances
    private mutating func attribute(_ parts: [UInt32]) throws(PickleError) -> UInt32? {
        guard parts.count == 2, tag(parts[0]) == .global, tag(parts[1]) == .string else { return nil }
        let (module, name) = nodes[Int(parts[0])].pair
        let (first, last) = (nodes[Int(name)], nodes[Int(parts[1])])
        guard first.length + last.length < limits.maxNameLength else {
            throw failure(.limitExceeded, "a name of \(first.length + last.length) bytes")
        }
        try countCopies(first.length + last.length)
        let joined = payload(first) { $0.array } + [0x2E] + payload(last) { $0.array }
        let start = side.count
        side.append(contentsOf: joined)
        let flags: PickleNode.Flags =
            first.flags.union(last.flags).contains(.surrogates) ? [.side, .surrogates] : .side
        let index = try add(PickleNode(.string, start: start, length: joined.count, flags: flags))
        return try globalNode(module, index, mapped: false)
    }

    func isBuiltin(_ index: UInt32, _ name: String) -> Bool {
        let (module, last) = nodes[Int(index)].pair
        return text(module) == "builtins" && text(last) == name
    }

    private mutating func reconstruct(_ parts: [UInt32]) throws(PickleError) -> UInt32? {
        guard parts.count == 3, tag(parts[0]) == .global, tag(parts[1]) == .global else { return nil }
        let (callee, base, state) = (parts[0], parts[1], parts[2])
        let empty = try add(PickleNode(.tuple))
        if isBuiltin(base, "object") {
            return try newRecord(.instance, CallRecord(callee: callee, arguments: empty))
        }
        let isList = isBuiltin(base, "list") && tag(state) == .list
        if isList || (isBuiltin(base, "dict") && tag(state) == .dict) {
            let index = try newRecord(.instance, CallRecord(callee: callee, arguments: empty))
            var extra = try extraParts(of: index)
            let content = nodes[Int(state)].children.indices
            if isList { try extend(&extra.items, withRun: content) } else { try extend(&extra.pairs, withRun: content) }
            setExtraParts(extra, of: index)
            return index
        }
        // The base is kept, since only with it the call can be written back: `base.__new__(callee, state)`.
        let arguments = try addContainer(.tuple, [state])
        let index = try newRecord(.instance, CallRecord(callee: callee, arguments: arguments, keywords: base))
        nodes[Int(index)].small = PickleNode.reconstructed
        return index
    }

    private func isCallable(_ index: UInt32) -> Bool {
        switch tag(index) {
        case .global, .reduce, .instance: true
        default: false
        }
    }

    private mutating func newObject(_ parts: [UInt32]) throws(PickleError) -> UInt32? {
        guard let callee = parts.first, isCallable(callee) else { return nil }
        let arguments = try addContainer(.tuple, Array(parts.dropFirst()))
        return try newRecord(.instance, CallRecord(callee: callee, arguments: arguments))
    }

    private mutating func newObjectWithKeywords(_ parts: [UInt32]) throws(PickleError) -> UInt32? {
        guard parts.count == 3, isCallable(parts[0]), tag(parts[1]) == .tuple, tag(parts[2]) == .dict else {
            return nil
        }
        return try newRecord(
            .instance, CallRecord(callee: parts[0], arguments: parts[1], keywords: parts[2]))
    }

    mutating func newKnown(
        _ type: KnownType, _ callee: UInt32, _ arguments: UInt32
    ) throws(PickleError) -> UInt32 {
        if type.isMapping { keyed.append(UInt32(truncatingIfNeeded: nodes.count)) }
        let index = try newRecord(.known, CallRecord(callee: callee, arguments: arguments))
        nodes[Int(index)].small = type.rawValue
        if !type.isHashable { nodes[Int(index)].flags.insert(.unhashable) }
        return index
    }

    // MARK: Values whose arguments say everything

    private mutating func makeValue(
        _ type: KnownType, _ callee: UInt32, _ arguments: UInt32, _ parts: [UInt32]
    ) throws(PickleError) -> UInt32? {
        guard isWellFormed(type, parts) else { return nil }
        return try newKnown(type, callee, arguments)
    }

    private func isWellFormed(_ type: KnownType, _ parts: [UInt32]) -> Bool {
        switch type {
        case .complex: return parts.count == 2 && parts.allSatisfy { tag($0) == .float }
        case .range:
            guard (1...3).contains(parts.count), parts.allSatisfy({ tag($0) == .int || tag($0) == .bigInt }) else {
                return false
            }
            return parts.count < 3 || tag(parts[2]) == .bigInt || nodes[Int(parts[2])].int != 0
        case .slice: return parts.count == 3
        case .dateTime: return hasPacked(parts, 10) && isZone(parts) && PackedTime.dateTime(packed(parts[0])) != nil
        case .time: return hasPacked(parts, 6) && isZone(parts) && PackedTime.time(packed(parts[0])) != nil
        case .date: return parts.count == 1 && hasPacked(parts, 4) && PackedTime.date(packed(parts[0])) != nil
        case .timeDelta: return timeDelta(parts) != nil
        case .timeZone:
            guard let first = parts.first, parts.count <= 2, KnownType(nodes[Int(first)]) == .timeDelta else {
                return false
            }
            let record = records[Int(nodes[Int(first)].low)]
            guard let delta = timeDelta(Array(children[nodes[Int(record.arguments)].children.indices])) else {
                return false
            }
            return delta.isLessThanDay && (parts.count == 1 || tag(parts[1]) == .string)
        case .decimal:
            return parts.count == 1 && tag(parts[0]) == .string
                && payload(nodes[Int(parts[0])]) { Numerals.isDecimal($0) }
        case .fraction: return isFraction(parts)
        case .path: return parts.allSatisfy { tag($0) == .string }
        case .orderedDict, .defaultDict, .counter, .deque: return false
        }
    }

    private func hasPacked(_ parts: [UInt32], _ size: Int) -> Bool {
        guard let first = parts.first, parts.count <= 2 else { return false }
        if tag(first) == .bytes { return nodes[Int(first)].length == size }
        return tag(first) == .string && nodes[Int(first)].length <= 2 * size && latin1(first)?.count == size
    }

    private func packed(_ index: UInt32) -> [UInt8] {
        tag(index) == .bytes ? payload(nodes[Int(index)]) { $0.array } : latin1(index) ?? []
    }

    private func isZone(_ parts: [UInt32]) -> Bool {
        guard parts.count == 2 else { return true }
        switch tag(parts[1]) {
        case .none, .reduce, .instance, .persistentID, .global: return true
        case .known: return KnownType(nodes[Int(parts[1])]) == .timeZone
        default: return false
        }
    }

    private func timeDelta(_ parts: [UInt32]) -> TimeDelta? {
        guard parts.count == 3, parts.allSatisfy({ tag($0) == .int }) else { return nil }
        let values = parts.map { nodes[Int($0)].int }
        return TimeDelta(days: values[0], seconds: values[1], microseconds: values[2])
    }

    private func isFraction(_ parts: [UInt32]) -> Bool {
        func isInteger(_ index: UInt32) -> Bool {
            tag(index) == .int || (tag(index) == .bigInt && nodes[Int(index)].length <= Numerals.fractionBytes)
        }
        switch parts.count {
        case 2:
            guard isInteger(parts[0]), isInteger(parts[1]) else { return false }
            return tag(parts[1]) == .bigInt || nodes[Int(parts[1])].int != 0
        case 1:
            if isInteger(parts[0]) { return true }
            return tag(parts[0]) == .string
                && payload(nodes[Int(parts[0])]) { Numerals.fraction($0, maxDigits: limits.maxTextDigits) } != nil
        default: return false
        }
    }
}
