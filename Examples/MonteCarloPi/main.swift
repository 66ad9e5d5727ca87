// Estimates π: many small independent tasks throw points at a square, and a last one adds up how many fell into the
// circle. The futures of the many go into the last as they are: it runs when all of them have a value.

import Apus

let options = PiOptions.fromCommandLine()

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

// The one line that decides where calls run.
var configuration: WorkflowConfiguration =
    options.useThreads ? .threads(options.workers) : .local(workers: options.workers)
configuration.summary = .always

await Workflow.run(configuration: configuration) {
    let parts = (1...options.tasks).map { countInside($0, options.points) }
    let inside = try await sum(parts).value

    let points = options.tasks * options.points
    let estimate = 4 * Double(inside) / Double(points)
    print("π ≈ \(rounded(estimate)) from \(points) points; the error is \(rounded(abs(estimate - Double.pi)))")
}

/// Seven decimals are more than such a number of points can earn.
func rounded(_ value: Double) -> Double { (value * 1e7).rounded() / 1e7 }
