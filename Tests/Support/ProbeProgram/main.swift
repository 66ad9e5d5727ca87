// A program that does what real programs do wrong: its tasks crash, exit, spin, print, and its processes are killed.
// The tests run it as a user would, by its scenarios, and read what it prints.

import Apus
import Glibc

struct Unencodable: AppValue {
    struct Refusal: Error {}
    init() {}
    func encode(to encoder: any Encoder) throws { throw Refusal() }
    init(from decoder: any Decoder) throws {}
}

/// An error that its own program cannot decode again.
struct OneWayError: Error, Codable, Sendable {
    var text: String
    init(text: String) { self.text = text }
    init(from decoder: any Decoder) throws { throw CancellationError() }
}

struct BadInput: Error, Codable, Equatable, Sendable {
    var rows: Int
}

struct PlainError: Error { var why = "as planned" }

/// Leaves a file that says that a task has begun: facts are waited for, not time.
func begin(_ name: String) {
    var number = 0
    while true {
        let file = open("begun-\(name)-\(number)", O_CREAT | O_EXCL | O_WRONLY, 0o600)
        if file >= 0 {
            close(file)
            return
        }
        guard errno == EEXIST else { return }
        number += 1
    }
}

/// Waits until so many tasks of a name have begun.
func awaitBegun(_ name: String, _ count: Int = 1) {
    let deadline = milliseconds() + 60_000
    while access("begun-\(name)-\(count - 1)", F_OK) != 0 {
        guard milliseconds() < deadline else {
            tell("\(count) tasks of '\(name)' did not begin")
            exit(3)
        }
        _ = poll(nil, 0, 5)
    }
}

let processID = app("processID") { Int(getpid()) }
let parentID = app("parentID") { Int(getppid()) }
let nap = app("nap") { (milliseconds: Int) -> Int in
    begin("nap")
    usleep(UInt32(milliseconds) * 1000)
    return milliseconds
}
let napAsync = app("napAsync") { (milliseconds: Int) async throws -> Int in
    try await Task.sleep(for: .milliseconds(milliseconds))
    return milliseconds
}
/// Runs until it is cancelled, then tidies up: writes a file.
let tidy = app("tidy") { (path: String) async throws -> Int in
    writeFile(path + ".begun")
    do {
        try await Task.sleep(for: .seconds(60))
    } catch {
        writeFile(path + ".tidied")
        throw error
    }
    return 0
}
/// Runs a while, then writes a file.
let finish = app("finish") { (path: String, milliseconds: Int) in
    writeFile(path + ".begun")
    usleep(UInt32(milliseconds) * 1000)
    writeFile(path + ".finished")
}
let after = app("after") { (_: Nothing, path: String) in writeFile(path) }
let spin = app("spin") { () -> Int in
    begin("spin")
    var count = 0
    while getpid() > 0 { count &+= 1 }
    return count
}
let crash = app("crash") { () -> Int in fatalError("the data is bad") }
let leave = app("leave") { (code: Int) -> Int in exit(Int32(code)) }
let dieBySignal = app("dieBySignal") { (number: Int) -> Int in
    kill(getpid(), Int32(number))
    usleep(2_000_000)
    return 0
}
let say = app("say") { (text: String) -> String in
    print("task says \(text)")
    return text
}
let unencodable = app("unencodable") { Unencodable() }
let oneWay = app("oneWay", throwing: [OneWayError.self]) { () -> Int in throw OneWayError(text: "only outwards") }
let refuse = app("refuse", throwing: [BadInput.self]) { (rows: Int) -> Int in throw BadInput(rows: rows) }
let refusePlainly = app("refusePlainly") { () -> Int in throw PlainError() }
let add = app("add") { (a: Int, b: Int) in a + b }
let total = app("total") { (values: [Int]) in values.reduce(0, +) }
let nested = app("nested") { () async throws -> Int in try await add(1, 2).value }
let environment = app("environment") { (name: String) in getenv(name).map { String(cString: $0) } ?? "" }
let directory = app("directory") { () -> String in
    guard let raw = getcwd(nil, 0) else { return "" }
    defer { free(raw) }
    return String(cString: raw)
}

/// The processors that the body may run on, as the kernel writes them.
let allowed = app("allowed") { () -> String in
    guard let file = fopen("/proc/thread-self/status", "r") else { return "" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 4096)
    while fgets(&line, Int32(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if text.hasPrefix("Cpus_allowed_list:") { return String(text.drop { !$0.isNumber }) }
    }
    return ""
}
/// The same of a program that a bash app starts.
let commandAllowed = bashApp("commandAllowed") { (path: String) in
    """
    { sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status
      echo "$OMP_NUM_THREADS of $APUS_TASK_CORES"; } > \(path)
    """
}

/// Makes an empty file.
func writeFile(_ path: String) {
    if let file = fopen(path, "w") { fclose(file) }
}

/// The direct children of a process.
func children(of pid: Int) -> [Int] {
    var found: [Int] = []
    guard let folder = opendir("/proc/\(pid)/task") else { return [] }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        guard name != ".", name != "..", let file = fopen("/proc/\(pid)/task/\(name)/children", "r") else { continue }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 65_536)
        if fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            found += text.split(separator: " ").compactMap { Int($0) }
        }
    }
    return found
}

/// The process's name as the kernel knows it.
func command(of pid: Int) -> String {
    guard let file = fopen("/proc/\(pid)/comm", "r") else { return "" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 64)
    guard fgets(&line, 64, file) != nil else { return "" }
    return String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Prints a line at once; the tests read them as they come.
func tell(_ text: String) {
    print(text)
    fflush(nil)
}

/// Prints how a future ended, in one line.
func tellOutcome<Value>(_ name: String, _ future: AppFuture<Value>) async {
    switch await future.result {
    case .success(let value): tell("\(name): value \(value)")
    case .failure(let error):
        tell("\(name): \(type(of: error)): " + "\(error)".split(separator: "\n").joined(separator: " / "))
    }
}

func milliseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

let arguments = Array(CommandLine.arguments.dropFirst())
let scenario = arguments.first ?? "none"
let options = Set(arguments.dropFirst())

if scenario == "crash-at-start", getenv("APUS_ROLE").map({ String(cString: $0) }) == "worker" {
    fatalError("this program cannot start as a worker")
}

var processes = HighThroughputConfiguration(
    workers: options.contains("one") ? 1 : 2, encrypted: !options.contains("plain"))
processes.echo = options.contains("echo")
if options.contains("bound") { processes.affinity = .block }
if scenario == "by-hand" { processes.nodeLabels = ["own"] }
if options.contains("everywhere") { processes.address = "*" }
if options.contains("own-address") { processes.address = "127.0.0.2" }
if options.contains("impatient") {
    processes.heartbeatPeriod = 0.5
    processes.heartbeatThreshold = 3
}
var configuration = options.contains("threads") ? WorkflowConfiguration.threads(2) : .processes(processes)
configuration.progress = false
configuration.lostRetries = options.contains("retry") ? 1 : 0
if options.contains("drain") { configuration.onInterrupt = .drain }
if options.contains("exit-cancel") { configuration.exitMode = .cancel }
if options.contains("exit-skip") { configuration.exitMode = .skip }
if options.contains("monitoring") { configuration.monitoring = .file("monitoring.jsonl") }

if scenario == "unknown-executor" { _ = app("lost", options: AppOptions(executor: "nowhere")) { 1 } }
if scenario == "executors" {
    configuration.executors = [.threads("small"), .local("big", workers: 1)]
}
/// A configuration for workflows inside of this one.
let inner: WorkflowConfiguration = {
    var inner = WorkflowConfiguration.threads(2)
    inner.progress = false
    return inner
}()

await Workflow.run(configuration: configuration) {
    let start = milliseconds()
    _ = try await add(0, 0).value
    if !options.contains("threads") {
        let own = Int(getpid())
        for child in children(of: own) {
            tell("process \(command(of: child)) \(child)")
            for worker in children(of: child) { tell("process worker \(worker)") }
        }
    }
    let manager = try await parentID().value
    let interchange = children(of: Int(getpid())).first { command(of: $0) == "apus-interchang" } ?? -1
    switch scenario {
    case "add":
        await tellOutcome("add", add(add(1, 2), 3))
        await tellOutcome("total", total((1...100).map { add($0, 0) }))
    case "worker-killed":
        let worker = try await processID().value
        let victim = nap(options.contains("retry") ? 1_000 : 60_000)
        awaitBegun("nap")
        let before = milliseconds()
        kill(pid_t(worker), SIGKILL)
        await tellOutcome("victim", victim)
        tell("noticed after \(milliseconds() - before) ms")
        await tellOutcome("next", add(1, 2))
    case "crash":
        await tellOutcome("crash", crash())
        await tellOutcome("next", add(1, 2))
    case "exit":
        await tellOutcome("leave", leave(3))
        await tellOutcome("next", add(1, 2))
    case "ahead":
        // Short tasks make the manager write ahead to its one worker; then the worker dies with frames in its hands.
        for future in (0..<5_000).map({ add($0, 1) }) { _ = try await future.value }
        let first = dieBySignal(Int(SIGKILL))
        let rest = (0..<8).map { add($0, 1) }
        await tellOutcome("first", first)
        var good = 0
        for future in rest { if case .success = await future.result { good += 1 } }
        tell("good \(good) of \(rest.count)")
    case "manager-killed":
        let victim = nap(60_000)
        awaitBegun("nap")
        let before = milliseconds()
        kill(pid_t(manager), SIGKILL)
        await tellOutcome("victim", victim)
        tell("noticed after \(milliseconds() - before) ms")
        await tellOutcome("next", add(1, 2))
    case "manager-killed-spinning":
        let victims = [spin(), spin()]
        awaitBegun("spin", 2)
        kill(pid_t(manager), SIGKILL)
        for victim in victims { await tellOutcome("victim", victim) }
        await tellOutcome("next", add(1, 2))
    case "manager-stopped":
        let victim = nap(60_000)
        awaitBegun("nap")
        kill(pid_t(manager), SIGSTOP)
        await tellOutcome("victim", victim)
        kill(pid_t(manager), SIGKILL)
        await tellOutcome("next", add(1, 2))
    case "interchange-stopped":
        // Longer, all together, than the stop: some must run before it, through it, and after it.
        let tasks = (0..<16).map { nap(800 + $0) }
        awaitBegun("nap", 2)
        kill(pid_t(interchange), SIGSTOP)
        usleep(5_000_000)
        kill(pid_t(interchange), SIGCONT)
        var good = 0
        for task in tasks { if case .success = await task.result { good += 1 } }
        tell("good \(good) of \(tasks.count)")
        let same = try await parentID().value
        tell("same manager \(same == manager)")
    case "interchange-killed":
        let victims = (0..<10).map { _ in nap(60_000) }
        awaitBegun("nap", 2)
        let before = milliseconds()
        kill(pid_t(interchange), SIGKILL)
        for victim in victims.prefix(1) { await tellOutcome("victim", victim) }
        for victim in victims { _ = await victim.result }
        tell("noticed after \(milliseconds() - before) ms")
        await tellOutcome("late", add(1, 2))
    case "long":
        let long = nap(60_000)
        awaitBegun("nap")
        tell("running")
        await tellOutcome("long", long)
    case "executors":
        let own = Int(getpid())
        tell("small here \(try await processID().value == own)")
        tell("big here \(try await processID.with(executor: "big")().value == own)")
        await tellOutcome("wrong", add.with(executor: "bgi")(1, 2))
    case "several":
        await tellOutcome("detached", Task.detached { add(1, 2) }.value)
        let sums = try await withThrowingTaskGroup(of: Int.self) { group in
            for n in 0..<4 {
                group.addTask {
                    try await Workflow.execute(configuration: inner) {
                        try await total((0..<100).map { add($0, n) }).value
                    }
                }
            }
            var sums: [Int] = []
            for try await sum in group { sums.append(sum) }
            return sums
        }
        tell("sums \(sums.sorted())")
        try await Workflow.execute(configuration: inner) {
            await tellOutcome("inside", Task { add(1, 1) }.value)
            await tellOutcome("ambiguous", Task.detached { add(1, 2) }.value)
        }
        await tellOutcome("detached again", Task.detached { add(2, 2) }.value)
    case "by-hand":
        tell("waiting")
        while access("go", F_OK) != 0 { usleep(10_000) }
        tell("labelled \(try await parentID.with(resources: .init(labels: ["gpu=a100"]))().value)")
        tell("unlabelled \(try await parentID.with(resources: .init(labels: ["own"]))().value == manager)")
    case "bound":
        let both = ResourceSpecification(cores: 2)
        tell("body \(try await allowed.with(resources: both)().value)")
        _ = try await commandAllowed.with(resources: both)("two.txt").value
        _ = try await commandAllowed.with(resources: .init(cores: 1))("one.txt").value
        await tellOutcome("death", dieBySignal.with(resources: both)(Int(SIGKILL)))
        tell("after death \(try await allowed.with(resources: both)().value)")
        let running = tidy.with(resources: both)("task")
        while access("task.begun", F_OK) != 0 { usleep(10_000) }
        running.cancel()
        await tellOutcome("cancelled", running)
        tell("after cancellation \(try await allowed.with(resources: both)().value)")
        tell("plain \(try await allowed().value)")
    case "tidy":
        await tellOutcome("tidy", tidy("task"))
    case "finish":
        let first = finish("task", 1_500)
        await tellOutcome("after", after(first, "after"))
    case "leave-behind":
        let begun = tidy("task")
        while access("task.begun", F_OK) != 0 { usleep(10_000) }
        _ = after(begun.map { _ in Nothing() }, "after")
    case "print":
        await tellOutcome("say", say("hello"))
    case "unencodable":
        await tellOutcome("unencodable", unencodable())
        await tellOutcome("next", add(1, 2))
    case "errors":
        await tellOutcome("oneWay", oneWay())
        do {
            _ = try await refuse(7).value
        } catch let error as BadInput {
            tell("caught BadInput with \(error.rows) rows")
        }
        await tellOutcome("plain", refusePlainly())
        await tellOutcome("dependent", add(refuse(7), 1))
        await tellOutcome("nested", nested())
        let late = app("late") { 1 }
        await tellOutcome("late", late())
        await tellOutcome("next", add(1, 2))
    case "unawaited":
        refusePlainly()
    case "throws":
        _ = nap(100)
        throw PlainError()
    case "place":
        await tellOutcome("tunables", environment("GLIBC_TUNABLES"))
        await tellOutcome("environment", environment("APUS_TEST_MARK"))
        await tellOutcome("role", environment("APUS_ROLE"))
        await tellOutcome("depth", environment("APUS_DEPTH"))
        await tellOutcome("directory", directory())
    case "responsive":
        // A long task must not delay a short one while a worker is idle.
        for future in (0..<2_000).map({ add($0, 1) }) { _ = try await future.value }
        let long = tidy("long")
        while access("long.begun", F_OK) != 0 { usleep(10_000) }
        let before = milliseconds()
        for _ in 0..<20 { _ = try await add(1, 1).value }
        tell("short tasks took \(milliseconds() - before) ms")
        long.cancel()
        await tellOutcome("long", long)
    case "async":
        await tellOutcome("napAsync", napAsync(50))
    case "crash-at-start":
        await tellOutcome("add", add(1, 2))
    default:
        tell("there is no scenario '\(scenario)'")
        exit(2)
    }
    tell("done after \(milliseconds() - start) ms")
}
