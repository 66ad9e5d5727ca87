// A workflow whose blocks come and go on this machine. The tests run it by its scenarios, look at what becomes of its
// blocks (runinfo/000/htex/blocks.log) and say by files when it goes on.
//
//     ElasticProgram waves COUNT         so many tasks that wait for the file `go-1`, then the same with `go-2`, …
//     ElasticProgram long                one task that waits for the file `release`, beside three short ones
//     ElasticProgram churn SECONDS       bursts of short tasks, as blocks come and go all the time
//     ElasticProgram failing HANDLER     blocks that cannot start
//     ElasticProgram killed              a task that kills its manager with SIGKILL, once
//
// The environment says how: ELASTIC_INIT, ELASTIC_MIN, ELASTIC_MAX, ELASTIC_STRATEGY, ELASTIC_IDLE (milliseconds).

import Apus
import Glibc

func number(_ name: String, _ usual: Int) -> Int { getenv(name).flatMap { Int(String(cString: $0)) } ?? usual }
@Sendable func exists(_ name: String) -> Bool { access(name, F_OK) == 0 }
/// Leaves a line, to show that a task ran and how often.
@Sendable func note(_ name: String) {
    guard let file = fopen(name, "a") else { return }
    fputs("\(getpid())\n", file)
    fclose(file)
}

let wave = app("wave") { (number: Int, index: Int) -> Int in
    note("ran-\(number)-\(index)")
    while !exists("go-\(number)") { usleep(10_000) }
    return index
}
let long = app("long") { () -> String in
    note("long-ran")
    while !exists("release") { usleep(10_000) }
    return "released"
}
let short = app("short") { (milliseconds: Int) -> Int in
    usleep(UInt32(milliseconds) * 1000)
    return milliseconds
}
let killer = app("killer") { () -> String in
    guard !exists("killed") else { return "lived" }
    note("killed")
    kill(getppid(), SIGKILL)
    while true { sleep(1) }
}

let arguments = Array(CommandLine.arguments.dropFirst())
let scenario = arguments.first ?? ""
let provider = LocalProvider(
    workerInit: scenario == "failing" ? "echo \"no licence on this node\" >&2; exit 7" : "",
    grace: .seconds(2), statusPollingInterval: .milliseconds(100),
    blocks: BlockParameters(
        initBlocks: number("ELASTIC_INIT", 0), minBlocks: number("ELASTIC_MIN", 0),
        maxBlocks: number("ELASTIC_MAX", 3)))
var processes = HighThroughputConfiguration(provider: provider, workersPerNode: 1)
processes.strategy =
    getenv("ELASTIC_STRATEGY").flatMap { ScalingStrategy(rawValue: String(cString: $0)) } ?? .auto
processes.strategyPeriod = .milliseconds(50)
// A task that waits behind a long one, on a worker that is busy, would keep the test waiting.
if scenario != "churn" { processes.prefetch = .fixed(0) }
processes.maxIdleTime = .milliseconds(number("ELASTIC_IDLE", 200))
if scenario == "failing" {
    processes.blockErrorHandler =
        switch arguments.dropFirst().first {
        case "simple": .simple
        case "windowed": .windowed(2)
        case "own": BlockErrorHandler { $0.blocks.contains(where: \.failed) ? "one block is enough for me" : nil }
        case "none": .none
        default: .failedStarts(2)
        }
}
var configuration = WorkflowConfiguration.processes(processes)
configuration.lostRetries = scenario == "killed" ? 1 : 0
configuration.progress = false

await Workflow.run(configuration: configuration) {
    switch scenario {
    case "waves":
        for number in 1...2 {
            let count = Int(arguments[1]) ?? 1
            let futures = (0..<count).map { wave(number, $0) }
            var sum = 0
            for future in futures { sum += try await future.value }
            print("wave \(number) \(sum)")
            fflush(nil)
            while !exists("after-\(number)") { try await Task.sleep(for: .milliseconds(20)) }
        }
    case "long":
        let future = long()
        let others = (0..<3).map { _ in short(300) }
        for other in others { _ = try await other.value }
        print("short ones done")
        fflush(nil)
        print("long \(try await future.value)")
    case "churn":
        var count = 0
        let end = ContinuousClock.now + .seconds(Int(arguments[1]) ?? 1)
        var size = 1
        while ContinuousClock.now < end {
            let futures = (0..<size).map { short(($0 * 7) % 40) }
            for future in futures { _ = try await future.value }
            count += size
            size = size * 5 % 23
            // Now and then long enough for blocks to be given back, now and then just as long as that takes to begin.
            try await Task.sleep(for: .milliseconds((count * 37) % 260))
        }
        print("ended \(count)")
    case "failing":
        let futures = [short(1), short(2)]
        for future in futures {
            do {
                print("value \(try await future.value)")
            } catch {
                print("failed: \(error)")
            }
        }
    case "killed":
        print("killer \(try await killer().value)")
    default:
        print("usage: ElasticProgram waves COUNT | long | churn SECONDS | failing HANDLER | killed")
    }
}
