import WorkflowCore

/// The labels of this node: those that the manager was given, those of the node's environment, and what is known anyway.
enum OwnLabels {
    /// Puts them together.
    ///
    /// Known anyway are the name of the node, and in a job of Slurm its partition.
    ///
    /// - Parameters:
    ///   - given: by the executor, or on the command line.
    ///   - host: the name of the node.
    ///   - variable: looks up a variable of the environment.
    /// - Throws: ``ManagerError`` when the manager was given what is no label.
    static func all(
        _ given: [String], host: String, variable: (String) -> String?
    ) throws(ManagerError) -> Set<String> {
        let found = NodeLabels.split(variable(NodeLabels.variable) ?? "")
        if let fault = NodeLabels.fault(ofNode: found) {
            throw ManagerError(.invalidConfiguration, "\(NodeLabels.variable) on \(host): \(fault)")
        }
        if let fault = NodeLabels.fault(ofNode: Set(given + found).sorted()) {
            throw ManagerError(.invalidConfiguration, "the labels of \(host): \(fault)")
        }
        let partition = variable("SLURM_JOB_PARTITION").map { "partition=\($0)" }
        let own = [NodeLabels.host(host), partition].compactMap { $0 }.filter { NodeLabels.fault(of: $0) == nil }
        return Set(given + found + own)
    }
}
