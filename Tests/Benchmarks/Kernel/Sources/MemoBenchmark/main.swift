// Cached calls: what a hit costs, and what the records of earlier runs cost at the start. One line of JSON.
//
//     MemoBenchmark write DIRECTORY COUNT     runs COUNT cached calls and writes their results
//     MemoBenchmark read DIRECTORY COUNT      loads them, asks for each twice: from the file, then from memory

import Apus
@preconcurrency import Glibc  // why: `stderr` is a variable there

let square = app("square", options: AppOptions(version: 1, cache: true)) { (x: Int) in x &* x }

let words = CommandLine.arguments
guard words.count == 4, words[1] == "write" || words[1] == "read", let count = Int(words[3]), count > 0 else {
    fputs("usage: MemoBenchmark write|read DIRECTORY COUNT\n", stderr)
    exit(2)
}
let reads = words[1] == "read"

/// Calls all, awaits all; microseconds a call.
func turn() async throws -> Double {
    let clock = ContinuousClock()
    let began = clock.now
    let futures = (0..<count).map { square($0) }
    var sum = 0
    for future in futures { sum &+= try await future.value }
    let taken = (clock.now - began) / .microseconds(1)
    precondition(sum == (0..<count).reduce(0) { $0 &+ $1 &* $1 }, "a wrong result")
    return taken / Double(count)
}

var configuration = WorkflowConfiguration.threads(2)
configuration.progress = false
configuration.summary = .never
configuration.runDirectory = words[2]
configuration.checkpoint = reads ? .never : .atExit
configuration.checkpointLoading = reads ? .all : WorkflowConfiguration.CheckpointLoading.none

let start = ContinuousClock.now
await Workflow.run(apps: square, configuration: configuration) {
    let load = (ContinuousClock.now - start) / .seconds(1)
    let first = try await turn()
    let second = try await turn()
    print(
        reads
            ? "{\"records\": \(count), \"load_seconds\": \(load), \"hit_from_file_us\": \(first), \"hit_us\": \(second)}"
            : "{\"records\": \(count), \"run_us\": \(first), \"hit_us\": \(second)}")
}
