// One graph through the kernel and the thread pool, as one line of JSON.
//
//     KernelBenchmark GRAPH COUNT [THREADS] [memory]
//
// Without `memory` calls run while others are submitted, and the time is taken; with it all wait behind a door first,
// and what they take of memory is measured.

import Apus
@preconcurrency import Glibc  // why: `stderr` is a variable there

guard CommandLine.arguments.count >= 3, let graph = Graph(rawValue: CommandLine.arguments[1]),
    let count = Int(CommandLine.arguments[2]), count > 1
else {
    let graphs = Graph.allCases.map(\.rawValue).joined(separator: "|")
    fputs("usage: KernelBenchmark \(graphs) COUNT [THREADS] [memory]\n", stderr)
    exit(2)
}
let threads = CommandLine.arguments.count > 3 ? Int(CommandLine.arguments[3]) ?? 2 : 2
let measuresMemory = CommandLine.arguments.last == "memory"

/// Waits for all and checks the last.
func finish(_ futures: [AppFuture<Int>]) async throws {
    var last = 0
    for future in futures { last = try await future.value }
    precondition(last == graph.expected(count), "\(graph) of \(count) ended with \(last)")
}

var configuration = WorkflowConfiguration.threads(threads)
configuration.progress = false
configuration.summary = .never
await Workflow.run(apps: noop, next, sum, join3, gate, configuration: configuration) {
    for _ in 0..<100 { _ = try await noop(0).value }
    let clock = ContinuousClock()
    if measuresMemory {
        let before = Memory.resident
        var unfinished = 0
        do {
            let futures = graph.submit(count, after: gate())
            unfinished = Memory.resident
            Gate.open()
            try await finish(futures)
        }
        // The last call's thread is still letting go of what the graph held.
        try await Task.sleep(for: .seconds(1))
        let after = Memory.resident
        print(
            "{\"graph\": \"\(graph)\", \"tasks\": \(count), "
                + "\"bytes_per_unfinished_task\": \((unfinished - before) / count), "
                + "\"bytes_per_task_after\": \(Double(after - before) / Double(count))}")
    } else {
        let began = clock.now
        let futures = graph.submit(count, after: nil)
        let submitted = clock.now - began
        try await finish(futures)
        let seconds = (clock.now - began) / .seconds(1)
        print(
            "{\"graph\": \"\(graph)\", \"tasks\": \(count), \"threads\": \(threads), "
                + "\"submit_seconds\": \(submitted / .seconds(1)), \"seconds\": \(seconds), "
                + "\"tasks_per_second\": \(Double(count) / seconds)}")
    }
}
