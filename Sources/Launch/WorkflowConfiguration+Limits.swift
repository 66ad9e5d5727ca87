import HighThroughput

extension WorkflowConfiguration {
    /// How many unfinished calls the executors may have, by label.
    var limits: [String: Int] {
        var limits: [String: Int] = [:]
        for executor in executors { limits[executor.label] = executor.maxUnfinishedTasks ?? maxUnfinishedTasks }
        return limits
    }

    /// What the executors have, in words.
    var workersText: String {
        let texts = executors.map { executor in
            switch executor.placement {
            case .threads(let count, _): "\(count) threads"
            case .processes(let processes): "\(processes.workers) workers"
            }
        }
        return texts.joined(separator: " and ")
    }
}
