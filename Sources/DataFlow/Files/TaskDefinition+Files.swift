import WorkflowCore

extension TaskDefinition {
    /// The same task, run in this process with the providers of its workflow.
    func staging(with providers: [any StagingProvider]) -> TaskDefinition {
        TaskDefinition(name: name, version: version, signature: signature) { arguments in
            try await StagingScope.$ofCall.withValue(providers) { try await body(arguments) }
        }
    }
}
