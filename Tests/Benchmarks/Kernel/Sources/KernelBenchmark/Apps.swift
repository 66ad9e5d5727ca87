import Apus

/// Does nothing: what is measured is the way there and back.
let noop = app("noop") { (_: Int) in 0 }
/// Adds one to what the call before it returned.
let next = app("next") { (before: Int) in before + 1 }
/// Adds up what many calls returned.
let sum = app("sum") { (values: [Int]) in values.reduce(0, &+) }
/// A call of a layer, which needs three of the layer before.
let join3 = app("join3") { (a: Int, b: Int, c: Int) in max(a, b, c) + 1 }
/// Runs until the graph is complete, so that all of it is unfinished at once.
let gate = app("gate") { () -> Int in
    Gate.wait()
    return 0
}
