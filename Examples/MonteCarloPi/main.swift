// Estimates π: many small independent tasks throw points at a square, and a last one adds up how many fell into the
// circle. The futures of the many go into the last as they are: it runs when all of them have a value.

import Apus

struct PiOptions: ProgramOptions {
    var tasks = 400
    var points = 2_000_000

    static let summary = "Estimates π by throwing random points at a square."
    static let help: [String: OptionHelp] = [
        "tasks": OptionHelp("how many tasks", in: 1...1_000_000),
        "points": OptionHelp("how many random points a task takes", in: 1...1_000_000_000),
    ]
}

/// How many of `points` random points of the unit square lie in the quarter circle.
///
/// Equal seeds give equal counts.
let countInside = app("count-inside") { (seed: Int, points: Int) -> Int in
    var random = SplitMix64(seed: UInt64(seed))
    var inside = 0
    for _ in 0..<points {
        let x = random.nextUnit()
        let y = random.nextUnit()
        if x * x + y * y < 1 { inside += 1 }
    }
    return inside
}

let sum = app("sum") { (parts: [Int]) -> Int in
    parts.reduce(0, +)
}

// The one line that decides where calls run; `--on threads` and `--workers N` change it.
var configuration = WorkflowConfiguration.local(workers: 2)
configuration.summary = .always

await Workflow.run(configuration: configuration) { (options: PiOptions) in
    let parts = (1...options.tasks).map { countInside($0, options.points) }
    let inside = try await sum(parts).value

    let points = options.tasks * options.points
    let estimate = 4 * Double(inside) / Double(points)
    print("π ≈ \(rounded(estimate)) from \(points) points; the error is \(rounded(abs(estimate - Double.pi)))")
}

/// Seven decimals are more than such a number of points can earn.
func rounded(_ value: Double) -> Double { (value * 1e7).rounded() / 1e7 }
