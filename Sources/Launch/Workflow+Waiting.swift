import DataFlow

extension Workflow {
    /// Waits until the calls that have been made so far have ended, well or not; later ones are not waited for.
    ///
    /// - Throws: `WorkflowError` outside a workflow.
    public static func waitForCurrentTasks() async throws {
        guard let kernel = DataFlowKernel.current else {
            throw WorkflowError(
                .noWorkflow,
                "waitForCurrentTasks() was called outside a workflow; call it inside `Workflow.run { … }`")
        }
        await kernel.waitForCurrent()
    }
}
