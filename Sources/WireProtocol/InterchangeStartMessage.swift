import PickleCoding

/// The dict an interchange reads from its standard input (wire document §1.1).
package struct InterchangeStartMessage: Sendable {
    /// How managers are ordered when several can take a task.
    package enum ManagerSelectorKind: Sendable, Equatable {
        /// By chance.
        case random
        /// By block id, highest first.
        case blockID
        /// The fullest with an idle worker first, of those that speak Apus; the others by chance.
        case packed
        /// A class this interchange cannot run.
        case unknown(String)
    }

    /// What the log looks like.
    package enum LogKind: Sendable, Equatable {
        /// `interchange.log` in Parsl's default format.
        case standard
        /// `interchange.log` in this `%`-style format.
        case file(format: String)
        /// `interchange.jsonlog`, one object a line.
        case json
        /// No log.
        case none
        /// A class this interchange cannot run.
        case unknown(String)
    }

    /// The executor's address.
    package var clientAddress: String
    /// The executor's ports.
    package var taskPort: Int, resultPort: Int, commandPort: Int
    /// The address to listen on; `nil` for all.
    package var interchangeAddress: String?
    /// The port to listen on; `nil` to choose from the range.
    package var workerPort: Int?
    /// Where a port is chosen, upper end excluded.
    package var workerPortRange: Range<Int>
    /// The monitoring hub's address.
    package var hubAddress: String?
    /// The monitoring hub's port; `nil` when monitoring is off.
    package var hubPort: Int?
    /// Where the log goes.
    package var logDirectory: String
    /// Seconds of silence after which a stock manager counts as lost.
    package var heartbeatThreshold: Double
    /// Milliseconds.
    package var pollPeriod: Int
    /// Python's level: 10 is debug, 20 is info.
    package var loggingLevel: Int
    /// Where the CURVE keys are; `nil` for plain sockets.
    package var certificateDirectory: String?
    /// How managers are ordered.
    package var managerSelector: ManagerSelectorKind
    /// The run.
    package var runID: String
    /// What the log looks like.
    package var log: LogKind
    /// Whether versions of managers must match.
    package var checkPythonMismatch: Bool

    /// Describes an interchange to start; the defaults are Parsl's.
    package init(
        clientAddress: String = "127.0.0.1", taskPort: Int, resultPort: Int, commandPort: Int,
        interchangeAddress: String? = nil, workerPort: Int? = nil, workerPortRange: Range<Int> = 54_000..<55_000,
        hubAddress: String? = nil, hubPort: Int? = nil, logDirectory: String, heartbeatThreshold: Double = 120,
        pollPeriod: Int = 10, loggingLevel: Int = 20, certificateDirectory: String? = nil,
        managerSelector: ManagerSelectorKind = .random, runID: String, log: LogKind = .standard,
        checkPythonMismatch: Bool = true
    ) {
        self.clientAddress = clientAddress
        self.taskPort = taskPort
        self.resultPort = resultPort
        self.commandPort = commandPort
        self.interchangeAddress = interchangeAddress
        self.workerPort = workerPort
        self.workerPortRange = workerPortRange
        self.hubAddress = hubAddress
        self.hubPort = hubPort
        self.logDirectory = logDirectory
        self.heartbeatThreshold = heartbeatThreshold
        self.pollPeriod = pollPeriod
        self.loggingLevel = loggingLevel
        self.certificateDirectory = certificateDirectory
        self.managerSelector = managerSelector
        self.runID = runID
        self.log = log
        self.checkPythonMismatch = checkPythonMismatch
    }

    /// Reads the dict.
    ///
    /// - Throws: ``WireError`` naming the key that is missing or wrong.
    package static func parse(_ bytes: [UInt8]) throws(WireError) -> InterchangeStartMessage {
        guard !bytes.isEmpty else {
            throw WireError(
                .malformed,
                "the standard input is empty; the interchange reads its configuration there, as one pickled dict")
        }
        let document: PickleDocument
        do {
            document = try PickleDocument(decoding: bytes)
        } catch {
            throw WireError(.malformed, "the configuration on the standard input is no pickle: \(error)")
        }
        return try InterchangeStartMessage(document.root)
    }

    private init(_ root: PickleValue) throws(WireError) {
        func present(_ key: String) throws(WireError) -> PickleValue {
            guard let value = root[key] else { throw WireError(.badField, "the configuration has no '\(key)'") }
            return value
        }
        func wrong(_ key: String, _ accepted: String) -> WireError {
            WireError(.badField, "the configuration's '\(key)' is not \(accepted)")
        }
        func port(_ key: String, _ value: PickleValue?) throws(WireError) -> Int {
            guard let number = value?.intValue, (1...65_535).contains(number) else {
                throw wrong(key, "a port number from 1 to 65535")
            }
            return number
        }
        guard let address = try present("client_address").stringValue else { throw wrong("client_address", "a text") }
        let ports = try present("client_ports")
        guard ports.count == 3 else { throw wrong("client_ports", "a tuple of three port numbers") }
        let range = root["worker_port_range"]
        let lower = range?[0]?.intValue ?? 54_000
        let upper = range?[1]?.intValue ?? 55_000
        guard lower > 0, lower < upper, upper <= 65_536 else {
            throw wrong("worker_port_range", "a pair (low, high) of port numbers")
        }
        guard let directory = Self.path(try present("logdir")) else { throw wrong("logdir", "a text or a path") }
        var workerPort: Int?
        if let value = root["worker_port"], !value.isNone { workerPort = try port("worker_port", value) }
        var hubPort: Int?
        if let value = root["hub_zmq_port"], !value.isNone { hubPort = try port("hub_zmq_port", value) }
        let threshold = root["heartbeat_threshold"]?.doubleValue ?? 120
        guard threshold > 0, threshold.isFinite else {
            throw wrong("heartbeat_threshold", "a positive number of seconds")
        }
        self.init(
            clientAddress: address, taskPort: try port("client_ports", ports[0]),
            resultPort: try port("client_ports", ports[1]), commandPort: try port("client_ports", ports[2]),
            interchangeAddress: root["interchange_address"]?.stringValue, workerPort: workerPort,
            workerPortRange: lower..<upper, hubAddress: root["hub_address"]?.stringValue, hubPort: hubPort,
            logDirectory: directory, heartbeatThreshold: threshold,
            pollPeriod: max(1, root["poll_period"]?.intValue ?? 10),
            loggingLevel: root["logging_level"]?.intValue ?? 20, certificateDirectory: Self.path(root["cert_dir"]),
            managerSelector: Self.selector(root["manager_selector"]), runID: root["run_id"]?.stringValue ?? "",
            log: Self.log(root["log_config"]), checkPythonMismatch: root["_check_python_mismatch"]?.boolValue ?? true)
    }

    /// A text, or the parts of a `pathlib` path joined.
    private static func path(_ value: PickleValue?) -> String? {
        guard let value, !value.isNone else { return nil }
        if let text = value.stringValue { return text }
        guard let parts = value.arguments?.compactMap(\.stringValue), !parts.isEmpty else { return nil }
        return parts.reduce("") { joined, part in
            if part.hasPrefix("/") || joined.isEmpty { return part }
            return joined.hasSuffix("/") ? joined + part : joined + "/" + part
        }
    }

    private static func selector(_ value: PickleValue?) -> ManagerSelectorKind {
        guard let value, !value.isNone else { return .random }
        if value.stringValue == "packed" { return .packed }
        switch value.callee?.global?.name {
        case "RandomManagerSelector": return .random
        case "BlockIdManagerSelector": return .blockID
        case let name: return .unknown(name ?? "an object without a class name")
        }
    }

    private static func log(_ value: PickleValue?) -> LogKind {
        guard let value, !value.isNone else { return .standard }
        switch value.callee?.global?.name {
        case "FileLogging": return value.state?["format_string"]?.stringValue.map { .file(format: $0) } ?? .standard
        case "JSONLogging": return .json
        case "NoopLogging": return .none
        case let name: return .unknown(name ?? "an object without a class name")
        }
    }

    /// The dict as an Apus executor writes it.
    package func encode() -> [UInt8] {
        var writer = PickleWriter(reservingCapacity: 1024)
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.field("client_address", clientAddress)
        writer.string("client_ports" as StaticString)
        writer.int(taskPort)
        writer.int(resultPort)
        writer.int(commandPort)
        writer.tuple3()
        writer.optional("interchange_address", interchangeAddress)
        writer.optional("worker_port", workerPort)
        writer.string("worker_port_range" as StaticString)
        writer.int(workerPortRange.lowerBound)
        writer.int(workerPortRange.upperBound)
        writer.tuple2()
        writer.optional("hub_address", hubAddress)
        writer.optional("hub_zmq_port", hubPort)
        writer.field("logdir", logDirectory)
        writer.field("heartbeat_threshold", heartbeatThreshold)
        writer.field("poll_period", pollPeriod)
        writer.field("logging_level", loggingLevel)
        writer.optional("cert_dir", certificateDirectory)
        if managerSelector == .packed { writer.field("manager_selector", "packed") }
        writer.field("run_id", runID)
        writer.field("_check_python_mismatch", checkPythonMismatch)
        writer.setItems()
        writer.stop()
        return writer.finish()
    }
}

extension PickleWriter {
    fileprivate mutating func optional(_ key: StaticString, _ value: String?) {
        string(key)
        if let value { string(value) } else { none() }
    }

    fileprivate mutating func optional(_ key: StaticString, _ value: Int?) {
        string(key)
        if let value { int(value) } else { none() }
    }
}
