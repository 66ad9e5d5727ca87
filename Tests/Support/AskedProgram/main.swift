// A program that operators ask: its tasks wait until the test makes a file, so that what is asked stays so.
//
//     AskedProgram SCENARIO [monitoring]

import Apus
import Glibc

/// Leaves a file that says that a task has begun, and waits for the file that lets it go on.
@Sendable func hold(_ name: String) {
    if let file = fopen("begun-\(name)", "w") { fclose(file) }
    while access("go", F_OK) != 0, access("go-\(name)", F_OK) != 0 { usleep(20_000) }
}

struct Refusal: Error, Codable, Sendable { var why: String }

let held = app("held") { (name: String) -> Int in
    hold(name)
    return 1
}
let add = app("add") { (a: Int, b: Int) in a + b }
let total = app("total") { (values: [Int]) in values.reduce(0, +) }
let refuse = app("refuse", throwing: [Refusal.self]) { (rows: Int) -> Int in throw Refusal(why: "\(rows) rows are bad")
}
let tree = joinApp("tree") { (name: String) in add(held(name), 1) }
/// Fails once, then waits.
let second = app("second") { (name: String) throws -> Int in
    if access("failed-\(name)", F_OK) != 0 {
        if let file = fopen("failed-\(name)", "w") { fclose(file) }
        throw Refusal(why: "the first attempt fails")
    }
    hold(name)
    return 1
}

let ownLabels = app("ownLabels") { getenv("APUS_NODE_LABELS").map { String(cString: $0) } ?? "none" }

/// Two blocks of this machine that find out labels of their own: the first to come is big.
func labelledBlocks() -> HighThroughputConfiguration {
    let place = getcwd(nil, 0).map { String(cString: $0) } ?? "."
    let find = "if mkdir '\(place)/first' 2>/dev/null; then size=big; else size=small; fi"
    let provider = LocalProvider(
        workerInit: "\(find)\nexport APUS_NODE_LABELS=size=$size", grace: .seconds(2),
        statusPollingInterval: .milliseconds(100), blocks: BlockParameters(initBlocks: 2, minBlocks: 2, maxBlocks: 2))
    var result = HighThroughputConfiguration(provider: provider, workersPerNode: 1)
    result.nodeLabels = ["test"]
    return result
}

/// A scheduler whose jobs wait for ever.
struct StuckProvider: Provider {
    var label: String { "stuck" }
    var blocks: BlockParameters { BlockParameters(initBlocks: 1, maxBlocks: 1) }
    var isLocal: Bool { true }
    var statusPollingInterval: Duration { .milliseconds(100) }
    func submit(_ job: JobRequest) async throws -> JobID { JobID("17") }
    func status(of jobs: [JobID]) async throws -> [JobID: JobStatus] {
        Dictionary(uniqueKeysWithValues: jobs.map { ($0, JobStatus(.pending, reason: "Priority")) })
    }
    func cancel(_ jobs: [JobID]) async throws {}
}

/// Prints a line at once.
func tell(_ text: String) {
    print(text)
    fflush(nil)
}

/// Waits until a task has begun.
func awaitBegun(_ name: String) {
    while access("begun-\(name)", F_OK) != 0 { usleep(5_000) }
}

extension [AppFuture<String>] {
    var asyncValues: [String] {
        get async throws {
            var values: [String] = []
            for future in self { values.append(try await future.value) }
            return values
        }
    }
}

let scenario = CommandLine.arguments.dropFirst().first ?? ""
var processes = HighThroughputConfiguration(workers: 1)
if scenario == "draining" { processes.drainPeriod = .seconds(1) }
if scenario == "nobody" { processes = HighThroughputConfiguration(provider: StuckProvider(), workersPerNode: 1) }
if scenario == "labels" { processes = labelledBlocks() }
var configuration = WorkflowConfiguration.processes(processes)
if scenario == "threads" {
    configuration = WorkflowConfiguration(executors: [.threads("small", 1)])
    configuration.checkpoint = .manual
    configuration.maxUnfinishedTasks = 2
}
configuration.progress = false
configuration.retries = scenario == "retried" ? 1 : 0
if CommandLine.arguments.contains("monitoring") { configuration.monitoring = .file("records.jsonl") }

await Workflow.run(configuration: configuration) {
    switch scenario {
    case "graph":
        let first = held("first")  // 1
        let middle = add(first, 1)  // 2
        let third = add(middle, 1)  // 3
        let fourth = total([third, middle, first])  // 4
        let behind = held("behind")  // 5: the only worker is busy
        let outside = AppFuture<Int> {
            while access("go", F_OK) != 0 { try await Task.sleep(for: .milliseconds(20)) }
            return 4
        }
        let last = add(outside, 1)  // 6
        let joined = tree("inner")  // 7, which calls 8, and 9 with it
        awaitBegun("first")
        tell("ready")
        tell("\(try await fourth.value + behind.value + joined.value + last.value)")
    case "ended":
        _ = try await add(1, 2).value  // 1
        let bad = refuse(7)  // 2
        let dependent = add(bad, 1)  // 3
        _ = await dependent.result
        tell("ready")
        _ = try await held("end").value  // 4
    case "nobody", "draining":
        // With a drain period the first one begins, and then the manager takes no other.
        let first = held("first")
        if scenario == "draining" { awaitBegun("first") }
        let next = held("second")
        tell("ready")
        _ = try await (first.value, next.value)
    case "threads":
        let first = held("first")  // 1
        let next = held("second")  // 2
        awaitBegun("first")
        let third = Task { try await held.submit("third") }
        tell("ready")
        _ = try await (first.value, next.value, third.value.value)
    case "retried":
        let future = second("again")  // 1
        awaitBegun("again")
        tell("ready")
        _ = try await future.value
    case "labels":
        let ask = { (labels: [String]) in ownLabels.with(resources: .init(labels: labels))() }
        let big = (0..<5).map { _ in ask(["size=big", "test"]) }
        let small = (0..<5).map { _ in ask(["size=small"]) }
        let nowhere = ask(["size=huge"])  // 11
        tell("big \(Set(try await big.asyncValues).sorted())")
        tell("small \(Set(try await small.asyncValues).sorted())")
        if case .failure(let error) = await nowhere.result { tell("nowhere \(error)") }
        tell("ready")
        _ = try await held("end").value
    default:
        tell("there is no scenario '\(scenario)'")
        exit(2)
    }
    tell("done")
}
