extension PickleMachine {
    mutating func runContainer(_ opcode: PickleOpcode) throws(PickleError) {
        switch opcode {
        case .emptyTuple: try push(PickleNode(.tuple))
        case .tuple1: try makeTuple(from: try height(of: 1))
        case .tuple2: try makeTuple(from: try height(of: 2))
        case .tuple3: try makeTuple(from: try height(of: 3))
        case .tuple: try makeTuple(from: try popMark())
        case .emptyList:
            nestingCandidates += 1
            try push(PickleNode(.list, flags: .unhashable))
        case .list:
            let height = try popMark()
            nestingCandidates += 1
            let index = try add(PickleNode(.list, flags: .unhashable))
            try appendItems(from: height, to: index)
            try pushReference(index)
        case .append:
            try need(2)
            try appendItems(from: stack.count - 1, to: stack[stack.count - 2])
        case .appends:
            let height = try popMark()
            try appendItems(from: height, to: try target(below: height))
        case .emptyDict: try push(try newKeyed(.dict))
        case .dict:
            let height = try popMark()
            let index = try add(try newKeyed(.dict))
            try setPairs(from: height, in: index)
            try pushReference(index)
        case .setItem:
            try need(3)
            try setPairs(from: stack.count - 2, in: stack[stack.count - 3])
        case .setItems:
            let height = try popMark()
            try setPairs(from: height, in: try target(below: height))
        case .emptySet: try push(try newKeyed(.set))
        case .addItems:
            let height = try popMark()
            try addElements(from: height, to: try target(below: height))
        default: try makeFrozenSet()
        }
    }

    private func height(of items: Int) throws(PickleError) -> Int {
        try need(items)
        return stack.count - items
    }

    /// The container below the items above a mark that was just removed; it must lie above the next mark.
    private func target(below height: Int) throws(PickleError) -> UInt32 {
        guard height > fence else { throw failure(.stackUnderflow, "no container below the mark") }
        return stack[height - 1]
    }

    /// Makes a tuple of the items from a height on and pushes it.
    mutating func makeTuple(from height: Int) throws(PickleError) {
        let index = try tupleNode(from: height)
        try pushReference(index)
    }

    /// Makes a tuple of the items from a height on.
    mutating func tupleNode(from height: Int) throws(PickleError) -> UInt32 {
        var node = PickleNode(.tuple)
        for position in height..<stack.count where !nodes[Int(stack[position])].isHashable {
            node.flags.insert(.unhashable)
            break
        }
        var range = ChildRange()
        try extend(&range, withItemsFrom: height)
        node.children = range
        stack.removeLast(stack.count - height)
        nestingCandidates += 1
        return try add(node)
    }

    /// A new dict or set, noted for the merging of equal keys at the end.
    mutating func newKeyed(_ tag: PickleNode.Tag) throws(PickleError) -> PickleNode {
        keyed.append(UInt32(truncatingIfNeeded: nodes.count))
        return PickleNode(tag, flags: .unhashable)
    }

    private mutating func appendItems(from height: Int, to target: UInt32) throws(PickleError) {
        let node = nodes[Int(target)]
        switch node.tag {
        case .list:
            var range = node.children
            try extend(&range, withItemsFrom: height)
            nodes[Int(target)].children = range
        case .reduce, .instance, .known:
            guard node.tag != .known || KnownType(node) == .deque else {
                throw failure(.typeMismatch, "items for \(describe(target))", expected: "a list")
            }
            var extra = try extraParts(of: target)
            try extend(&extra.items, withItemsFrom: height)
            setExtraParts(extra, of: target)
        default: throw failure(.typeMismatch, "items for \(describe(target))", expected: "a list")
        }
        stack.removeLast(stack.count - height)
    }

    private mutating func setPairs(from height: Int, in target: UInt32) throws(PickleError) {
        guard (stack.count - height) % 2 == 0 else {
            throw failure(.oddItems, "\(stack.count - height) items", expected: "key and value pairs")
        }
        let node = nodes[Int(target)]
        switch node.tag {
        case .dict:
            try checkKeys(from: height, step: 2)
            var range = node.children
            try extend(&range, withItemsFrom: height)
            nodes[Int(target)].children = range
        case .reduce, .instance, .known:
            if node.tag == .known {
                guard let type = KnownType(node), type.isMapping else {
                    throw failure(.typeMismatch, "pairs for \(describe(target))", expected: "a dict")
                }
                try checkKeys(from: height, step: 2)
            }
            var extra = try extraParts(of: target)
            try extend(&extra.pairs, withItemsFrom: height)
            setExtraParts(extra, of: target)
        default: throw failure(.typeMismatch, "pairs for \(describe(target))", expected: "a dict")
        }
        stack.removeLast(stack.count - height)
    }

    private mutating func addElements(from height: Int, to target: UInt32) throws(PickleError) {
        let node = nodes[Int(target)]
        switch node.tag {
        case .set:
            try checkKeys(from: height, step: 1)
            var range = node.children
            try extend(&range, withItemsFrom: height)
            nodes[Int(target)].children = range
        case .reduce, .instance:
            var extra = try extraParts(of: target)
            try extend(&extra.adds, withItemsFrom: height)
            setExtraParts(extra, of: target)
        default: throw failure(.typeMismatch, "elements for \(describe(target))", expected: "a set")
        }
        stack.removeLast(stack.count - height)
    }

    private mutating func makeFrozenSet() throws(PickleError) {
        let height = try popMark()
        try checkKeys(from: height, step: 1)
        var range = ChildRange()
        try extend(&range, withItemsFrom: height)
        stack.removeLast(stack.count - height)
        var node = PickleNode(.frozenSet)
        node.children = range
        let index = try add(node)
        mergeKeys(of: index)
        try pushReference(index)
    }

    private func checkKeys(from height: Int, step: Int) throws(PickleError) {
        var position = height
        while position < stack.count {
            if !nodes[Int(stack[position])].isHashable {
                throw failure(
                    .unhashable, "\(describe(stack[position])) as a key or element", expected: "a hashable value")
            }
            position += step
        }
    }

    /// A word for a value, for messages.
    func describe(_ index: UInt32) -> String {
        let node = nodes[Int(index)]
        switch node.tag {
        case .none: return "None"
        case .bool: return "a bool"
        case .int, .bigInt: return "an int"
        case .float: return "a float"
        case .string: return "a str"
        case .bytes: return "bytes"
        case .byteArray: return "a bytearray"
        case .list: return "a list"
        case .tuple: return "a tuple"
        case .dict: return "a dict"
        case .set: return "a set"
        case .frozenSet: return "a frozenset"
        case .global: return "a name"
        case .reduce, .instance: return "an instance"
        case .known: return KnownType(node)?.pythonName ?? "a value"
        case .persistentID: return "a persistent id"
        case .buffer: return "a buffer"
        }
    }
}
