package import WorkflowCore

/// What a program tells about one of its apps, and a way to call it for those who know its types as text alone.
package struct AppCard: Sendable {
    /// What does the work of an app.
    package enum Kind: String, Sendable, Encodable {
        /// A closure.
        case swift
        /// A command line.
        case bash
        /// A closure that calls other apps, on the submit side.
        case join
    }

    /// What does the work.
    package var kind: Kind
    /// The app as workers know it.
    package var definition: TaskDefinition
    /// The types as the app's author wrote them.
    package var signature: TaskSignature
    /// What the app declares about itself.
    package var options: AppOptions
    /// Reads a JSON array of arguments and forgets it again: whether it fits the parameters.
    package var check: @Sendable (_ json: [UInt8]) throws(JSONArgumentError) -> Void
    /// Calls the app in the running workflow with a JSON array of arguments and returns its result as JSON.
    package var call: @Sendable (_ json: [UInt8]) async throws -> [UInt8]

    /// `add(Int, Int) -> Int`.
    package var title: String { "\(definition.name)\(signature)" }
}

extension App {
    /// What the program tells about this app.
    var card: AppCard {
        AppCard(
            kind: join == nil ? .swift : .join, definition: definition, signature: definition.signature,
            options: options,
            check: { json throws(JSONArgumentError) in
                _ = try JSONArguments<repeat each Input>.read(json, app: name)
            },
            call: { json in
                let input = try JSONArguments<repeat each Input>.read(json, app: name)
                return try await Self.json(self(repeat each input))
            })
    }

    private static func json(_ future: AppFuture<Output>) async throws -> [UInt8] {
        let value = try await future.value
        if value is Nothing { return Array("null".utf8) }
        return try JSONText.encode(value)
    }
}

extension BashApp {
    /// What the program tells about this app.
    var card: AppCard {
        var parameters: [String] = []
        repeat parameters.append(String(describing: (each Input).self))
        let signature = TaskSignature(parameters: parameters, result: "BashResult")
        return AppCard(
            kind: .bash, definition: app.definition, signature: signature, options: app.options,
            check: { json throws(JSONArgumentError) in
                _ = try JSONArguments<repeat each Input>.read(json, app: name)
            },
            call: { json in
                let input = try JSONArguments<repeat each Input>.read(json, app: name)
                return try JSONText.encode(try await self(repeat each input).value)
            })
    }
}
