package import WorkflowCore

/// How a manager divides its node among workers and tasks.
package struct NodeOptions: Codable, Sendable, Hashable {
    /// Processors for each worker; `nil` is 1, or any share when the number of workers is given.
    package var coresPerWorker: Double?
    /// GiB of memory for each worker; `nil` when memory does not bound their number.
    package var memoryPerWorker: Double?
    /// Which processors workers are bound to.
    package var affinity: CPUAffinity
    /// The accelerators of the node.
    package var accelerators: Accelerators
    /// How programs on several nodes of the block are started; `nil` hands out no nodes.
    package var mpiLauncher: MPILauncher?
    /// What every node is called, besides what it says itself.
    package var labels: [String]

    /// Describes a node; by default workers are not bound, and as many as there are processors.
    package init(
        coresPerWorker: Double? = nil, memoryPerWorker: Double? = nil, affinity: CPUAffinity = .none,
        accelerators: Accelerators = Accelerators(), mpiLauncher: MPILauncher? = nil,
        labels: [String] = []
    ) {
        self.coresPerWorker = coresPerWorker
        self.memoryPerWorker = memoryPerWorker
        self.affinity = affinity
        self.accelerators = accelerators
        self.mpiLauncher = mpiLauncher
        self.labels = labels
    }
}
