package import WorkflowCore

/// What a manager must be told.
///
/// The times are those between Apus processes; for Parsl's pools they are given.
package struct ManagerConfiguration: Sendable, Codable, Hashable {
    /// How a worker process is started: the program, and all of its argv.
    package struct WorkerCommand: Sendable, Codable, Hashable {
        /// The program.
        package var executable: String
        /// Its argv, the name at index 0 included.
        package var arguments: [String]

        /// Describes a program.
        package init(executable: String, arguments: [String]) {
            self.executable = executable
            self.arguments = arguments
        }
    }

    /// Addresses at which the interchange may be reached; the first that answers is used.
    package var addresses: [String]
    /// The interchange's port for managers.
    package var port: Int
    /// Where the keys are; `nil` for plain connections.
    package var certificateDirectory: String?
    /// The manager's name.
    package var uid: String
    /// The block it belongs to.
    package var blockID: String
    /// How many workers.
    package var sizing = WorkerSizing()
    /// Which processors each worker is bound to.
    package var affinity = CPUAffinity.none
    /// The accelerators of the node.
    package var accelerators = Accelerators()
    /// How programs on several nodes of the block are started; `nil` hands out no nodes.
    package var mpiLauncher: MPILauncher?
    /// Labels of the node, besides those that it finds out itself.
    package var labels: [String] = []
    /// How many tasks beyond the workers.
    package var prefetch = PrefetchPolicy.automatic
    /// Time between two heartbeats.
    package var heartbeatPeriod = Duration.seconds(2)
    /// Silence after which the interchange counts as gone.
    package var heartbeatThreshold = Duration.seconds(10)
    /// Time after which the manager asks to be drained; `nil` for never.
    package var drainPeriod: Duration?
    /// How long a task may go on after it was asked to stop; then its worker is killed.
    package var cancelGrace = Duration.seconds(5)
    /// How long the interchange may take to answer the first message.
    package var addressProbeTimeout = Duration.seconds(30)
    /// The root of the logs; the manager's are in `block-<block>/<uid>` below it, as in Parsl.
    package var logDirectory: String
    /// The run.
    package var runID: String
    /// The fingerprint of the task table; empty takes that of the workers.
    package var fingerprint = ""
    /// The rows of the task table.
    package var rows: [String] = []
    /// How to start a worker.
    package var workerCommand: WorkerCommand
    /// The environment of workers; `nil` is the manager's own.
    package var workerEnvironment: [String: String]?
    /// Where tasks start; `nil` is the manager's own working directory.
    package var workingDirectory: String?
    /// A descriptor to which the output of workers is copied, line by line; `nil` copies nothing.
    package var echoDescriptor: Int32?
    /// Whether workers report start and end of tasks.
    package var monitoring = false
    /// Bytes of task messages the manager takes beyond one task for each worker.
    package var byteCapacity = 64 << 20
    /// The Parsl version that the manager claims; an interchange refuses another one than its own.
    package var parslVersion = ""
    /// The Python version that the manager claims.
    package var pythonVersion = ""
    /// Whether the manager ends with the process that started it.
    package var watchesParent = false

    /// Describes a manager; everything else has its default.
    package init(
        addresses: [String], port: Int, uid: String, blockID: String, logDirectory: String, runID: String,
        workerCommand: WorkerCommand
    ) {
        self.addresses = addresses
        self.port = port
        self.uid = uid
        self.blockID = blockID
        self.logDirectory = logDirectory
        self.runID = runID
        self.workerCommand = workerCommand
    }

    /// Where this manager's files are.
    package var directory: String { "\(logDirectory)/block-\(blockID)/\(uid)" }
}
