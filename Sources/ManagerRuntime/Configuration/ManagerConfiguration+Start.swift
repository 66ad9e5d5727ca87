package import WireProtocol

extension ManagerConfiguration {
    /// The configuration of a manager that an Apus executor starts.
    ///
    /// - Parameters:
    ///   - start: what the executor wrote.
    ///   - ownName: the manager's name where the executor gave none, since several nodes read one file.
    ///   - echoDescriptor: where lines of workers go when they are to be shown.
    package init(_ start: ManagerStartMessage, ownName: String, echoDescriptor: Int32) {
        self.init(
            addresses: start.addresses, port: start.port,
            uid: start.managerID.isEmpty ? ownName : start.managerID, blockID: start.blockID,
            logDirectory: start.logDirectory, runID: start.runID,
            workerCommand: WorkerCommand(executable: start.executable, arguments: start.arguments))
        certificateDirectory = start.certificateDirectory
        // A number that the user named is not bounded by processors unless the user says how many each worker needs.
        sizing = WorkerSizing(
            maximumWorkers: start.workers > 0 ? start.workers : nil,
            coresPerWorker: start.node.coresPerWorker ?? (start.workers > 0 ? 0 : 1),
            memoryPerWorker: start.node.memoryPerWorker)
        affinity = start.node.affinity
        accelerators = start.node.accelerators
        mpiLauncher = start.node.mpiLauncher
        labels = start.node.labels
        prefetch = start.prefetch.map { $0 == 0 ? .none : .fixed($0) } ?? .automatic
        heartbeatPeriod = .seconds(start.heartbeatPeriod)
        heartbeatThreshold = .seconds(start.heartbeatThreshold)
        cancelGrace = .seconds(start.cancelGrace)
        drainPeriod = start.drainPeriod.map { .seconds($0) }
        fingerprint = start.fingerprint
        rows = start.rows
        workingDirectory = start.workingDirectory
        self.echoDescriptor = start.echo ? echoDescriptor : nil
        monitoring = start.monitoring
        watchesParent = true
    }
}
