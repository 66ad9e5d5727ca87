import PickleCoding
import WorkflowCore

/// What a cached call is found by, and what is recorded of it.
extension AppCall {
    var isCached: Bool { app.options.cache }

    func memoKey(build: BuildIdentity?) throws -> MemoKey {
        let values = try input()
        let encoder = PickleEncoder.canonical
        let ignored = app.options.ignoreForCache
        var builder = MemoKeyBuilder(task: app.name, version: app.definition.version, build: build)
        var position = 0
        func encoded(_ value: any Encodable) throws -> [UInt8] {
            do {
                return try encoder.encode(value)
            } catch {
                throw WorkflowError(
                    .argumentNotEncodable,
                    "argument \(position + 1) of '\(app.name)' cannot be encoded, so that no equal call can be "
                        + "found: \(error); name its position in `ignoreForCache`, or set `cache: false`")
            }
        }
        for value in repeat each values {
            if let several = value as? any MemoArguments {
                let (fixed, arguments) = try several.memoArguments(encoded)
                builder.add(argument: fixed, at: -1)
                for argument in arguments {
                    if !ignored.contains(position) { builder.add(argument: argument, at: position) }
                    position += 1
                }
            } else {
                if !ignored.contains(position) { builder.add(argument: try encoded(value), at: position) }
                position += 1
            }
        }
        if let wrong = ignored.first(where: { !(0..<position).contains($0) }) {
            throw WorkflowError(
                .badConfiguration,
                "'\(app.name)' ignores argument \(wrong) for its cache; it takes \(position), counted from 0")
        }
        return builder.finish()
    }

    func value(of outcome: TaskOutcome) throws -> any Sendable { try decoded(outcome).get() }

    func resultBytes(of outcome: TaskOutcome) throws -> [UInt8] {
        if case .encoded(let message, let range) = outcome { return Array(message[range]) }
        return try PickleEncoder().encode(try decoded(outcome).get())
    }
}

/// A value that stands for several arguments, and for what else makes a difference.
protocol MemoArguments {
    /// What makes a difference beside the arguments, and the arguments, each encoded.
    func memoArguments(_ encode: (any Encodable) throws -> [UInt8]) throws -> (fixed: [UInt8], arguments: [[UInt8]])
}
