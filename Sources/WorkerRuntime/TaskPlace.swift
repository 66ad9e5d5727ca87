import SystemSupport
import WireProtocol

/// What of the node one task has: in the environment and the affinity of the process while its body runs.
///
/// A worker runs one task at a time, so that the process's environment is the task's. Another thread of the user's own
/// that reads the environment at this very moment is the one thing to be careful about.
struct TaskPlace {
    /// What the variables were before.
    private let before: [String: String?]
    private let processors: [Int]?

    /// Takes the place.
    init(_ placement: PlacementMessage) throws(SystemError) {
        var before: [String: String?] = [:]
        for name in placement.removed + placement.variables.keys {
            before.updateValue(EnvironmentVariables.get(name), forKey: name)
        }
        self.before = before
        processors = placement.processors == nil ? nil : CurrentProcess.availableCores
        for name in placement.removed { EnvironmentVariables.unset(name) }
        for (name, value) in placement.variables { try EnvironmentVariables.set(name, value) }
        if let wanted = placement.processors { try CurrentProcess.setAvailableCoresOfAllThreads(wanted) }
    }

    /// Makes everything as it was before.
    func leave() throws(SystemError) {
        for (name, value) in before {
            if let value { try EnvironmentVariables.set(name, value) } else { EnvironmentVariables.unset(name) }
        }
        if let processors { try CurrentProcess.setAvailableCoresOfAllThreads(processors) }
    }
}
