import WorkflowCore

extension ClientService {
    /// What the blocks' own task has found out: why managers were lost, or that no block is to come.
    func takeBlockReports() {
        guard let (explained, failure) = blocks?.takeReports() else { return }
        for held in explained { report(.failure(held.error), to: held.submission) }
        if var failure {
            if let managerRefusal { failure = ExecutionError(.tableMismatch, managerRefusal) }
            failEverything(failure)
        }
    }
}
