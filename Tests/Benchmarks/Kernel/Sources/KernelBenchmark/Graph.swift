import Apus

/// A task graph that is built, run and checked.
enum Graph: String, CaseIterable {
    /// Calls that need nothing of each other.
    case independent
    /// Each call needs the one before.
    case chain
    /// One call needs all others.
    case fanin
    /// Each call needs three of the layer before.
    case layers

    /// Submits `count` calls and returns the future that is done last, where there is one, and those to wait for.
    ///
    /// - Parameters:
    ///   - count: calls; for `layers` the square of their number and width.
    ///   - start: what the first calls wait for, so that nothing runs before the graph is complete; `nil` runs at once.
    func submit(_ count: Int, after start: AppFuture<Int>?) -> [AppFuture<Int>] {
        switch self {
        case .independent:
            return (0..<count).map { number in start.map { noop($0) } ?? noop(number) }
        case .chain:
            var last = start.map { next($0) } ?? next(0)
            for _ in 1..<count { last = next(last) }
            return [last]
        case .fanin:
            return [sum((0..<count).map { number in start.map { noop($0) } ?? noop(number) })]
        case .layers:
            let width = Int(Double(count).squareRoot().rounded())
            var layer = (0..<width).map { number in start.map { noop($0) } ?? noop(number) }
            for _ in 1..<width {
                layer = (0..<width).map { join3(layer[$0], layer[($0 + 1) % width], layer[($0 + 7) % width]) }
            }
            return layer
        }
    }

    /// What the last future's value is.
    func expected(_ count: Int) -> Int {
        switch self {
        case .independent, .fanin: 0
        case .chain: count
        case .layers: Int(Double(count).squareRoot().rounded()) - 1
        }
    }
}
