// The smallest graph that is no chain: one task, two that need its result and run beside each other, one that needs both.
//
//              prepare
//             /       \
//          lower     upper
//             \       /
//              compare

import Apus

struct Bounds: AppValue {
    var lower: Double
    var upper: Double
}

struct DiamondOptions: ProgramOptions {
    var steps = 4_000_000

    static let summary = "Encloses π between two sums, which are computed at the same time."
    static let help: [String: OptionHelp] = ["steps": OptionHelp("strips of the circle", in: 1...1_000_000_000)]
}

/// The width of a strip of the quarter circle.
let prepare = app("prepare") { (steps: Int) -> Double in 1 / Double(steps) }

/// The strips that lie within the circle: too little.
let lower = app("lower") { (width: Double, steps: Int) -> Double in
    4 * width * (1...steps).reduce(0) { sum, step in sum + height(Double(step) * width) }
}

/// The strips that cover the circle: too much.
let upper = app("upper") { (width: Double, steps: Int) -> Double in
    4 * width * (0..<steps).reduce(0) { sum, step in sum + height(Double(step) * width) }
}

let compare = app("compare") { (lower: Double, upper: Double) -> Bounds in Bounds(lower: lower, upper: upper) }

await Workflow.run(configuration: .local(workers: 2)) { (options: DiamondOptions) in
    // Nothing waits here: futures are arguments, and so the graph is written down before its first task has run.
    let width = prepare(options.steps)
    let bounds = try await compare(lower(width, options.steps), upper(width, options.steps)).value

    print("π lies between \(bounds.lower) and \(bounds.upper)")
}

func height(_ x: Double) -> Double { (max(0, 1 - x * x)).squareRoot() }
