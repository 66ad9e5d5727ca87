public import DataFlow
import SystemSupport

extension Workflow {
    /// The program's own words on the command line: all behind its name, without a first `--`.
    public static var arguments: [String] {
        let words = CurrentProcess.commandLine.dropFirst()
        return Array(words.first == "--" ? words.dropFirst() : words)
    }

    /// Runs a workflow whose options come from the command line.
    ///
    /// ```swift
    /// await Workflow.run { (options: PiOptions) in … }
    /// ```
    ///
    /// Beside the options of the body's parameter, every run takes `--on`, `--workers` and `--no-progress`, which change
    /// `configuration`. Words that make no sense end the program with exit code 2 and an explanation.
    ///
    /// - Parameters:
    ///   - apps: apps declared in other files, which Swift would otherwise initialise too late.
    ///   - harnesses: harnesses declared in other files.
    ///   - configuration: where calls run.
    ///   - answersCommands: whether `tasks`, `describe`, `call` and `run` as the first word are commands.
    ///   - body: the workflow.
    public static func run<Options: ProgramOptions>(
        apps: any RegisteredApp..., harnesses: [Harness] = [], configuration: WorkflowConfiguration = .local(),
        answersCommands: Bool = true, _ body: (Options) async throws -> Void
    ) async {
        await RoleDispatch.becomeRoleIfAsked(names: apps.map(\.name), files: configuration.files)
        _ = harnesses.map(\.name)
        switch ProgramStart<Options>.decided(answersCommands: answersCommands) {
        case .body(let options, let common):
            await perform(configuration, common) { try await body(options) }
        case .job(let job):
            await perform(configuration, job.common, job.body)
        }
    }
}
