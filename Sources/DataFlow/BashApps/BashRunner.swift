import Commands
import Glibc
import SystemSupport
import WorkflowCore

/// Runs the command of one call, where the call runs, and says how it ended.
struct BashRunner: Sendable {
    let app: String
    let plan: BashPlan

    func run(_ command: ShellCommand) async throws -> BashResult {
        try Task.checkCancellation()
        let options = plan.options(for: command)
        let outcome = try await outcome(of: Command(options))
        switch outcome.ending {
        case .stopped: throw CancellationError()
        case .walltime: throw AppTimeout(app: app, limit: plan.walltime ?? 0, elapsed: outcome.elapsed)
        case .ended: break
        }
        guard outcome.status.isSuccess else { throw failure(command, outcome) }
        try checkOutputs(options)
        return BashResult(
            stdout: plan.stdout.map(\.path), stderr: plan.stderr.map(\.path), outputs: plan.outputs,
            elapsed: outcome.elapsed)
    }

    private func outcome(of command: Command) async throws -> CommandOutcome {
        // What the worker has printed stands before what the command prints.
        fflush(nil)
        do {
            let stop = try WakeUp()
            return try await withTaskCancellationHandler {
                try command.run(stop: stop)
            } onCancel: {
                stop.ring()
            }
        } catch let error as CommandError {
            switch error {
            case .noCommand: throw BashAppNoCommand(app: app)
            case .notStarted(let reason): throw BashNotStarted(app: app, reason: reason)
            case .badStream(let path, let reason): throw BadStandardStream(app: app, path: path, reason: reason)
            }
        } catch let error as SystemError {
            throw BashNotStarted(app: app, reason: error.description)
        }
    }

    private func failure(_ command: ShellCommand, _ outcome: CommandOutcome) -> BashExitFailure {
        var failure = BashExitFailure(
            app: app, command: command.text, stderrTail: outcome.standardErrorTail, stderr: plan.stderr?.path,
            elapsed: outcome.elapsed)
        switch outcome.status {
        case .exited(let code): failure.exitCode = Int(code)
        case .signalled(let number): failure.signal = Int(number)
        }
        return failure
    }

    private func checkOutputs(_ options: CommandOptions) throws {
        let missing = plan.outputs.filter { $0.isEmpty || access(options.resolved($0), F_OK) != 0 }
        guard missing.isEmpty else {
            throw MissingOutputs(app: app, paths: missing, directory: plan.directory ?? workingDirectory)
        }
    }

    private var workingDirectory: String {
        guard let raw = getcwd(nil, 0) else { return "." }
        defer { free(raw) }
        return String(cString: raw)
    }
}
