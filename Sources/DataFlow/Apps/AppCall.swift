import PickleCoding
import Synchronization
import WorkflowCore

/// One call of one app, from its submission to its end: what the kernel holds and what executors run.
final class AppCall<Output: AppValue, each Input: AppValue>: KernelCall {
    let app: App<Output, repeat each Input>
    private let future: AppFuture<Output>
    let input: @Sendable () throws -> (repeat each Input)
    let dependencies: [any DependencySource]
    let declaredOutputs: [OutputFile]
    let taskID: TaskID
    let executorIndex: Int?
    private let running = Atomic(false)
    /// Written between two attempts only, when no executor holds the call.
    nonisolated(unsafe) var tryNumber = 0  // why: one owner at a time, and each hand-over takes a lock
    /// Written like ``tryNumber``.
    nonisolated(unsafe) var stagingPlan: StagingPlan?  // why: as above

    init(
        app: App<Output, repeat each Input>, future: AppFuture<Output>, dependencies: [any DependencySource],
        outputs: [OutputFile] = [], executorIndex: Int?, input: @escaping @Sendable () throws -> (repeat each Input)
    ) {
        self.app = app
        self.executorIndex = executorIndex
        self.future = future
        self.dependencies = dependencies
        declaredOutputs = outputs
        self.input = input
        taskID = future.taskID ?? TaskID(0)
    }

    var options: AppOptions { app.options }
    var registration: Int { app.registration }
    var definition: TaskDefinition {
        guard let providers = stagingPlan?.providers else { return app.definition }
        return app.definition.staging(with: providers)
    }
    var identity: TryID { TryID(task: taskID, number: tryNumber) }
    var resources: ResourceSpecification {
        var resources = app.options.resources
        if let priority = app.options.priority { resources.priority = priority }
        return resources
    }
    var walltime: Duration? { app.options.walltime }
    var outcomeFuture: any DependencySource { future }
    var isRunning: Bool { running.load(ordering: .relaxed) }

    func note(running isRunning: Bool) { running.store(isRunning, ordering: .relaxed) }

    func argumentBytes() throws -> [UInt8] {
        let values = try input()
        var writer = PickleWriter(reservingCapacity: 128)
        var encoder = PickleEncoder()
        if let stagingPlan, let key = CodingUserInfoKey.staging { encoder.userInfo[key] = stagingPlan }
        writer.header()
        writer.mark()
        var number = 0
        for value in repeat each values {
            number += 1
            do {
                try encoder.encode(value, into: &writer)
            } catch {
                throw WorkflowError(
                    .argumentNotEncodable, "argument \(number) of '\(app.name)' cannot be encoded: \(error)")
            }
        }
        writer.tuple()
        writer.stop()
        return writer.finish()
    }

    func runOnValues() async throws -> any Sendable {
        if let stagingPlan {
            // Through the codec, which puts the places of the copies into the files.
            let arguments = EncodedArguments(try argumentBytes())
            return try await StagingScope.$ofCall.withValue(stagingPlan.providers) {
                try await runDecoded(arguments, app: app.name, mayHoldFiles: app.mayHoldFiles, app.body)
            }
        }
        let values = try input()
        return try await app.body(repeat each values)
    }

    func runJoin() async throws -> JoinedCalls {
        guard let join = app.join else {
            throw WorkflowError(.internalState, "'\(app.name)' is no join app and was run as one")
        }
        let values = try input()
        return try await join.run(repeat each values)
    }

    func settle(_ outcome: TaskOutcome, fromCache: Bool) -> Settlement {
        let result = decoded(outcome)
        let waiters = future.store(result, fromCache: fromCache)
        switch result {
        case .success: return Settlement(error: nil, waiters: waiters)
        case .failure(let error): return Settlement(error: error, waiters: waiters)
        }
    }

    /// Turns what an executor reports into what the caller sees.
    ///
    /// Decoding happens here, in the call's own error boundary: a result or an error that cannot be decoded is this
    /// call's failure and nobody else's.
    func decoded(_ outcome: TaskOutcome) -> Result<Output, any Error> {
        switch outcome {
        case .value(let value):
            guard let output = value as? Output else {
                return .failure(
                    WorkflowError(
                        .resultMismatch, "'\(app.name)' returned \(type(of: value)) where \(Output.self) was declared"))
            }
            return .success(output)
        case .encoded(let message, let range):
            do {
                return .success(try PickleDecoder().decode(Output.self, in: message, range: range))
            } catch {
                return .failure(
                    ExecutionError(
                        .resultUnusable,
                        "the result of '\(app.name)' (task \(taskID)) cannot be decoded as \(Output.self): \(error)"))
            }
        case .failure(let error):
            return .failure(ownError(error))
        }
    }

    /// The thrown value itself, when its type is one of those the app names.
    private func ownError(_ error: any Error) -> any Error {
        guard let remote = error as? RemoteError, let payload = remote.payload else { return error }
        for type in Self.ownErrorTypes + app.errorTypes {
            if let value = try? decodedError(type, remote, payload) { return value }
        }
        return error
    }

    /// Errors that any app may end with.
    private static var ownErrorTypes: [any CodableError.Type] {
        [ArgumentError.self, StagingError.self, MissingOutputs.self, FileError.self]
    }

    private func decodedError<E: CodableError>(
        _ type: E.Type, _ remote: RemoteError, _ payload: [UInt8]
    ) throws -> E? {
        guard remote.typeName == String(reflecting: type) else { return nil }
        return try PickleDecoder().decode(type, from: payload)
    }
}
