/// Where each file of one call is staged: decided when the call is launched, read when its arguments are encoded.
final class StagingPlan: StagingNotes {
    /// The workflow's, for executors that run the call in this process.
    let providers: [any StagingProvider]
    let inputs: [File: StagedPlace]
    let outputs: [File: StagedPlace]

    init(
        providers: [any StagingProvider], inputs: [File: StagedPlace] = [:], outputs: [File: StagedPlace] = [:]
    ) {
        self.providers = providers
        self.inputs = inputs
        self.outputs = outputs
    }

    func place(of file: File, isOutput: Bool) -> StagedPlace? { isOutput ? outputs[file] : inputs[file] }

    func note(_ file: File, isOutput: Bool, _ place: StagedPlace?) {}
}
