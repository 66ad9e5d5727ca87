import PickleCoding
import WorkflowCore

/// One call of one app, from its submission to its end: what the kernel holds and what executors run.
final class AppCall<Output: AppValue, each Input: AppValue>: KernelCall {
    let app: App<Output, repeat each Input>
    private let future: AppFuture<Output>
    let input: @Sendable () throws -> (repeat each Input)
    let dependencies: [any DependencySource]
    let taskID: TaskID
    /// Written between two attempts only, when no executor holds the call.
    nonisolated(unsafe) var tryNumber = 0  // why: one owner at a time, and each hand-over takes a lock

    init(
        app: App<Output, repeat each Input>, future: AppFuture<Output>, dependencies: [any DependencySource],
        input: @escaping @Sendable () throws -> (repeat each Input)
    ) {
        self.app = app
        self.future = future
        self.dependencies = dependencies
        self.input = input
        taskID = future.taskID ?? TaskID(0)
    }

    var options: AppOptions { app.options }
    var definition: TaskDefinition { app.definition }
    var identity: TryID { TryID(task: taskID, number: tryNumber) }
    var resources: ResourceSpecification { ResourceSpecification(priority: app.options.priority) }
    var walltime: Duration? { app.options.walltime }
    var observed: Bool { future.wasObserved }

    func argumentBytes() throws -> [UInt8] {
        let values = try input()
        var writer = PickleWriter(reservingCapacity: 128)
        let encoder = PickleEncoder()
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
        let values = try input()
        return try await app.body(repeat each values)
    }

    func settle(_ outcome: TaskOutcome) -> Settlement {
        let result = decoded(outcome)
        let waiters = future.store(result)
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
                let document = try PickleDocument(in: message, range: range)
                return .success(try PickleDecoder().decode(Output.self, from: document.root))
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
        if let argumentError = try? decodedError(ArgumentError.self, remote, payload) { return argumentError }
        for type in app.errorTypes {
            if let value = try? decodedError(type, remote, payload) { return value }
        }
        return error
    }

    private func decodedError<E: CodableError>(
        _ type: E.Type, _ remote: RemoteError, _ payload: [UInt8]
    ) throws -> E? {
        guard remote.typeName == String(reflecting: type) else { return nil }
        return try PickleDecoder().decode(type, from: payload)
    }
}
