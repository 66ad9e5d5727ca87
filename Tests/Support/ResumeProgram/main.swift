// A checkpointed run of a thousand calls, made to be killed: each call that really runs leaves a line in `executed`.

import Apus
import Glibc

let step = app("step", options: AppOptions(cache: true)) { (number: Int) -> Int in
    let file = open("executed", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    let line = "\(number)\n"
    _ = line.withCString { write(file, $0, strlen($0)) }
    close(file)
    usleep(500)
    return number * number
}
let total = app("total") { (values: [Int]) in values.reduce(0, +) }

let arguments = CommandLine.arguments
var configuration: WorkflowConfiguration =
    arguments.contains("threads") ? .threads(2, throughCodec: true) : .local(workers: 2)
configuration.checkpoint = arguments.contains("manual") ? .manual : arguments.contains("never") ? .never : .taskExit
if arguments.contains("latest") { configuration.checkpointLoading = .latest }
if arguments.contains("strict") { configuration.strictCache = true }
configuration.progress = false

await Workflow.run(configuration: configuration) {
    if arguments.contains("manual") {
        _ = try await total((0..<10).map { step($0) }).value
        print("written \(try Workflow.checkpoint()), then \(try Workflow.checkpoint())")
        _ = try await step(10).value
    } else if arguments.contains("never") {
        _ = try Workflow.checkpoint()
    } else {
        print("total \(try await total((0..<1000).map { step($0) }).value)")
    }
}
