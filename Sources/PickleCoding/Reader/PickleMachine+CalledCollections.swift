/// The collections of Python's library that calls make.
extension PickleMachine {
    private mutating func setPairs(_ index: UInt32, copying content: Range<Int>) throws(PickleError) {
        var extra = try extraParts(of: index)
        try extend(&extra.pairs, withRun: content)
        setExtraParts(extra, of: index)
    }

    mutating func makeOrderedDict(
        _ callee: UInt32, _ arguments: UInt32, _ parts: [UInt32]
    ) throws(PickleError) -> UInt32? {
        guard let source = parts.first else { return try newKnown(.orderedDict, callee, arguments) }
        guard parts.count == 1 else { return nil }
        switch tag(source) {
        case .dict:
            let index = try newKnown(.orderedDict, callee, arguments)
            try setPairs(index, copying: nodes[Int(source)].children.indices)
            return index
        case .list, .tuple:
            var flat: [UInt32] = []
            for place in nodes[Int(source)].children.indices {
                let pair = nodes[Int(children[place])]
                guard pair.tag == .list || pair.tag == .tuple, pair.children.count == 2 else { return nil }
                flat.append(contentsOf: children[pair.children.indices])
            }
            for place in stride(from: 0, to: flat.count, by: 2) where !nodes[Int(flat[place])].isHashable {
                throw failure(.unhashable, "\(describe(flat[place])) as a key", expected: "a hashable value")
            }
            try countCopies(flat.count)
            let index = try newKnown(.orderedDict, callee, arguments)
            var extra = try extraParts(of: index)
            for item in flat { try extend(&extra.pairs, with: item) }
            setExtraParts(extra, of: index)
            return index
        default: return nil
        }
    }

    mutating func makeDefaultDict(
        _ callee: UInt32, _ arguments: UInt32, _ parts: [UInt32]
    ) throws(PickleError) -> UInt32? {
        guard parts.count <= 1 else { return nil }
        return try newKnown(.defaultDict, callee, arguments)
    }

    mutating func makeCounter(
        _ callee: UInt32, _ arguments: UInt32, _ parts: [UInt32]
    ) throws(PickleError) -> UInt32? {
        guard let source = parts.first else { return try newKnown(.counter, callee, arguments) }
        guard parts.count == 1, tag(source) == .dict else { return nil }
        let index = try newKnown(.counter, callee, arguments)
        try setPairs(index, copying: nodes[Int(source)].children.indices)
        return index
    }

    mutating func makeDeque(
        _ callee: UInt32, _ arguments: UInt32, _ parts: [UInt32]
    ) throws(PickleError) -> UInt32? {
        guard parts.count <= 2 else { return nil }
        var bound = -1
        if parts.count == 2 {
            let limit = nodes[Int(parts[1])]
            switch limit.tag {
            case .none: break
            case .int where limit.int >= 0: bound = limit.int
            default: return nil
            }
        }
        var content = 0..<0
        if let source = parts.first {
            switch tag(source) {
            case .list, .tuple: break
            case .set, .frozenSet: mergeKeys(of: source)
            default: return nil
            }
            content = nodes[Int(source)].children.indices
        }
        let index = try newKnown(.deque, callee, arguments)
        var extra = try extraParts(of: index)
        extra.bound = bound
        try extend(&extra.items, withRun: content)
        setExtraParts(extra, of: index)
        return index
    }
}
