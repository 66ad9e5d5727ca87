// A workflow whose workers are jobs of Slurm, processes of hosts that ssh reaches, or managers in network namespaces that
// network.py made, as a user would write it: the tests run it and treat its jobs badly.
//
//     ClusterProgram words FOLDER        counts the words of a folder: one task a file, then merging tasks
//     ClusterProgram nap COUNT MS        so many tasks that sleep; prints where each ran
//     ClusterProgram mark COUNT MS FILE  the same; each task that begins adds a line with its number to the file
//     ClusterProgram ranks               programs on one node and on two, started by srun (CLUSTER_MPI set)
//     ClusterProgram waves COUNT         so many tasks that wait for the file `go-1`, then the same with `go-2`
//
// The environment says how: CLUSTER_NODES (of a block), CLUSTER_BLOCKS (at the start), CLUSTER_MAX (blocks),
// CLUSTER_WORKERS, CLUSTER_WALLTIME (seconds), CLUSTER_PARTITION, CLUSTER_RETRIES, CLUSTER_STRATEGY, CLUSTER_IDLE
// (milliseconds), CLUSTER_SHARED (one processor of a node is enough), CLUSTER_PREFETCH, CLUSTER_SIGNAL,
// CLUSTER_LAUNCHER, CLUSTER_ROUNDS (waves). With CLUSTER_HOSTS, a list with commas, it is ssh: CLUSTER_SSH_CONFIG is a
// configuration file of ssh, CLUSTER_COPY a cache to which the program is copied, CLUSTER_SHARED_CACHE one for a shared
// file system.
// With CLUSTER_NAMESPACES, a list with spaces, nodes are namespaces: CLUSTER_ADDRESS, CLUSTER_GATEWAY, CLUSTER_PORT,
// CLUSTER_SILENCE (seconds).

import Apus
import Glibc

/// Where a task ran.
struct Place: AppValue {
    var node: String
    var job: String
}

let count = app("count") { (path: String) -> [String: Int] in
    var counts: [String: Int] = [:]
    guard let file = fopen(path, "r") else { return counts }
    defer { fclose(file) }
    var word = ""
    while case let byte = getc(file), byte != EOF {
        if let scalar = Unicode.Scalar(UInt32(byte)), isalpha(byte) != 0 {
            word.unicodeScalars.append(Unicode.Scalar(UInt32(tolower(Int32(scalar.value)))) ?? scalar)
        } else if !word.isEmpty {
            counts[word, default: 0] += 1
            word = ""
        }
    }
    if !word.isEmpty { counts[word, default: 0] += 1 }
    return counts
}
let merge = app("merge") { (counts: [[String: Int]]) -> [String: Int] in
    counts.reduce(into: [:]) { total, part in total.merge(part, uniquingKeysWith: +) }
}
let nap = app("nap") { (index: Int, milliseconds: Int) -> Place in
    note("nap-\(index)")
    usleep(UInt32(milliseconds) * 1000)
    return here()
}
let wave = app("wave") { (number: Int, index: Int) -> Int in
    note("ran-\(number)-\(index)")
    while access("go-\(number)", F_OK) != 0 { usleep(20_000) }
    return index
}
let mark = app("mark") { (number: Int, milliseconds: Int, path: String) -> Place in
    if let file = fopen(path, "a") {
        fputs("\(number)\n", file)
        fclose(file)
    }
    usleep(UInt32(milliseconds) * 1000)
    return here()
}

/// Starts a manager in each of some network namespaces, under a host name of its own.
struct NamespaceLauncher: Launcher {
    var hosts: [String]
    var prefix: String

    func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String {
        hosts.map { host in
            "ip netns exec \(prefix)-\(host) unshare --uts sh -c 'hostname \(host); exec \"$@\"' sh \(command) &\n"
        }.joined() + "wait\n"
    }
}

let ranks = bashApp("ranks", stdout: .file("ranks.out", append: true)) { () -> ShellCommand in
    "$APUS_MPI_PREFIX sh -c 'echo $PARSL_NUM_RANKS $SLURMD_NODENAME'"
}

func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
func number(_ name: String, _ usual: Int) -> Int { variable(name).flatMap { Int($0) } ?? usual }
@Sendable func here() -> Place {
    var name = [CChar](repeating: 0, count: 65)
    gethostname(&name, 64)
    let host = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return Place(
        node: variable("SLURMD_NODENAME") ?? variable("SSH_CONNECTION")?.split(separator: " ").last.map { "port \($0)" }
            ?? host,
        job: variable("SLURM_JOB_ID") ?? variable("APUS_SSH_JOB") ?? variable("JOB_ID") ?? "none")
}

/// Leaves a line, to show that a task has begun, and how often.
@Sendable func note(_ name: String) {
    guard let file = fopen(name, "a") else { return }
    fputs("\(getpid())\n", file)
    fclose(file)
}

let nodes = number("CLUSTER_NODES", 2)
let blocks = number("CLUSTER_BLOCKS", 1)
let walltime = Duration.seconds(number("CLUSTER_WALLTIME", 600))
let isShared = variable("CLUSTER_SHARED") != nil
var slurm = SlurmProvider(
    partition: variable("CLUSTER_PARTITION"), coresPerNode: isShared ? 1 : nil, memoryPerNode: isShared ? 0.1 : nil,
    exclusive: !isShared, signal: variable("CLUSTER_SIGNAL"), workerInit: "echo worker init on $(hostname)",
    statusPollingInterval: .seconds(5),
    blocks: BlockParameters(
        nodesPerBlock: nodes, initBlocks: blocks, maxBlocks: number("CLUSTER_MAX", max(1, blocks)),
        walltime: walltime))
switch variable("CLUSTER_LAUNCHER") {
case "srunmpi": slurm.launcher = SrunMPILauncher()
case "single": slurm.launcher = SingleNodeLauncher()
case "mpiexec": slurm.launcher = MpiExecLauncher()
case "mpirun": slurm.launcher = MpiRunLauncher()
default: break
}
let ssh = variable("CLUSTER_HOSTS").map { hosts in
    SSHProvider(
        hosts: hosts.split(separator: ",").map { SSHHost(parsing: String($0)) },
        executable: variable("CLUSTER_COPY").map { .copied(cache: ExecutableCache(directory: $0)) } ?? .shared,
        options: variable("CLUSTER_SSH_CONFIG").map { ["-F", $0] } ?? [], connectTimeout: .seconds(3),
        silenceLimit: 2, statusPollingInterval: .seconds(2),
        blocks: BlockParameters(
            nodesPerBlock: nodes, initBlocks: blocks, maxBlocks: max(1, blocks), walltime: walltime))
}
let namespaces: (any Provider)? = variable("CLUSTER_NAMESPACES").map { hosts in
    LocalProvider(
        launcher: NamespaceLauncher(
            hosts: hosts.split(separator: " ").map(String.init), prefix: variable("APUS_NETWORK_PREFIX") ?? "apus"))
}
let provider: any Provider = namespaces ?? (ssh ?? slurm)
var processes = HighThroughputConfiguration(provider: provider, workersPerNode: number("CLUSTER_WORKERS", 2))
processes.strategy = variable("CLUSTER_STRATEGY").flatMap { ScalingStrategy(rawValue: $0) } ?? .simple
processes.maxIdleTime = .milliseconds(number("CLUSTER_IDLE", 120_000))
processes.strategyPeriod = .milliseconds(500)
if let prefetch = variable("CLUSTER_PREFETCH").flatMap({ Int($0) }) { processes.prefetch = .fixed(prefetch) }
if let cache = variable("CLUSTER_SHARED_CACHE") {
    processes.executable = .copied(cache: ExecutableCache(directory: cache))
}
if variable("CLUSTER_MPI") != nil {
    var simple = slurm
    simple.launcher = SimpleLauncher()
    processes.provider = simple
    processes.mpiLauncher = .srun
}
if namespaces != nil {
    processes.address = variable("CLUSTER_ADDRESS")
    processes.gateways = variable("CLUSTER_GATEWAY").map { [$0] } ?? []
    processes.workerPort = variable("CLUSTER_PORT").flatMap { Int($0) }
    processes.heartbeatThreshold = Double(number("CLUSTER_SILENCE", 10))
}
var configuration = WorkflowConfiguration.processes(processes)
configuration.lostRetries = number("CLUSTER_RETRIES", 1)
configuration.progress = false

let arguments = Array(CommandLine.arguments.dropFirst())

await Workflow.run(configuration: configuration) {
    switch arguments.first {
    case "words":
        var names: [String] = []
        guard let folder = opendir(arguments[1]) else { return print("no folder") }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        closedir(folder)
        let total = try await merge(names.sorted().map { count("\(arguments[1])/\($0)") }).value
        for (word, times) in total.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(5) {
            print(times, word)
        }
    case "nap", "mark":
        let milliseconds = Int(arguments[2]) ?? 0
        let futures = (0..<(Int(arguments[1]) ?? 1)).map { number in
            arguments[0] == "nap" ? nap(number, milliseconds) : mark(number, milliseconds, arguments[3])
        }
        for future in futures {
            do {
                let place = try await future.value
                print("ran on \(place.node) in job \(place.job)")
            } catch {
                print("failed: \(error)")
            }
            fflush(nil)
        }
        print("done")
    case "ranks":
        for call in [1, 2, 1].map({ ranks.with(resources: .init(nodes: $0, ranksPerNode: 1))() }) {
            do { _ = try await call.value } catch { print("failed: \(error)") }
        }
        print("done")
    case "waves":
        for number in 1...number("CLUSTER_ROUNDS", 2) {
            let futures = (0..<(Int(arguments[1]) ?? 1)).map { wave(number, $0) }
            var sum = 0
            for future in futures { sum += try await future.value }
            print("wave \(number) \(sum)")
            fflush(nil)
            while access("after-\(number)", F_OK) != 0 { try await Task.sleep(for: .milliseconds(50)) }
        }
    default:
        print(
            "usage: ClusterProgram words FOLDER | nap COUNT MILLISECONDS | mark COUNT MILLISECONDS FILE | ranks | waves COUNT"
        )
    }
}
