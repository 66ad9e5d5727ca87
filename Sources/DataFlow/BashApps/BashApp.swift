public import Commands
public import WorkflowCore

/// An app whose work is a command line: calling it runs the command on a worker and returns a future at once.
///
/// Made by ``bashApp(_:options:stdout:stderr:walltime:outputs:directory:environment:throwing:_:)``.
public struct BashApp<each Input: AppValue>: RegisteredApp {
    var app: App<BashResult, BashCall<repeat each Input>>
    var settings: BashSettings

    /// The name by which the app travels.
    public var name: String { app.name }

    /// Calls the app on plain values.
    @discardableResult
    public func callAsFunction(_ input: repeat each Input) -> AppFuture<BashResult> {
        let plan = nextPlan()
        return promising(
            app.call(nil, origin(plan), BashCall(plan: plan, settings: settings, input: (repeat each input))))
    }

    /// Calls the app on any mix of values and futures.
    @discardableResult @_disfavoredOverload
    public func callAsFunction<each Argument: AppArgument>(_ argument: repeat each Argument) -> AppFuture<BashResult>
    where repeat (each Argument).Resolved == each Input {
        let plan = nextPlan()
        return promising(
            app.call(
                nil, origin(plan), PendingBashCall(plan: plan, settings: settings, arguments: (repeat each argument))))
    }

    /// Calls the app on plain values, when its executor has room for another call (`maxUnfinishedTasks`).
    ///
    /// - Throws: `CancellationError` when the Swift task is cancelled before there is room.
    @discardableResult
    public func submit(_ input: repeat each Input) async throws -> AppFuture<BashResult> {
        try await callWithRoom(app.roomRequest, prepared(repeat each input))
    }

    /// Calls the app on any mix of values and futures, when its executor has room for another call.
    ///
    /// - Throws: `CancellationError` when the Swift task is cancelled before there is room.
    @discardableResult @_disfavoredOverload
    public func submit<each Argument: AppArgument>(
        _ argument: repeat each Argument
    ) async throws -> AppFuture<BashResult> where repeat (each Argument).Resolved == each Input {
        try await callWithRoom(app.roomRequest, preparedMix(repeat each argument))
    }

    // Closures for the reason that App.swift gives.

    private func prepared(_ input: repeat each Input) -> @Sendable (Int?) -> AppFuture<BashResult> {
        { room in
            let plan = nextPlan()
            return promising(
                app.call(room, origin(plan), BashCall(plan: plan, settings: settings, input: (repeat each input))))
        }
    }

    private func preparedMix<each Argument: AppArgument>(
        _ argument: repeat each Argument
    ) -> @Sendable (Int?) -> AppFuture<BashResult> where repeat (each Argument).Resolved == each Input {
        { room in
            let plan = nextPlan()
            let call = PendingBashCall(plan: plan, settings: settings, arguments: (repeat each argument))
            return promising(app.call(room, origin(plan), call))
        }
    }

    /// The same app with other options and settings for the calls made through it; what is not named stays as declared.
    ///
    /// ```swift
    /// let sorted = sort.with(stdout: .file("sorted.txt"), walltime: .seconds(60), label: "large")(input)
    /// ```
    ///
    /// - Parameters:
    ///   - stdout: where the standard output goes.
    ///   - stderr: where the standard error goes.
    ///   - walltime: how long the command may take.
    ///   - outputs: files that the command makes.
    ///   - directory: where the command runs.
    ///   - environment: further variables, beside those declared.
    ///   - retries: how often a failed call is tried again.
    ///   - priority: lower numbers run first.
    ///   - executor: the label of the executor.
    ///   - executors: the labels of several, of which the one with the least to do takes the call.
    ///   - label: a word that tells the calls apart for people; it stands in the names of `.autoNamed` files.
    ///   - cache: whether an equal call's result may stand for this one's.
    ///   - ignoreForCache: positions of arguments that do not matter for the result.
    ///   - resources: what the calls ask of the place where they run.
    public func with(
        stdout: BashStream? = nil, stderr: BashStream? = nil, walltime: Duration? = nil, outputs: [String]? = nil,
        directory: String? = nil, environment: [String: String] = [:], retries: Int? = nil, priority: Int? = nil,
        executor: String? = nil, executors: [String]? = nil, label: String? = nil, cache: Bool? = nil,
        ignoreForCache: Set<Int>? = nil, resources: ResourceSpecification? = nil
    ) -> BashApp {
        var copy = self
        if let stdout { copy.settings.stdout = stdout }
        if let stderr { copy.settings.stderr = stderr }
        if let outputs { copy.settings.outputs = outputs }
        if let directory { copy.settings.directory = directory }
        copy.settings.environment.merge(environment) { $1 }
        copy.app.options = app.options.with(
            retries: retries, walltime: walltime, priority: priority, executor: executor, executors: executors,
            label: label, cache: cache, ignoreForCache: ignoreForCache, resources: resources)
        return copy
    }

    /// Makes data futures of the promised outputs, behind those among the arguments.
    private func promising(_ future: AppFuture<BashResult>) -> AppFuture<BashResult> {
        if !settings.outputs.isEmpty {
            DataFlowKernel.current?.attachPromised(settings.outputs, in: settings.directory, to: future)
        }
        return future
    }

    private func nextPlan() -> BashPlan {
        settings.plan(app: name, options: app.options, context: DataFlowKernel.current?.context)
    }

    private func origin(_ plan: BashPlan) -> FutureOrigin? {
        if plan.stdout == nil, plan.stderr == nil { return nil }
        return FutureOrigin(stdout: plan.stdout?.path, stderr: plan.stderr?.path)
    }
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
///     The same as `options.walltime`.
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
    var options = options
    if let walltime { options.walltime = walltime }
    let inner = app(name, options: options, throwing: bashErrors + errors) {
        @concurrent (call: BashCall<repeat each Input>) async throws -> BashResult in
        let line = try await command(repeat each call.input)
        return try await BashRunner(app: name, plan: call.plan).run(line)
    }
    let made = BashApp(
        app: inner,
        settings: BashSettings(
            stdout: stdout, stderr: stderr, outputs: outputs, directory: directory, environment: environment))
    AppRegistry.add(card: made.card)
    return made
}

/// Errors that every bash app may throw, and that its callers catch as themselves.
private let bashErrors: [any CodableError.Type] = [
    BashExitFailure.self, AppTimeout.self, MissingOutputs.self, BadStandardStream.self, BashAppNoCommand.self,
    BashNotStarted.self,
]
