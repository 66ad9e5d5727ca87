import Apus
import ConfigurationFiles
import Glibc

// Reads its settings from the file named by its first word, and says how it runs; `--on LABEL` asks for an executor.
let locate = app("locate") { () -> Int in Int(getpid()) }

var configuration = WorkflowConfiguration.loadOrExit(CommandLine.arguments.dropFirst().first)
if CommandLine.arguments.contains("--retries") { configuration.retries = 9 }
let retries = configuration.retries

await Workflow.run(configuration: configuration) {
    let label = CommandLine.arguments.firstIndex(of: "--on").map { CommandLine.arguments[$0 + 1] }
    let call = label.map { locate.with(executor: $0)() } ?? locate()
    let elsewhere = try await call.value != Int(getpid())
    print("retries \(retries), \(elsewhere ? "another process" : "this process")")
}
