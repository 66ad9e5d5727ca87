import PickleCoding
public import WorkflowCore

/// An error type that crosses between processes as itself.
public typealias CodableError = Error & Codable & Sendable

// The bodies are `@concurrent` in their type, because Swift 6.3.1 crashes on function types with a parameter pack that
// inherit their caller's isolation.

/// A named piece of work: calling it hands the work to the running workflow and returns a future at once.
///
/// Made by ``app(_:options:throwing:_:)``. Arguments are values, futures of values, or arrays, optionals and
/// dictionaries of these.
public struct App<Output: AppValue, each Input: AppValue>: RegisteredApp {
    private var declaration: AppDeclaration<Output, repeat each Input>

    init(_ declaration: AppDeclaration<Output, repeat each Input>) { self.declaration = declaration }

    package var definition: TaskDefinition { declaration.definition }
    package var options: AppOptions {
        get { declaration.options }
        set { declaration = declaration.with(newValue) }
    }
    var registration: Int { declaration.registration }
    var mayHoldFiles: Bool { declaration.mayHoldFiles }
    var errorTypes: [any CodableError.Type] { declaration.errorTypes }
    var body: @Sendable @concurrent (repeat each Input) async throws -> Output { declaration.body }
    var join: JoinBody<repeat each Input>? { declaration.join }

    /// The name by which the app travels.
    public var name: String { definition.name }

    /// Calls the app on plain values.
    @discardableResult
    public func callAsFunction(_ input: repeat each Input) -> AppFuture<Output> {
        var list = DependencyList()
        if mayHoldFiles { repeat list.addOutputs(of: each input) }
        return call(list) { (repeat each input) }
    }

    /// Calls the app on any mix of values and futures.
    @discardableResult @_disfavoredOverload
    public func callAsFunction<each Argument: AppArgument>(_ argument: repeat each Argument) -> AppFuture<Output>
    where repeat (each Argument).Resolved == each Input {
        call(nil, nil, repeat each argument)
    }

    /// Calls the app on plain values, when its executor has room for another call (`maxUnfinishedTasks`).
    ///
    /// - Throws: `CancellationError` when the Swift task is cancelled before there is room.
    @discardableResult
    public func submit(_ input: repeat each Input) async throws -> AppFuture<Output> {
        try await callWithRoom(roomRequest, prepared(repeat each input))
    }

    /// Calls the app on any mix of values and futures, when its executor has room for another call.
    ///
    /// - Throws: `CancellationError` when the Swift task is cancelled before there is room.
    @discardableResult @_disfavoredOverload
    public func submit<each Argument: AppArgument>(_ argument: repeat each Argument) async throws -> AppFuture<Output>
    where repeat (each Argument).Resolved == each Input {
        try await callWithRoom(roomRequest, preparedMix(repeat each argument))
    }

    /// The same app with other options for the calls made through it; what is not named stays as declared.
    ///
    /// ```swift
    /// let answer = fib.with(retries: 2, walltime: .seconds(5), label: "large")(40)
    /// ```
    ///
    /// - Parameters:
    ///   - retries: how often a failed call is tried again.
    ///   - walltime: how long the body may run.
    ///   - priority: lower numbers run first.
    ///   - executor: the label of the executor.
    ///   - executors: the labels of several, of which the one with the least to do takes the call.
    ///   - label: a word that tells the calls apart for people.
    ///   - cache: whether an equal call's result may stand for this one's.
    ///   - ignoreForCache: positions of arguments that do not matter for the result.
    ///   - resources: what the calls ask of the place where they run.
    public func with(
        retries: Int? = nil, walltime: Duration? = nil, priority: Int? = nil, executor: String? = nil,
        executors: [String]? = nil, label: String? = nil, cache: Bool? = nil, ignoreForCache: Set<Int>? = nil,
        resources: ResourceSpecification? = nil
    ) -> App {
        var copy = self
        copy.options = options.with(
            retries: retries, walltime: walltime, priority: priority, executor: executor, executors: executors,
            label: label, cache: cache, ignoreForCache: ignoreForCache, resources: resources)
        return copy
    }

    /// Calls the app on any mix of values and futures.
    ///
    /// - Parameters:
    ///   - room: the executor in which there is a place for the call already.
    ///   - origin: what else is known of the future.
    ///   - argument: the arguments.
    func call<each Argument: AppArgument>(
        _ room: Int?, _ origin: FutureOrigin?, _ argument: repeat each Argument
    ) -> AppFuture<Output> where repeat (each Argument).Resolved == each Input {
        var list = DependencyList()
        if mayHoldFiles {
            repeat list.add(each argument)
        } else {
            repeat (each argument).collectDependencies(into: &list)
        }
        return call(list, room: room, origin: origin) { try (repeat (each argument).resolvedValue()) }
    }

    /// Makes a call, or a future that says why not.
    ///
    /// - Parameters:
    ///   - dependencies: the futures among the arguments.
    ///   - room: the executor in which there is a place for the call already.
    ///   - origin: what else is known of the future.
    ///   - input: the arguments' values, once the futures are done.
    func call(
        _ dependencies: DependencyList, room: Int? = nil, origin: FutureOrigin? = nil,
        _ input: @escaping @Sendable () throws -> (repeat each Input)
    ) -> AppFuture<Output> {
        if TaskScope.isInsideTask { return AppFuture(appName: name, failed: RoleError(app: name)) }
        guard let kernel = DataFlowKernel.current else {
            return AppFuture(appName: name, failed: DataFlowKernel.missing(app: name))
        }
        if kernel.mayRefuse(registration: registration), let refusal = kernel.refusal(of: definition) {
            return AppFuture(appName: name, failed: refusal)
        }
        var index = room
        if join == nil, index == nil {
            do throws(WorkflowError) {
                let chosen = try kernel.executorIndex(for: options, app: name)
                if kernel.countsRooms, let refusal = kernel.enterRoom(chosen, app: name) { throw refusal }
                index = chosen
            } catch {
                return AppFuture(appName: name, failed: error)
            }
        }
        let future = AppFuture<Output>(taskID: kernel.nextTaskID(), appName: name, owner: kernel.id, origin: origin)
        if let parent = DataFlowKernel.scope?.parent, let task = future.taskID { kernel.note(task, madeBy: parent) }
        kernel.submit(
            AppCall(
                app: self, future: future, dependencies: dependencies.futures, outputs: dependencies.outputs,
                executorIndex: index, input: input))
        if !dependencies.outputs.isEmpty {
            kernel.attachOutputs(dependencies.outputs, to: future, executor: index.map { kernel.executors[$0].label })
        }
        return future
    }

    // Swift 6.3.1 frees a task's memory in the wrong order when an async function that handles a parameter pack
    // suspends: so the call is made a closure before anybody waits.

    private func prepared(_ input: repeat each Input) -> @Sendable (Int?) -> AppFuture<Output> {
        var list = DependencyList()
        if mayHoldFiles { repeat list.addOutputs(of: each input) }
        let dependencies = list
        return { room in call(dependencies, room: room) { (repeat each input) } }
    }

    private func preparedMix<each Argument: AppArgument>(
        _ argument: repeat each Argument
    ) -> @Sendable (Int?) -> AppFuture<Output> where repeat (each Argument).Resolved == each Input {
        { room in call(room, nil, repeat each argument) }
    }

    var roomRequest: RoomRequest? {
        join == nil ? RoomRequest(options: options, app: name) : nil
    }
}

/// What a call that waits for room says about itself.
struct RoomRequest: Sendable {
    let options: AppOptions
    let app: String
}

/// Takes a place in an executor, waiting until there is one, and makes the call.
func callWithRoom<Output: AppValue>(
    _ request: RoomRequest?, _ call: @Sendable (Int?) -> AppFuture<Output>
) async throws -> AppFuture<Output> {
    guard let request, !TaskScope.isInsideTask, let kernel = DataFlowKernel.current, kernel.countsRooms,
        // What is wrong with the options is said by the call itself.
        let index = try? kernel.executorIndex(for: request.options, app: request.app)
    else { return call(nil) }
    try await kernel.waitForRoom(index)
    return call(index)
}

/// An app of any type, as a list of apps holds it.
public protocol RegisteredApp: Sendable {
    /// The name by which the app travels.
    var name: String { get }
}

/// Declares an app: a named closure that a workflow can run anywhere.
///
/// ```swift
/// let fib = app("fib") { (n: Int) in … }
/// ```
///
/// - Parameters:
///   - name: how workers find the closure; unique in the program.
///   - options: version, retries, priority, executor.
///   - throwing: error types that the caller catches as themselves; others arrive as `RemoteError`.
///   - body: what is run. It may be `async`, and may throw.
public func app<Output: AppValue, each Input: AppValue>(
    _ name: String, options: AppOptions = AppOptions(), throwing errors: [any CodableError.Type] = [],
    _ body: @escaping @Sendable @concurrent (repeat each Input) async throws -> Output
) -> App<Output, repeat each Input> {
    makeApp(name, options, errors, body)
}

/// Declares an app whose closure returns nothing.
///
/// - Parameters:
///   - name: how workers find the closure; unique in the program.
///   - options: version, retries, priority, executor.
///   - throwing: error types that the caller catches as themselves; others arrive as `RemoteError`.
///   - body: what is run. It may be `async`, and may throw.
public func app<each Input: AppValue>(
    _ name: String, options: AppOptions = AppOptions(), throwing errors: [any CodableError.Type] = [],
    _ body: @escaping @Sendable @concurrent (repeat each Input) async throws -> Void
) -> App<Nothing, repeat each Input> {
    makeApp(name, options, errors) { @concurrent (input: repeat each Input) async throws -> Nothing in
        try await body(repeat each input)
        return Nothing()
    }
}

/// Refuses a closure with a parameter or a result that is no ``AppValue``: without it, a result would be thrown away.
///
/// It is marked as throwing, so that no declaration compiles; an unavailable function would not be considered. The
/// warning beside that error says what is wrong.
@available(
    *, deprecated, message: "no app: its parameters and its result must be AppValues (Codable, Sendable, this word)"
)
public func app<Result, each Input>(
    _ name: String, options: AppOptions = AppOptions(), throwing errors: [any CodableError.Type] = [],
    _ body: @escaping @Sendable @concurrent (repeat each Input) async throws -> Result
) throws -> NotAnApp<Result> {
    throw WorkflowError(.resultMismatch, "'\(name)' has a parameter or a result that is no AppValue")
}

/// What stands in an app's place when a parameter or the result of its closure is no ``AppValue``; it cannot be called.
public struct NotAnApp<Result> {}

func makeApp<Output: AppValue, each Input: AppValue>(
    _ name: String, _ options: AppOptions, _ errors: [any CodableError.Type],
    join: JoinBody<repeat each Input>? = nil,
    _ body: @escaping @Sendable @concurrent (repeat each Input) async throws -> Output
) -> App<Output, repeat each Input> {
    var parameters: [String] = []
    repeat parameters.append(String(describing: (each Input).self))
    var mayHoldFiles = false
    repeat mayHoldFiles = mayHoldFiles || !FileSearch.isFree((each Input).self)
    let holdsFiles = mayHoldFiles
    let definition = TaskDefinition(
        name: name, version: options.version,
        signature: TaskSignature(parameters: parameters, result: String(describing: Output.self))
    ) { encoded in
        let output = try await runDecoded(encoded, app: name, mayHoldFiles: holdsFiles, body)
        return try PickleEncoder().encode(output)
    }
    let registration = AppRegistry.add(definition, executors: join == nil ? options.executors : [])
    let made = App(
        AppDeclaration(
            definition: definition, options: options, registration: registration, mayHoldFiles: holdsFiles,
            errorTypes: errors, body: body, join: join))
    AppRegistry.add(card: made.card)
    return made
}

/// Decodes the arguments of a call, stages its files, and runs the body.
func runDecoded<Output: AppValue, each Input: AppValue>(
    _ encoded: EncodedArguments, app: String, mayHoldFiles: Bool,
    _ body: @escaping @Sendable @concurrent (repeat each Input) async throws -> Output
) async throws -> Output {
    let collector = mayHoldFiles ? FileCollector() : nil
    var arguments = try ArgumentReader(encoded, app: app, collector)
    let input = (repeat try arguments.next((each Input).self))
    try arguments.finish()
    guard let files = collector?.files, !files.isEmpty else { return try await body(repeat each input) }
    return try await StagedRun(app: app, files: files) { try await body(repeat each input) }
}

/// Reads the arguments of one call from the pickled tuple.
private struct ArgumentReader {
    private let tuple: PickleDocument
    private let items: [PickleValue]
    private let app: String
    private var decoder = PickleDecoder()
    private var index = 0

    init(_ encoded: EncodedArguments, app: String, _ collector: FileCollector?) throws {
        self.app = app
        if let collector, let key = CodingUserInfoKey.staging { decoder.userInfo[key] = collector }
        tuple = try PickleDocument(in: encoded.message, range: encoded.range)
        items = tuple.root.items ?? []
    }

    mutating func next<T: AppValue>(_ type: T.Type) throws -> T {
        guard index < items.count else {
            throw ArgumentError(app: app, text: "\(items.count) arguments arrived; argument \(index + 1) is missing")
        }
        defer { index += 1 }
        do {
            return try decoder.decode(type, from: items[index])
        } catch {
            throw ArgumentError(app: app, text: "argument \(index + 1): \(error)")
        }
    }

    func finish() throws {
        if index < items.count {
            throw ArgumentError(app: app, text: "\(items.count) arguments arrived; the app takes \(index)")
        }
    }
}

/// The arguments that arrived do not fit the app's parameters.
public struct ArgumentError: Error, Codable, Sendable, CustomStringConvertible {
    /// The app.
    public var app: String
    /// Which argument, and what is wrong with it.
    public var text: String

    /// Names app and argument.
    public var description: String { "'\(app)': \(text)" }
}
