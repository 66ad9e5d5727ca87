import ArgumentParser
import DataFlow
import Launch

/// `apus blocks`: the blocks of a running workflow.
struct BlocksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blocks", abstract: "Show the blocks of a running workflow.",
        discussion: "A block is one batch job, or the worker processes of this machine. See docs/operating.md.")

    @OptionGroup var options: OperatorOptions

    func run() throws { try options.show(.blocks, as: ExecutorsReport.self) { OperatorText.blocks($0) } }
}

/// `apus managers`: the managers of a running workflow.
struct ManagersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "managers", abstract: "Show the managers of a running workflow: where they are, and how busy.")

    @OptionGroup var options: OperatorOptions

    func run() throws { try options.show(.managers, as: ExecutorsReport.self) { OperatorText.managers($0) } }
}

/// `apus tasks`: the calls of a running workflow.
struct TasksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks", abstract: "Show the tasks of a running workflow that have not ended.")

    @OptionGroup var options: OperatorOptions

    @Option(help: ArgumentHelp("Show so many at most.", valueName: "count"))
    var limit = 20

    @Option(
        help: ArgumentHelp(
            "Show only those in this state: waiting, launched, running, retrying or joining.", valueName: "state"))
    var state: String?

    func validate() throws {
        guard !(0...OperatorQuestion.mostTasks).contains(limit) else { return }
        throw ValidationError("--limit is \(limit); 0 to \(OperatorQuestion.mostTasks) are accepted")
    }

    func run() throws {
        if let state, CallStatus(rawValue: state)?.isDone != false {
            let names = CallStatus.allCases.filter { !$0.isDone }.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no state '\(state)' of tasks that have not ended; there are \(names)")
        }
        try options.show(.tasks(limit: limit, state: state), as: TasksReport.self) { OperatorText.tasks($0) }
    }
}

/// `apus explain`: why a task is where it is.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say why a task of a running workflow is not running, or where it runs.")

    @Argument(help: "The task's number, as `apus tasks` and error texts show it.")
    var task: Int

    @OptionGroup var options: OperatorOptions

    func validate() throws {
        if task < 1 { throw ValidationError("the task is \(task); tasks are numbered from 1") }
    }

    func run() throws { try options.show(.explain(task), as: ExplainReport.self) { OperatorText.explain($0) } }
}
