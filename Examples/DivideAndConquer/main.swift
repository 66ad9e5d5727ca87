// Computes an integral by divide and conquer: where the estimate is not good enough, the interval is cut in two, and each
// half becomes a problem of its own. How often, and where, is not known when the program starts.

import Apus

struct IntegralOptions: ProgramOptions {
    var tolerance = 1e-9

    static let summary = "Computes π as the area of a circle, in steps that are small where they must be."
    static let help: [String: OptionHelp] = ["tolerance": "how wrong the result may be"]

    func validate() throws {
        guard tolerance >= 1e-12 else { throw BadTolerance() }
    }
}

struct BadTolerance: Error, CustomStringConvertible {
    var description: String { "--tolerance is 1e-12 or more" }
}

struct Interval: AppValue {
    var from: Double
    var to: Double
    var tolerance: Double

    var middle: Double { (from + to) / 2 }
    var left: Interval { Interval(from: from, to: middle, tolerance: tolerance / 2) }
    var right: Interval { Interval(from: middle, to: to, tolerance: tolerance / 2) }
}

/// An area, how wrong it may be, and how many intervals it took.
struct Area: AppValue {
    var value: Double
    var error: Double
    var parts: Int
}

/// A quarter circle, four times as high.
func height(_ x: Double) -> Double { 4 * max(0, 1 - x * x).squareRoot() }

/// Simpson's rule, once over the interval and once over its halves: their difference tells how good it is.
let estimate = app("estimate") { (interval: Interval) -> Area in
    func simpson(_ interval: Interval) -> Double {
        let heights = height(interval.from) + 4 * height(interval.middle) + height(interval.to)
        return (interval.to - interval.from) / 6 * heights
    }
    let (whole, halves) = (simpson(interval), simpson(interval.left) + simpson(interval.right))
    return Area(value: halves, error: abs(halves - whole) / 15, parts: 1)
}

let add = app("add") { (left: Area, right: Area) -> Area in
    Area(value: left.value + right.value, error: left.error + right.error, parts: left.parts + right.parts)
}

/// The join app: it runs beside the body below, looks at a result, and returns the future of what is to be done then.
let integrate = joinApp("integrate") { (interval: Interval) -> AppFuture<Area> in
    let area = estimate(interval)
    if try await area.value.error <= interval.tolerance { return area }
    return add(integral(interval.left), integral(interval.right))
}

/// A join app that calls itself needs its type written down: here.
func integral(_ interval: Interval) -> AppFuture<Area> { integrate(interval) }

await Workflow.run(configuration: .local(workers: 2)) { (options: IntegralOptions) in
    let area = try await integrate(Interval(from: 0, to: 1, tolerance: options.tolerance)).value
    print("π ≈ \(area.value), from \(area.parts) intervals; it is off by \(abs(area.value - Double.pi))")
}
