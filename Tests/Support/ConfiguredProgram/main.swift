import Apus
import ConfigurationFiles
import Glibc

// Reads its settings from the file named by its first word, and says how it runs.
let locate = app("where") { () -> Int in Int(getpid()) }

do {
    var configuration = try WorkflowConfiguration(file: CommandLine.arguments.dropFirst().first ?? "apus.yaml")
    if CommandLine.arguments.contains("--retries") { configuration.retries = 9 }
    await Workflow.run(configuration: configuration) {
        let elsewhere = try await locate().value != Int(getpid())
        print("retries \(configuration.retries), \(elsewhere ? "another process" : "this process")")
    }
} catch {
    print("refused: \(error)")
    exit(1)
}
