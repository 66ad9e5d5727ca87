public import Commands
import WorkflowCore

/// An app whose work is a command line: calling it runs the command on a worker and returns a future at once.
///
/// Made by ``bashApp(_:options:stdout:stderr:walltime:outputs:directory:environment:throwing:_:)``.
public struct BashApp<each Input: AppValue>: RegisteredApp {
    let app: App<BashResult, BashCall<repeat each Input>>
    var settings: BashSettings

    /// The name by which the app travels.
    public var name: String { app.name }

    /// Calls the app on plain values.
    @discardableResult
    public func callAsFunction(_ input: repeat each Input) -> AppFuture<BashResult> {
        promising(app(BashCall(plan: nextPlan(), input: (repeat each input))))
    }

    /// Calls the app on any mix of values and futures.
    @discardableResult @_disfavoredOverload
    public func callAsFunction<each Argument: AppArgument>(_ argument: repeat each Argument) -> AppFuture<BashResult>
    where repeat (each Argument).Resolved == each Input {
        promising(app(PendingBashCall(plan: nextPlan(), arguments: (repeat each argument))))
    }

    /// The same app with other settings for the calls made through it; what is not named stays as declared.
    ///
    /// ```swift
    /// let sorted = sort.with(stdout: .file("sorted.txt"), walltime: .seconds(60))(input)
    /// ```
    ///
    /// - Parameters:
    ///   - stdout: where the standard output goes.
    ///   - stderr: where the standard error goes.
    ///   - walltime: how long the command may take.
    ///   - outputs: files that the command makes.
    ///   - directory: where the command runs.
    ///   - environment: further variables, beside those declared.
    public func with(
        stdout: BashStream? = nil, stderr: BashStream? = nil, walltime: Duration? = nil, outputs: [String]? = nil,
        directory: String? = nil, environment: [String: String] = [:]
    ) -> BashApp {
        var copy = self
        if let stdout { copy.settings.stdout = stdout }
        if let stderr { copy.settings.stderr = stderr }
        if let walltime { copy.settings.walltime = walltime }
        if let outputs { copy.settings.outputs = outputs }
        if let directory { copy.settings.directory = directory }
        copy.settings.environment.merge(environment) { $1 }
        return copy
    }

    /// Makes data futures of the promised outputs, behind those among the arguments.
    private func promising(_ future: AppFuture<BashResult>) -> AppFuture<BashResult> {
        if !settings.outputs.isEmpty {
            DataFlowKernel.current?.attachPromised(settings.outputs, in: settings.directory, to: future)
        }
        return future
    }

    private func nextPlan() -> BashPlan { settings.plan(app: name, context: DataFlowKernel.current?.context) }
}

/// Declares a bash app: a closure that returns a command line, which `/bin/bash` runs on the worker.
///
/// ```swift
/// let count = bashApp("count", stdout: .file("count.txt", append: false)) { (path: String) in "wc -l \(path)" }
/// ```
///
/// Inserted values are quoted; see `ShellCommand`. An exit code other than 0 is a ``BashExitFailure``.
///
/// - Parameters:
///   - name: how workers find the closure; unique in the program.
///   - options: version, retries, priority, executor.
///   - stdout: where the standard output goes.
///   - stderr: where the standard error goes.
///   - walltime: how long the command may take; then its processes are ended, and the call fails with `AppTimeout`.
///   - outputs: files that the command makes; one that is missing afterwards is a ``MissingOutputs``.
///   - directory: where the command runs, and what relative paths are relative to; `nil` is the worker's directory.
///   - environment: variables that are added to the worker's environment, or replace some of it.
///   - throwing: error types of the closure that the caller catches as themselves, beside those of bash apps.
///   - command: makes the command line. It may be `async`, and may throw.
public func bashApp<each Input: AppValue>(
    _ name: String, options: AppOptions = AppOptions(), stdout: BashStream = .inherit, stderr: BashStream = .inherit,
    walltime: Duration? = nil, outputs: [String] = [], directory: String? = nil, environment: [String: String] = [:],
    throwing errors: [any CodableError.Type] = [],
    _ command: @escaping @Sendable @concurrent (repeat each Input) async throws -> ShellCommand
) -> BashApp<repeat each Input> {
    let inner = app(name, options: options, throwing: bashErrors + errors) {
        @concurrent (call: BashCall<repeat each Input>) async throws -> BashResult in
        let line = try await command(repeat each call.input)
        return try await BashRunner(app: name, plan: call.plan).run(line)
    }
    let made = BashApp(
        app: inner,
        settings: BashSettings(
            stdout: stdout, stderr: stderr, walltime: walltime, outputs: outputs, directory: directory,
            environment: environment))
    AppRegistry.add(card: made.card)
    return made
}

/// Errors that every bash app may throw, and that its callers catch as themselves.
private let bashErrors: [any CodableError.Type] = [
    BashExitFailure.self, AppTimeout.self, MissingOutputs.self, BadStandardStream.self, BashAppNoCommand.self,
    BashNotStarted.self,
]
