/// The processors of a node whose workers are bound: which ones tasks have for themselves.
///
/// A worker runs tasks on its own processors, but for those that were given others.
package struct ProcessorPool: Sendable, Equatable {
    /// All that the manager may use, ascending.
    package let all: [Int]
    /// Those of each worker.
    package let own: [[Int]]
    /// Those that tasks have for themselves.
    private(set) var held: Set<Int> = []

    /// A node on which no task has any.
    package init(_ all: [Int], own: [[Int]]) {
        self.all = all.sorted()
        self.own = own
    }

    /// Those that are neither held nor used by these workers, which run on their own.
    func free(besides workers: some Sequence<Int>) -> [Int] {
        var used = held
        for worker in workers { used.formUnion(own[worker]) }
        return all.filter { !used.contains($0) }
    }

    /// Whether a worker may run something on its own processors.
    func isOwnFree(_ worker: Int) -> Bool { held.isDisjoint(with: own[worker]) }

    mutating func take(_ processors: [Int]) { held.formUnion(processors) }

    mutating func give(back processors: [Int]) { held.subtract(processors) }

    /// So many of those that are free, neighbours as far as there are any; ascending.
    ///
    /// Of the rows of neighbours the shortest that is long enough is used, so that long ones stay whole. When none is long
    /// enough the longest is taken, and the rest is sought among the others.
    static func choose(_ count: Int, of free: [Int]) -> [Int] {
        var rows: [[Int]] = []
        for processor in free.sorted() {
            if let last = rows.last?.last, last + 1 == processor {
                rows[rows.count - 1].append(processor)
            } else {
                rows.append([processor])
            }
        }
        var chosen: [Int] = []
        while chosen.count < count, !rows.isEmpty {
            let missing = count - chosen.count
            // The first of the shortest, or of the longest.
            var best = 0
            for index in rows.indices.dropFirst() {
                let (length, bestLength) = (rows[index].count, rows[best].count)
                let isBetter =
                    length >= missing
                    ? bestLength < missing || length < bestLength : bestLength < missing && length > bestLength
                if isBetter { best = index }
            }
            chosen += rows.remove(at: best).prefix(missing)
        }
        return chosen.sorted()
    }
}
