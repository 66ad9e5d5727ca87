// A workflow whose workers are pods, as a user would write it: the tests run it and treat its pods badly. The same program
// is in the image of the pods.
//
//     PodProgram words TEXT...       counts the words of each text in a task, and puts the counts together
//     PodProgram nap COUNT MS        so many tasks that sleep; prints where each ran
//
// The environment says how: POD_IMAGE, POD_PROGRAM (the path in the image), POD_NAMESPACE, POD_KUBECONFIG, POD_NODES,
// POD_MEMORY, POD_CPU, POD_ADDRESS (where pods reach this host), POD_WALLTIME (seconds), POD_RETRIES, POD_LABEL (NAME=value).

import Apus
import Glibc
import Kubernetes

let count = app("count") { (text: String) -> [String: Int] in
    text.split { !$0.isLetter }.reduce(into: [:]) { $0[$1.lowercased(), default: 0] += 1 }
}
let merge = app("merge") { (counts: [[String: Int]]) -> [String: Int] in
    counts.reduce(into: [:]) { total, part in total.merge(part, uniquingKeysWith: +) }
}
let nap = app("nap") { (milliseconds: Int) -> String in
    usleep(UInt32(milliseconds) * 1000)
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, 255)
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
let eat = app("eat") { (megabytes: Int) -> Int in
    let bytes = [UInt8](repeating: 1, count: megabytes << 20)
    return bytes.reduce(0) { $0 &+ Int($1) }
}

func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
func number(_ name: String, _ usual: Int) -> Int { variable(name).flatMap { Int($0) } ?? usual }

let provider = KubernetesProvider(
    image: variable("POD_IMAGE") ?? "localhost/apus-pods:test",
    program: variable("POD_PROGRAM") ?? "/usr/local/bin/PodProgram",
    namespace: variable("POD_NAMESPACE"), imagePullPolicy: .never,
    cpu: .exactly(variable("POD_CPU") ?? "100m"), memory: .exactly(variable("POD_MEMORY") ?? "200Mi"),
    labels: variable("POD_LABEL").map { label in
        let parts = label.split(separator: "=").map(String.init)
        return [parts[0]: parts[1]]
    } ?? [:],
    workingDirectory: "/tmp", grace: .seconds(5), startLimit: .seconds(15), kubeconfig: variable("POD_KUBECONFIG"),
    statusPollingInterval: .seconds(2),
    blocks: BlockParameters(
        nodesPerBlock: number("POD_NODES", 1),
        walltime: variable("POD_WALLTIME").flatMap { Int($0) }.map { .seconds($0) }))
var htex = HighThroughputConfiguration(provider: provider, workersPerNode: 2)
htex.address = variable("POD_ADDRESS")
var configuration = WorkflowConfiguration.processes(htex)
configuration.lostRetries = number("POD_RETRIES", 1)
configuration.progress = false

let arguments = Array(CommandLine.arguments.dropFirst())

await Workflow.run(configuration: configuration) {
    switch arguments.first {
    case "words":
        let total = try await merge(arguments.dropFirst().map { count($0) }).value
        for (word, times) in total.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) { print(times, word) }
    case "nap":
        let futures = (0..<(Int(arguments[1]) ?? 1)).map { _ in nap(Int(arguments[2]) ?? 0) }
        for future in futures {
            do {
                print("ran on", try await future.value)
            } catch {
                print("failed: \(error)")
            }
        }
        print("done")
    case "eat":
        do {
            print("ate", try await eat(Int(arguments[1]) ?? 1).value)
        } catch {
            print("failed: \(error)")
        }
    default:
        print("usage: PodProgram words TEXT... | nap COUNT MILLISECONDS | eat MEGABYTES")
    }
}
