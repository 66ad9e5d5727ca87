package import WireProtocol

extension ManagerConfiguration {
    /// The configuration of a manager that an Apus executor starts; lines of workers go to standard error.
    package init(_ start: ManagerStartMessage) {
        self.init(
            addresses: start.addresses, port: start.port, uid: start.managerID, blockID: start.blockID,
            logDirectory: start.logDirectory, runID: start.runID,
            workerCommand: WorkerCommand(executable: start.executable, arguments: start.arguments))
        certificateDirectory = start.certificateDirectory
        // The number is the user's: more workers than processors is a legitimate wish.
        sizing = WorkerSizing(maximumWorkers: start.workers, coresPerWorker: 0)
        prefetch = start.prefetch.map { $0 == 0 ? .none : .fixed($0) } ?? .automatic
        heartbeatPeriod = .milliseconds(Int64(start.heartbeatPeriod * 1000))
        heartbeatThreshold = .milliseconds(Int64(start.heartbeatThreshold * 1000))
        cancelGrace = .milliseconds(Int64(start.cancelGrace * 1000))
        fingerprint = start.fingerprint
        rows = start.rows
        workingDirectory = start.workingDirectory
        echoDescriptor = start.echo ? 2 : nil
        monitoring = start.monitoring
        watchesParent = true
    }
}
