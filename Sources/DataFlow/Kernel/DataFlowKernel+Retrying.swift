import SystemSupport
import WorkflowCore

/// Attempts that failed.
extension DataFlowKernel {
    /// Tries a call again, or fails it.
    func attemptFailed(_ call: any KernelCall, _ error: any Error, _ effects: inout [KernelState.Effect]) {
        let task = call.taskID
        var error = error
        var kind = Self.kind(of: error)
        if let origin = content.withLock({ $0.state.stopOrigin(of: task) }) {
            if CallCancelled.means(error) {
                error = CallCancelled(app: call.definition.name, task: task, origin: origin)
            }
            kind = .final
        } else if (error as? ExecutionError)?.code == .cancelled, isEnding {
            let origin = content.withLock { $0.state.ending } ?? .workflowEnd
            error = CallCancelled(app: call.definition.name, task: task, origin: origin)
        } else if kind == .task, let retryHandler {
            do {
                kind = .task(cost: try cost(of: error, call, retryHandler))
            } catch let failure {
                error = RetryHandlerFailure(app: call.definition.name, task: task, error: error, thrown: failure)
                kind = .final
            }
        }
        content.withLock { $0.state.handle(.attemptFailed(task, kind), into: &effects) }
        if effects.contains(.fail(task)) { fail(call, .failure(error), &effects) }
    }

    private func cost(of error: any Error, _ call: any KernelCall, _ handler: RetryHandler) throws -> Double {
        let history = content.withLock { content in
            content.histories[call.taskID, default: RetryHistory()].errors.append(error)
            return content.histories[call.taskID] ?? RetryHistory()
        }
        let record = TaskRecord(
            task: call.taskID, app: call.definition.name, label: call.options.label, tries: call.tryNumber + 1,
            errors: history.errors, cost: history.cost, budget: call.options.retries ?? retries,
            executor: call.executorIndex.map { executors[$0].label })
        let cost = try handler.cost(error, record)
        content.withLock { $0.histories[call.taskID]?.cost += cost }
        return cost
    }

    func prepareRetry(_ call: any KernelCall) {
        call.note(running: false)
        content.withLock { $0.retried += 1 }
    }

    private static func kind(of error: any Error) -> KernelState.AttemptFailure {
        switch error {
        case let error as ExecutionError: error.isLoss ? .loss : .final
        case is WorkflowError, is RoleError, is DependencyError: .final
        case let error as StagingError: error.code == .noProvider ? .final : .task
        default: .task
        }
    }
}
