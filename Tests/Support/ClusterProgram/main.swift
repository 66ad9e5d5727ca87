// A workflow whose workers are jobs of Slurm, or processes of hosts that ssh reaches, as a user would write it: the tests run it and treat its jobs badly.
//
//     ClusterProgram words FOLDER        counts the words of a folder: one task a file, then merging tasks
//     ClusterProgram nap COUNT MS        so many tasks that sleep; prints where each ran
//
// The environment says how: CLUSTER_NODES, CLUSTER_WORKERS, CLUSTER_WALLTIME (seconds), CLUSTER_PARTITION,
// CLUSTER_RETRIES, CLUSTER_BLOCKS. With CLUSTER_HOSTS, a list with commas, it is ssh: CLUSTER_SSH_CONFIG is a configuration
// file of ssh, CLUSTER_COPY a cache to which the program is copied, CLUSTER_SHARED_CACHE one for a shared file system.

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
let nap = app("nap") { (milliseconds: Int) -> Place in
    usleep(UInt32(milliseconds) * 1000)
    return here()
}

func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
func number(_ name: String, _ usual: Int) -> Int { variable(name).flatMap { Int($0) } ?? usual }
@Sendable func here() -> Place {
    Place(
        node: variable("SLURMD_NODENAME") ?? variable("SSH_CONNECTION")?.split(separator: " ").last.map { "port \($0)" }
            ?? "none",
        job: variable("SLURM_JOB_ID") ?? variable("APUS_SSH_JOB") ?? "none")
}

let nodes = number("CLUSTER_NODES", 2)
let blocks = number("CLUSTER_BLOCKS", 1)
let walltime = Duration.seconds(number("CLUSTER_WALLTIME", 600))
let slurm = SlurmProvider(
    partition: variable("CLUSTER_PARTITION"), workerInit: "echo worker init on $(hostname)",
    statusPollingInterval: .seconds(5),
    blocks: BlockParameters(
        nodesPerBlock: nodes, initBlocks: blocks, maxBlocks: max(1, blocks), walltime: walltime))
let ssh = variable("CLUSTER_HOSTS").map { hosts in
    SSHProvider(
        hosts: hosts.split(separator: ",").map { SSHHost(parsing: String($0)) },
        executable: variable("CLUSTER_COPY").map { .copied(cache: ExecutableCache(directory: $0)) } ?? .shared,
        options: variable("CLUSTER_SSH_CONFIG").map { ["-F", $0] } ?? [], connectTimeout: .seconds(3),
        silenceLimit: 2, statusPollingInterval: .seconds(2),
        blocks: BlockParameters(
            nodesPerBlock: nodes, initBlocks: blocks, maxBlocks: max(1, blocks), walltime: walltime))
}
let provider: any Provider = ssh ?? slurm
var htex = HighThroughputConfiguration(provider: provider, workersPerNode: number("CLUSTER_WORKERS", 2))
if let cache = variable("CLUSTER_SHARED_CACHE") { htex.executable = .copied(cache: ExecutableCache(directory: cache)) }
var configuration = WorkflowConfiguration.processes(htex)
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
    case "nap":
        let futures = (0..<(Int(arguments[1]) ?? 1)).map { _ in nap(Int(arguments[2]) ?? 0) }
        for future in futures {
            do {
                let place = try await future.value
                print("ran on \(place.node) in job \(place.job)")
            } catch {
                print("failed: \(error)")
            }
        }
        print("done")
    default:
        print("usage: ClusterProgram words FOLDER | nap COUNT MILLISECONDS")
    }
}
