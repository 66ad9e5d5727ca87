import WorkflowCore

/// What is known of tasks, by their numbers.
///
/// Numbers are given in order, and most tasks of a moment lie close together; so this is a table in pages rather than a
/// dictionary: nothing is hashed, nothing is copied when it grows, and a page whose tasks have all ended is given back.
struct TaskSlots<Value: Sendable>: Sendable {
    private struct Page {
        var slots: ContiguousArray<Value?>
        var used = 0

        mutating func take(_ slot: Int) -> Value? {
            defer { slots[slot] = nil }
            return slots[slot]
        }
    }

    private static var bits: Int { 8 }
    private static var size: Int { 1 << bits }

    private var pages: ContiguousArray<Page?> = []
    /// An empty page, for the next that is needed: one call at a time must not cost a page each.
    private var spare: Page?
    /// The number of the first page.
    private var first = 0
    /// How many tasks there are.
    private(set) var count = 0

    /// Whether there is none.
    var isEmpty: Bool { count == 0 }

    /// The tasks there are, in order.
    var tasks: [TaskID] {
        var found: [TaskID] = []
        found.reserveCapacity(count)
        for (number, page) in pages.enumerated() {
            guard let page else { continue }
            for (slot, value) in page.slots.enumerated() where value != nil {
                found.append(TaskID((first + number) << Self.bits + slot))
            }
        }
        return found
    }

    /// The first tasks there are from one on, in order; what is skipped costs a page at a time.
    func tasks(from start: TaskID, limit: Int) -> [TaskID] {
        var found: [TaskID] = []
        var page = max(0, start.rawValue >> Self.bits - first)
        while page < pages.count, found.count < limit {
            let base = (first + page) << Self.bits
            if let slots = pages[page]?.slots {
                for (slot, value) in slots.enumerated() where value != nil && base + slot >= start.rawValue {
                    found.append(TaskID(base + slot))
                    if found.count == limit { break }
                }
            }
            page += 1
        }
        return found
    }

    /// Whether anything is known of a task.
    func contains(_ task: TaskID) -> Bool {
        let page = task.rawValue >> Self.bits - first
        guard page >= 0, page < pages.count else { return false }
        return pages[page]?.slots[task.rawValue & (Self.size - 1)] != nil
    }

    /// What is known of a task; `nil` when nothing is.
    subscript(task: TaskID) -> Value? {
        get {
            let page = task.rawValue >> Self.bits - first
            guard page >= 0, page < pages.count else { return nil }
            return pages[page]?.slots[task.rawValue & (Self.size - 1)]
        }
        _modify {
            let (page, slot) = place(of: task)
            let before = pages[page]?.slots[slot] != nil
            defer { settle(page, was: before, is: pages[page]?.slots[slot] != nil) }
            // why the force: `place` has made the page.
            yield &pages[page]!.slots[slot]  // swift-format-ignore: NeverForceUnwrap
        }
    }

    /// Forgets a task, and returns what was known.
    mutating func remove(_ task: TaskID) -> Value? {
        let page = task.rawValue >> Self.bits - first
        guard page >= 0, page < pages.count, let value = pages[page]?.take(task.rawValue & (Self.size - 1)) else {
            return nil
        }
        settle(page, was: true, is: false)
        return value
    }

    /// Finds the place of a task, and makes its page.
    private mutating func place(of task: TaskID) -> (page: Int, slot: Int) {
        let wanted = task.rawValue >> Self.bits
        if pages.isEmpty { first = wanted }
        if wanted < first {
            pages.insert(contentsOf: repeatElement(nil, count: first - wanted), at: 0)
            first = wanted
        }
        while first + pages.count <= wanted { pages.append(nil) }
        if pages[wanted - first] == nil {
            pages[wanted - first] =
                spare.take() ?? Page(slots: ContiguousArray(repeating: nil, count: Self.size))
        }
        return (wanted - first, task.rawValue & (Self.size - 1))
    }

    /// Counts, and gives back what is empty.
    private mutating func settle(_ page: Int, was before: Bool, is after: Bool) {
        guard before != after else {
            if !before, pages[page]?.used == 0 { giveBack(page) }
            return
        }
        let change = after ? 1 : -1
        count += change
        pages[page]?.used += change
        guard pages[page]?.used == 0 else { return }
        giveBack(page)
        if count == 0 {
            pages.removeAll(keepingCapacity: pages.count < 1024)
            return
        }
        // Many at once, since all that follow are moved.
        let empty = pages.prefix { $0 == nil }.count
        if empty >= 1024, empty * 2 >= pages.count {
            pages.removeFirst(empty)
            first += empty
        }
    }

    private mutating func giveBack(_ page: Int) {
        let empty = pages[page].take()
        if spare == nil { spare = empty }
    }
}
