// A program whose tasks are stopped: by cancellation, through the executor itself, and by their walltimes. The tests run
// it by its scenarios, and read what it prints.

import Apus
import DataFlow
import Glibc
import HighThroughput
import SystemSupport
import WorkflowCore

/// Says that a task has begun, by a file: facts are waited for, not time.
func begin(_ name: String) {
    let file = fopen("begun-\(name)", "w")
    if let file {
        fputs("\(getpid())\n", file)
        fclose(file)
    }
}

/// Waits for the file of a task that begins; its worker.
func awaitBegin(_ name: String) -> Int32 {
    var pid: Int32?
    guard
        Wait.eventually({
            let text = (try? SmallFile.readText("begun-\(name)")) ?? ""
            pid = Int32(text.prefix { $0.isNumber })
            return pid != nil && text.hasSuffix("\n")
        }), let pid
    else {
        print("'\(name)' did not begin")
        exit(3)
    }
    unlink("begun-\(name)")
    return pid
}

let nothing = app("nothing") { () -> Int in Int(getpid()) }
let sleeper = app("sleeper") { () async throws -> Int in
    begin("sleeper")
    try await Task.sleep(for: .seconds(600))
    return 1
}
let counter = app("counter") { () -> Int in
    begin("counter")
    while !Task.isCancelled {}
    return 2
}
let deaf = app("deaf") { () -> Int in
    // A child in the worker's group, which must not outlive it.
    let child = try ChildProcess(
        spawning: .init(executable: "sleep", arguments: ["sleep", "1000"], ownProcessGroup: false))
    try SmallFile.write(Array("\(child.pid)\n".utf8), to: "child-pid", mode: 0o600)
    begin("deaf")
    return withExtendedLifetime(child) {
        var count = 0
        while getpid() > 0 { count &+= 1 }
        return count
    }
}
let limitedSleeper = app("limitedSleeper", options: .init(walltime: .milliseconds(200))) { () async throws -> Int in
    try await Task.sleep(for: .seconds(600))
    return 1
}
let limitedCounter = app("limitedCounter", options: .init(walltime: .milliseconds(200))) { () -> Int in
    while !Task.isCancelled {}
    return 2
}
let limitedDeaf = app("limitedDeaf", options: .init(walltime: .milliseconds(200))) { () -> Int in
    var count = 0
    while getpid() > 0 { count &+= 1 }
    return count
}
let limitedQuick = app("limitedQuick", options: .init(walltime: .seconds(60))) { (value: Int) in value }
// Its walltimes leave time to begin on a busy machine.
let limitedFamily = bashApp("limitedFamily", options: .init(walltime: .seconds(3))) { () -> ShellCommand in
    "echo $$ > family-1; sleep 1000 & echo $! > family-2; sleep 1000"
}
let plainFamily = bashApp("plainFamily") { () -> ShellCommand in
    "echo $$ > family-1; sleep 1000 & echo $! > family-2; sleep 1000"
}
let stubbornFamily = bashApp("stubbornFamily", options: .init(walltime: .seconds(3))) { () -> ShellCommand in
    "trap '' TERM; echo $$ > family-1; sh -c \"trap '' TERM; sleep 1000\" & echo $! > family-2; while :; do sleep 1; done"
}

let devices = app("devices") { () -> String in EnvironmentVariables.get("CUDA_VISIBLE_DEVICES") ?? "-" }
let eater = bashApp("eater", options: .init(resources: .init(memory: 64 << 20))) { () -> ShellCommand in
    "echo $$ > eater-1; x=$(head -c 300M /dev/zero | tr '\\0' x); sleep 1000"
}
let ranks = bashApp("ranks", stdout: .file("ranks.out", append: true)) { () -> ShellCommand in
    "$APUS_MPI_PREFIX echo $PARSL_MPI_NODELIST $PARSL_NUM_RANKS"
}
let scenario = CommandLine.arguments.dropFirst().first ?? ""

var processes = HighThroughputConfiguration(workers: 2, encrypted: false)
switch scenario {
case "resources": processes.accelerators = .perTask(2)
case "mpi":
    processes = HighThroughputConfiguration(
        provider: LocalProvider(launcher: SimpleLauncher()), workersPerNode: 4, encrypted: false)
    processes.mpiLauncher = .srun
default: break
}
processes.cancelGrace = 0.5
var configuration = WorkflowConfiguration.processes(processes)
configuration.progress = false
configuration.lostRetries = 0

await Workflow.run(configuration: configuration) {
    switch scenario {
    case "resources":
        await Tell.outcome("two", devices.with(resources: .init(gpus: 2))())
        await Tell.outcome("none", devices())
        await Tell.outcome("eater", eater())
        Tell.line("alive \(Wait.survivors(["eater-1"]))")
        await Tell.outcome("wrong", nothing.with(resources: .init(cores: 0))())
        await Tell.outcome("nodes", nothing.with(resources: .init(nodes: 2))())
        await Tell.outcome("large", nothing.with(resources: .init(gpus: 3))())
    case "mpi":
        let calls = (0..<6).map { ranks.with(resources: .init(nodes: $0 % 3 + 1, ranksPerNode: 2))() }
        for (number, call) in calls.enumerated() { await Tell.outcome("call \(number)", call) }
        await Tell.outcome("plain", nothing())
        await Tell.outcome("uneven", nothing.with(resources: .init(nodes: 2, ranks: 3))())
        await Tell.outcome("many", nothing.with(resources: .init(nodes: 4))())
    case "walltime":
        await Tell.outcome("sleeper", limitedSleeper())
        await Tell.outcome("counter", limitedCounter())
        let before = try await nothing().value
        let stopped = limitedDeaf()
        let others = (0..<200).map { limitedQuick($0) }
        await Tell.outcome("deaf", stopped)
        var good = 0
        for (value, other) in others.enumerated() where try await other.value == value { good += 1 }
        Tell.line("good \(good)")
        Tell.line("replaced \(before > 0)")
    case "family":
        await Tell.outcome("family", limitedFamily())
        Tell.line("alive \(Wait.survivors(["family-1", "family-2"]))")
    case "cancelled-family":
        let family = plainFamily()
        let children = Wait.eventually { (try? SmallFile.readText("family-2"))?.hasSuffix("\n") == true }
        family.cancel()
        await Tell.outcome("family", family)
        Tell.line("began \(children)")
        Tell.line("alive \(Wait.survivors(["family-1", "family-2"]))")
    case "cancelled-deaf":
        let stopped = deaf()
        let worker = awaitBegin("deaf")
        stopped.cancel()
        await Tell.outcome("deaf", stopped)
        Tell.line("worker gone \(Wait.eventually { !Wait.isAlive(worker) })")
        await Tell.outcome("next", limitedQuick(7))
    case "stubborn-family":
        await Tell.outcome("family", stubbornFamily())
        Tell.line("alive \(Wait.survivors(["family-1", "family-2"]))")
    case "cancel":
        guard let context = DataFlowKernel.current?.context else { exit(4) }
        try await CancelScenario(context).run()
    default:
        Tell.line("no such scenario")
        exit(2)
    }
}
