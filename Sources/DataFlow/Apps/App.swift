import PickleCoding
package import WorkflowCore

/// An error type that crosses between processes as itself.
public typealias CodableError = Error & Codable & Sendable

// The bodies are `@concurrent` in their type, because Swift 6.3.1 crashes on function types with a parameter pack that
// inherit their caller's isolation.

/// A named piece of work: calling it hands the work to the running workflow and returns a future at once.
///
/// Made by ``app(_:options:throwing:_:)``. Arguments are values, futures of values, or arrays, optionals and
/// dictionaries of these.
public struct App<Output: AppValue, each Input: AppValue>: RegisteredApp {
    package let definition: TaskDefinition
    package let options: AppOptions
    /// How many apps were declared before this one.
    let registration: Int
    /// Whether a file may be among the arguments, as far as the types tell.
    let mayHoldFiles: Bool
    package let errorTypes: [any CodableError.Type]
    package let body: @Sendable @concurrent (repeat each Input) async throws -> Output

    /// The name by which the app travels.
    public var name: String { definition.name }

    /// Calls the app on plain values.
    @discardableResult
    public func callAsFunction(_ input: repeat each Input) -> AppFuture<Output> {
        var list = DependencyList()
        if mayHoldFiles { repeat list.addOutputs(of: each input) }
        return submit(dependencies: list) { (repeat each input) }
    }

    /// Calls the app on any mix of values and futures.
    @discardableResult @_disfavoredOverload
    public func callAsFunction<each Argument: AppArgument>(_ argument: repeat each Argument) -> AppFuture<Output>
    where repeat (each Argument).Resolved == each Input {
        var list = DependencyList()
        if mayHoldFiles {
            repeat list.add(each argument)
        } else {
            repeat (each argument).collectDependencies(into: &list)
        }
        return submit(dependencies: list) { try (repeat (each argument).resolvedValue()) }
    }

    private func submit(
        dependencies: DependencyList, _ input: @escaping @Sendable () throws -> (repeat each Input)
    ) -> AppFuture<Output> {
        if TaskScope.isInsideTask { return AppFuture(appName: name, failed: RoleError(app: name)) }
        guard let kernel = DataFlowKernel.current else {
            return AppFuture(
                appName: name,
                failed: WorkflowError(
                    .noWorkflow, "app '\(name)' was called outside a workflow; call it inside `Workflow.run { … }`"))
        }
        if kernel.mayRefuse(registration: registration), let refusal = kernel.refusal(of: definition) {
            return AppFuture(appName: name, failed: refusal)
        }
        let future = AppFuture<Output>(
            taskID: kernel.nextTaskID(), appName: name, owner: ObjectIdentifier(kernel))
        let outputs = dependencies.outputs
        kernel.submit(
            AppCall(app: self, future: future, dependencies: dependencies.futures, outputs: outputs, input: input))
        if !outputs.isEmpty { kernel.attachOutputs(outputs, to: future, executor: options.executor) }
        return future
    }
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

private func makeApp<Output: AppValue, each Input: AppValue>(
    _ name: String, _ options: AppOptions, _ errors: [any CodableError.Type],
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
    let registration = AppRegistry.add(definition)
    let made = App(
        definition: definition, options: options, registration: registration, mayHoldFiles: holdsFiles,
        errorTypes: errors, body: body)
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
