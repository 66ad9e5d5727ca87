import WorkflowCore

/// All that is known of an app: shared by the app's copies and by its calls, of which there may be a million.
final class AppDeclaration<Output: AppValue, each Input: AppValue>: Sendable {
    let definition: TaskDefinition
    let options: AppOptions
    /// How many apps were declared before this one.
    let registration: Int
    /// Whether a file may be among the arguments, as far as the types tell.
    let mayHoldFiles: Bool
    let errorTypes: [any CodableError.Type]
    let body: @Sendable @concurrent (repeat each Input) async throws -> Output
    /// The body of a join app.
    let join: JoinBody<repeat each Input>?

    init(
        definition: TaskDefinition, options: AppOptions, registration: Int, mayHoldFiles: Bool,
        errorTypes: [any CodableError.Type],
        body: @escaping @Sendable @concurrent (repeat each Input) async throws -> Output,
        join: JoinBody<repeat each Input>?
    ) {
        self.definition = definition
        self.options = options
        self.registration = registration
        self.mayHoldFiles = mayHoldFiles
        self.errorTypes = errorTypes
        self.body = body
        self.join = join
    }

    /// The same app with other options.
    func with(_ options: AppOptions) -> AppDeclaration {
        AppDeclaration(
            definition: definition, options: options, registration: registration, mayHoldFiles: mayHoldFiles,
            errorTypes: errorTypes, body: body, join: join)
    }
}
