extension PickleMachine {
    /// Adds a node and pushes it.
    @inline(__always)
    mutating func push(_ node: PickleNode) throws(PickleError) {
        let index = try add(node)
        guard stack.count < limits.maxStack else { throw limitFailure("stack", limits.maxStack) }
        stack.append(index)
    }

    /// Adds a node without pushing it.
    @inline(__always)
    mutating func add(_ node: PickleNode) throws(PickleError) -> UInt32 {
        let index = nodes.count
        guard index < limits.maxNodes, index < Int(UInt32.max) else { throw limitFailure("value", limits.maxNodes) }
        if index == nodes.capacity { growNodes() }
        nodes.append(node)
        return UInt32(truncatingIfNeeded: index)
    }

    /// Makes room for the values that the rest of the input probably holds, at most four times as many.
    ///
    /// The old and the new block are there at the same time, so the room is no larger than expected.
    @inline(never)
    private mutating func growNodes() {
        let count = nodes.count
        let expected = Double(count) / Double(max(position, 1)) * Double(bytes.count) * 1.02
        nodes.reserveCapacity(max(count + count / 4 + 64, min(count * 4, Int(expected))))
    }

    /// Pushes a value that is already a node.
    @inline(__always)
    mutating func pushReference(_ index: UInt32) throws(PickleError) {
        guard stack.count < limits.maxStack else { throw limitFailure("stack", limits.maxStack) }
        stack.append(index)
    }

    @inline(never)
    func limitFailure(_ what: String, _ limit: Int) -> PickleError {
        failure(.limitExceeded, "more than \(limit) entries (\(what))")
    }

    /// The top of the stack; for text opcodes the argument is read only afterwards, so that the stack is judged first.
    @inline(__always)
    func top(beforeLine: Bool = false) throws(PickleError) -> UInt32 {
        guard stack.count > fence else { throw failure(.stackUnderflow, "nothing above the topmost mark") }
        return stack[stack.count &- 1]
    }

    /// Removes and gives the top of the stack.
    @inline(__always)
    mutating func popValue() throws(PickleError) -> UInt32 {
        guard stack.count > fence else { throw failure(.stackUnderflow, "too few items above the topmost mark") }
        return stack.removeLast()
    }

    /// Checks that so many items lie above the topmost mark.
    @inline(__always)
    func need(_ items: Int) throws(PickleError) {
        guard stack.count - fence >= items else {
            throw failure(
                .stackUnderflow, "\(stack.count - fence) items above the topmost mark", expected: "\(items)")
        }
    }

    @inline(__always)
    mutating func pushMark() throws(PickleError) {
        guard marks.count < limits.maxStack else { throw limitFailure("mark", limits.maxStack) }
        fence = stack.count
        marks.append(UInt32(truncatingIfNeeded: fence))
    }

    /// Removes the topmost mark and gives the height at which it lay; the items above it stay.
    @inline(__always)
    mutating func popMark() throws(PickleError) -> Int {
        guard let mark = marks.popLast() else { throw failure(.missingMark, "there is no mark", expected: "a mark") }
        fence = Int(marks.last ?? 0)
        return Int(mark)
    }

    mutating func pop() throws(PickleError) {
        if stack.count > fence {
            stack.removeLast()
        } else if !marks.isEmpty {
            _ = try popMark()
        } else {
            throw failure(.stackUnderflow, "the stack is empty", expected: "a value or a mark")
        }
    }

    // MARK: Memo

    @inline(__always)
    mutating func store(_ value: UInt32, at index: UInt64) throws(PickleError) {
        guard memo.count < limits.maxMemo else { throw limitFailure("memo", limits.maxMemo) }
        memo.set(value, at: index)
    }

    @inline(__always)
    mutating func fetch(_ index: UInt64) throws(PickleError) {
        guard let value = memo[index] else { throw failure(.missingMemo, "memo entry \(index) is not set") }
        try pushReference(value)
    }

    // MARK: Children

    /// Adds the stack's items from a height on to a run of children.
    @inline(__always)
    mutating func extend(_ range: inout ChildRange, withItemsFrom height: Int) throws(PickleError) {
        let added = stack.count - height
        let place = try room(in: &range, for: added)
        if place == children.count {
            children.append(contentsOf: stack[height...])
        } else {
            for offset in 0..<added { children[place + offset] = stack[height + offset] }
        }
    }

    /// Adds one index to a run of children.
    @inline(__always)
    mutating func extend(_ range: inout ChildRange, with value: UInt32) throws(PickleError) {
        let place = try room(in: &range, for: 1)
        if place == children.count { children.append(value) } else { children[place] = value }
    }

    /// Adds another run of children to one.
    mutating func extend(_ range: inout ChildRange, withRun source: Range<Int>) throws(PickleError) {
        try countCopies(source.count)
        for index in source { try extend(&range, with: children[index]) }
    }

    /// Makes room for more children at the end of a run and gives the place of the first; if that is the end of the list
    /// the caller appends.
    @inline(__always)
    private mutating func room(in range: inout ChildRange, for added: Int) throws(PickleError) -> Int {
        if range.capacity == range.count {
            if range.capacity == 0 { range.start = UInt32(truncatingIfNeeded: children.count) }
            if Int(range.start) + Int(range.capacity) == children.count {
                guard children.count + added < Int(UInt32.max) else { throw limitFailure("item", Int(UInt32.max)) }
                range.count &+= UInt32(truncatingIfNeeded: added)
                range.capacity = range.count
                return children.count
            }
        }
        return try roomElsewhere(in: &range, for: added)
    }

    @inline(never)
    private mutating func roomElsewhere(in range: inout ChildRange, for added: Int) throws(PickleError) -> Int {
        let count = Int(range.count)
        let needed = count + added
        if needed > Int(range.capacity) {
            // Moved to the end with room for as many again, so that all moves together stay linear.
            let capacity = max(needed, count * 2)
            let start = children.count
            guard start + capacity < Int(UInt32.max) else { throw limitFailure("item", Int(UInt32.max)) }
            children.reserveCapacity(growing: capacity)
            for index in range.indices { children.append(children[index]) }
            for _ in count..<capacity { children.append(0) }
            range.start = UInt32(start)
            range.capacity = UInt32(capacity)
        }
        range.count = UInt32(needed)
        return Int(range.start) + count
    }

    /// Counts what known calls copy: shared arguments must not make memory grow beyond the input.
    mutating func countCopies(_ amount: Int) throws(PickleError) {
        copied += amount
        guard copied <= 2 * bytes.count + 4_096 else {
            throw failure(.limitExceeded, "calls copy their arguments more than twice the input over")
        }
    }
}

extension ContiguousArray {
    /// Makes room for more elements, at least doubling, so that repeated calls stay linear.
    mutating func reserveCapacity(growing extra: Int) {
        if capacity - count < extra { reserveCapacity(Swift.max(count + extra, capacity * 2)) }
    }
}
