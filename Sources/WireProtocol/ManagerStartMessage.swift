import PickleCoding

/// What an executor writes into the file from which a manager role starts (mode 0600: it names the key directory).
package struct ManagerStartMessage: Codable, Sendable, Equatable {
    /// Addresses of the interchange, tried side by side.
    package var addresses: [String]
    /// The interchange's port for managers.
    package var port: Int
    /// Where the CURVE keys are; `nil` for plain sockets.
    package var certificateDirectory: String?
    /// The keys themselves, by the names of their files, for a node that does not see that directory.
    package var certificates: [String: String]?
    /// The manager's name.
    package var managerID: String
    /// Its block.
    package var blockID: String
    /// The run.
    package var runID: String
    /// Worker processes to start.
    package var workers: Int
    /// Tasks taken beyond the workers; `nil` lets the manager decide by how short tasks are.
    package var prefetch: Int?
    /// Where logs of the manager and its workers go; empty leaves it to the node.
    package var logDirectory: String
    /// The directory in which tasks run; empty is the one in which the manager starts.
    package var workingDirectory: String
    /// The program that workers run, empty for the manager's own, and its arguments, argv[0] included.
    package var executable: String
    package var arguments: [String]
    /// The fingerprint of the task table.
    package var fingerprint: String
    /// The table's rows.
    package var rows: [String]
    /// Whether workers report start and end of tasks.
    package var monitoring: Bool
    /// Whether lines that tasks print are shown on the manager's standard error.
    package var echo: Bool
    /// Seconds between heartbeats.
    package var heartbeatPeriod: Double
    /// Seconds of silence after which the interchange counts as lost.
    package var heartbeatThreshold: Double
    /// Seconds that a task may go on after it was asked to stop.
    package var cancelGrace: Double
    /// Seconds after which the manager asks to be drained; `nil` for never.
    package var drainPeriod: Double?
    /// How the node is divided.
    package var node: NodeOptions

    /// Describes a manager to start.
    package init(
        addresses: [String], port: Int, certificateDirectory: String?, managerID: String, blockID: String,
        runID: String, workers: Int, prefetch: Int?, logDirectory: String, workingDirectory: String,
        executable: String, arguments: [String], fingerprint: String, rows: [String], monitoring: Bool, echo: Bool,
        heartbeatPeriod: Double = 2, heartbeatThreshold: Double = 10, cancelGrace: Double = 5,
        drainPeriod: Double? = nil, node: NodeOptions = NodeOptions()
    ) {
        self.addresses = addresses
        self.port = port
        self.certificateDirectory = certificateDirectory
        certificates = nil
        self.managerID = managerID
        self.blockID = blockID
        self.runID = runID
        self.workers = workers
        self.prefetch = prefetch
        self.logDirectory = logDirectory
        self.workingDirectory = workingDirectory
        self.executable = executable
        self.arguments = arguments
        self.fingerprint = fingerprint
        self.rows = rows
        self.monitoring = monitoring
        self.echo = echo
        self.heartbeatPeriod = heartbeatPeriod
        self.heartbeatThreshold = heartbeatThreshold
        self.cancelGrace = cancelGrace
        self.drainPeriod = drainPeriod
        self.node = node
    }

    /// The file's content.
    package func encode() throws -> [UInt8] { try PickleEncoder().encode(self) }

    /// Reads the file's content.
    package static func decode(_ bytes: [UInt8]) throws -> Self { try PickleDecoder().decode(Self.self, from: bytes) }
}
