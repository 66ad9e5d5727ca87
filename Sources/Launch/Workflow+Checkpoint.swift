import DataFlow

extension Workflow {
    /// Writes the results of cached apps that have come since to the run's checkpoint, and waits for the disk.
    ///
    /// For `configuration.checkpoint = .manual`; in the other modes it writes what they have not written yet.
    ///
    /// - Returns: how many results were written.
    /// - Throws: `WorkflowError` outside a workflow and in one without a checkpoint; an error of the system when the
    ///   file cannot be written.
    @discardableResult
    public static func checkpoint() throws -> Int {
        guard let kernel = DataFlowKernel.current else {
            throw WorkflowError(
                .noWorkflow, "checkpoint() was called outside a workflow; call it inside `Workflow.run { … }`")
        }
        guard let count = try kernel.checkpoint() else {
            throw WorkflowError(
                .badConfiguration, "checkpoint() was called, but `configuration.checkpoint` is .never; set .manual")
        }
        return count
    }
}
