import PickleCoding

/// The frames between a manager and its workers, over a stream socketpair: a header of twelve bytes, then the body.
package struct WorkerFrame: Sendable, Equatable {
    /// What a frame's body is.
    package enum Kind: UInt32, Sendable {
        /// Manager → worker, first of all: a ``WorkerConfigurationMessage``.
        case configuration = 1
        /// Manager → worker: a task message (wire document §4).
        case task = 2
        /// Manager → worker: end when the tasks sent so far are done. No body.
        case stop = 3
        /// Manager → worker, on the control stream: this task shall stop, or not begin. One packed id.
        case cancel = 4
        /// Manager → worker, on the control stream: give back what is not begun. No body.
        case recall = 5
        /// Manager → worker: a task message behind what of the node the task has (``PlacedTask``).
        case placedTask = 6
        /// Worker → manager, first of all: a ``WorkerReadyMessage``.
        case ready = 17
        /// Worker → manager: a result message (wire document §5).
        case result = 18
        /// Worker → manager: a monitoring message (wire document §7.1).
        case monitoring = 19
        /// Worker → manager: tasks it was sent ahead and has not begun, as packed ids; the manager asked for them.
        case returned = 20
        /// Worker → manager: a task's walltime is over, and it was asked to stop: an ``OverdueMessage``.
        case overdue = 21
    }

    /// Bytes of a header: the kind (4), the length of the body (8), both little-endian.
    package static let headerSize = 12

    /// What the body is.
    package var kind: Kind
    /// Bytes of the body.
    package var length: Int

    /// Describes a frame.
    package init(kind: Kind, length: Int) {
        self.kind = kind
        self.length = length
    }

    /// The header's bytes.
    package var header: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerSize)
        withUnsafeBytes(of: kind.rawValue.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt64(length).littleEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Reads the header at the start of `bytes`, of which there must be at least twelve.
    package static func parse(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> WorkerFrame {
        guard bytes.count >= headerSize else {
            throw WireError(.malformed, "a frame header of \(bytes.count) bytes; it has twelve")
        }
        let rawKind = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
        let rawLength = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
        guard let kind = Kind(rawValue: rawKind), let length = Int(exactly: rawLength), length < 1 << 40 else {
            throw WireError(.unknownMessage, "a frame of kind \(rawKind) and length \(rawLength)")
        }
        return WorkerFrame(kind: kind, length: length)
    }
}

/// What a worker is told before its first task.
package struct WorkerConfigurationMessage: Codable, Sendable, Equatable {
    /// The run.
    package var runID: String
    /// The worker's manager.
    package var managerID: String
    /// The manager's block.
    package var blockID: String
    /// The worker's number within its manager, from 0.
    package var index: Int
    /// How many workers the manager has.
    package var workerCount: Int
    /// The node's name.
    package var host: String
    /// Where tasks start.
    package var workingDirectory: String
    /// The environment of the submitting program; `nil` keeps the process's own.
    package var environment: [String: String]?
    /// Whether start and end of tasks are reported.
    package var monitoring: Bool
    /// Whether somebody reads the worker's output as it is written: it is flushed after each task.
    package var echo: Bool

    /// Describes a worker.
    package init(
        runID: String, managerID: String, blockID: String, index: Int, workerCount: Int, host: String,
        workingDirectory: String, environment: [String: String]?, monitoring: Bool, echo: Bool
    ) {
        self.runID = runID
        self.managerID = managerID
        self.blockID = blockID
        self.index = index
        self.workerCount = workerCount
        self.host = host
        self.workingDirectory = workingDirectory
        self.environment = environment
        self.monitoring = monitoring
        self.echo = echo
    }

    /// The frame's body.
    package func encode() throws -> [UInt8] { try PickleEncoder().encode(self) }

    /// Reads a frame's body.
    package static func decode(_ bytes: [UInt8]) throws -> Self { try PickleDecoder().decode(Self.self, from: bytes) }
}

/// What a worker says when it can run tasks, or why it cannot.
package struct WorkerReadyMessage: Codable, Sendable, Equatable {
    /// The worker's process.
    package var processID: Int
    /// The fingerprint of its task table.
    package var fingerprint: String
    /// The table's rows.
    package var rows: [String]
    /// Why the worker cannot run tasks; `nil` when it can.
    package var failure: String?

    /// Describes a worker that is ready, or that has failed.
    package init(processID: Int, fingerprint: String, rows: [String], failure: String? = nil) {
        self.processID = processID
        self.fingerprint = fingerprint
        self.rows = rows
        self.failure = failure
    }

    /// The frame's body.
    package func encode() throws -> [UInt8] { try PickleEncoder().encode(self) }

    /// Reads a frame's body.
    package static func decode(_ bytes: [UInt8]) throws -> Self { try PickleDecoder().decode(Self.self, from: bytes) }
}
