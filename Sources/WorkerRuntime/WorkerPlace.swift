import Glibc
import SystemSupport
import WireProtocol

/// Where tasks run: environment and working directory (wire document §12.3).
struct WorkerPlace {
    private let configuration: WorkerConfigurationMessage

    init(_ configuration: WorkerConfigurationMessage) { self.configuration = configuration }

    /// Takes the place; returns why that is not possible, or `nil`.
    func enter() -> String? {
        do {
            try setEnvironment()
        } catch {
            return "\(error)"
        }
        let directory = configuration.workingDirectory
        guard !directory.isEmpty, chdir(directory) != 0 else { return nil }
        let reason = String(cString: strerror(errno))
        return "the working directory '\(directory)' cannot be entered on \(configuration.host): \(reason); "
            + "tasks start in the directory of the submitting program, so it must exist on every node"
    }

    private func setEnvironment() throws(SystemError) {
        if let wanted = configuration.environment {
            for name in EnvironmentVariables.all.keys where wanted[name] == nil { EnvironmentVariables.unset(name) }
            for (name, value) in wanted { try EnvironmentVariables.set(name, value) }
        }
        for prefix in ["PARSL", "APUS"] {
            try EnvironmentVariables.set("\(prefix)_WORKER_RANK", String(configuration.index))
            try EnvironmentVariables.set("\(prefix)_WORKER_COUNT", String(configuration.workerCount))
            try EnvironmentVariables.set("\(prefix)_WORKER_POOL_ID", configuration.managerID)
            try EnvironmentVariables.set("\(prefix)_WORKER_BLOCK_ID", configuration.blockID)
        }
        try EnvironmentVariables.set("APUS_RUN_ID", configuration.runID)
    }
}
