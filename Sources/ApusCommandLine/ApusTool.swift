import ArgumentParser
import Launch
import WorkflowCore

/// The root of the command line.
@main
struct ApusTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Runs workflows written in Swift on many processes and many machines.",
        discussion: """
            Programs that `import Apus` start their own interchange, managers and workers; for them this tool is not \
            needed. It runs scripts, answers what a running workflow waits for, serves a Python Parsl as its \
            interchange, starts managers by hand, forwards a workflow's port through a gateway, measures, and looks \
            into pickles.

            Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
            """,
        version: "apus \(ApusVersion.current)",
        subcommands: [
            RunCommand.self, InitCommand.self, ConfigCommand.self, TasksCommand.self, ExplainCommand.self,
            ManagersCommand.self, BlocksCommand.self, InterchangeCommand.self, ManagerCommand.self, RelayCommand.self,
            PerfCommand.self, PickleCommand.self,
        ])

    /// Wrong usage is exit code 2 here, for every command; ArgumentParser's own default is 64.
    static func main() async {
        // `apus perf` and `apus manager` start this program again as a role, with the same arguments.
        await RoleDispatch.becomeRoleIfAsked(names: PerfMeasurement.apps)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            let code = exitCode(for: error)
            guard code == .validationFailure else { exit(withError: error) }
            StandardStreams.error(fullMessage(for: error) + "\n")
            exit(withError: ExitCode(2))
        }
    }
}
