package import PickleCoding

/// The name of a block as it was registered: text from real pools, a number from some test clients.
package enum BlockLabel: Hashable, Sendable {
    /// The usual form.
    case text(String)
    /// What Parsl's own test clients send.
    case number(Int)

    /// The label as text.
    package var text: String {
        switch self {
        case .text(let text): text
        case .number(let number): String(number)
        }
    }

    init?(_ value: PickleValue?) {
        if let text = value?.stringValue {
            self = .text(text)
        } else if let number = value?.intValue {
            self = .number(number)
        } else {
            return nil
        }
    }
}

/// How a manager presents itself (wire document §7.2).
package struct Registration: Sendable {
    /// Parsl's version, compared exactly.
    package var parslVersion: String
    /// Python's version, `x.y.z`; `x.y` is compared.
    package var pythonVersion: String
    /// Installed distributions and their versions; `nil` when the manager does not say.
    package var packages: [(name: String, version: String)]?
    /// Worker processes.
    package var workerCount: Int
    /// The manager's name, equal to its socket identity.
    package var uid: String
    /// The block it belongs to.
    package var blockID: BlockLabel
    /// Seconds since 1970.
    package var startTime: Double
    /// Seconds since 1970 when the manager wants to be drained; infinity for never.
    package var drainTime: Double
    /// Tasks it takes beyond its workers.
    package var prefetchCapacity: Int
    /// Tasks it takes in all: the only number scheduling uses.
    package var maxCapacity: Int
    /// The operating system's name.
    package var operatingSystem: String
    /// The node's name.
    package var hostname: String
    /// The manager's working directory.
    package var directory: String
    /// Physical cores, when known.
    package var cpuCount: Int?
    /// Bytes of memory.
    package var totalMemory: Int
    /// What an Apus manager adds; `nil` for a stock pool.
    package var apus: ApusManagerHello?
    /// The registration as it came, so that fields of its own reach the monitoring record.
    package var document: PickleDocument?

    /// Describes a manager; by default a stock one on an unnamed host.
    package init(
        parslVersion: String, pythonVersion: String, packages: [(name: String, version: String)]? = nil,
        workerCount: Int, uid: String, blockID: BlockLabel, startTime: Double, drainTime: Double = .infinity,
        prefetchCapacity: Int = 0, maxCapacity: Int, operatingSystem: String = "Linux", hostname: String = "",
        directory: String = "", cpuCount: Int? = nil, totalMemory: Int = 0, apus: ApusManagerHello? = nil
    ) {
        self.parslVersion = parslVersion
        self.pythonVersion = pythonVersion
        self.packages = packages
        self.workerCount = workerCount
        self.uid = uid
        self.blockID = blockID
        self.startTime = startTime
        self.drainTime = drainTime
        self.prefetchCapacity = prefetchCapacity
        self.maxCapacity = maxCapacity
        self.operatingSystem = operatingSystem
        self.hostname = hostname
        self.directory = directory
        self.cpuCount = cpuCount
        self.totalMemory = totalMemory
        self.apus = apus
    }

    init(document: PickleDocument) throws(WireError) {
        let fields = document.root
        func text(_ key: String) throws(WireError) -> String {
            guard let value = fields[key]?.stringValue else {
                throw WireError(.badField, "a registration without a text '\(key)'")
            }
            return value
        }
        func integer(_ key: String) throws(WireError) -> Int {
            guard let value = fields[key]?.intValue else {
                throw WireError(.badField, "a registration without an integer '\(key)'")
            }
            return value
        }
        guard let block = BlockLabel(fields["block_id"]) else {
            throw WireError(.badField, "a registration without a 'block_id'")
        }
        guard let start = fields["start_time"]?.doubleValue else {
            throw WireError(.badField, "a registration without a 'start_time'")
        }
        let drain = fields["drain_time"]?.doubleValue ?? .infinity
        let capacity = try integer("max_capacity")
        guard capacity >= 0 else { throw WireError(.badField, "a registration with a negative 'max_capacity'") }
        var packages: [(name: String, version: String)]?
        if let pairs = fields["packages"]?.pairs {
            packages = pairs.compactMap { pair in
                guard let name = pair.key.stringValue, let version = pair.value.stringValue else { return nil }
                return (name: name, version: version)
            }
        }
        self.init(
            parslVersion: try text("parsl_v"), pythonVersion: try text("python_v"), packages: packages,
            workerCount: try integer("worker_count"), uid: try text("uid"), blockID: block, startTime: start,
            drainTime: drain.isNaN ? .infinity : drain, prefetchCapacity: fields["prefetch_capacity"]?.intValue ?? 0,
            maxCapacity: capacity, operatingSystem: fields["os"]?.stringValue ?? "",
            hostname: fields["hostname"]?.stringValue ?? "", directory: fields["dir"]?.stringValue ?? "",
            cpuCount: fields["cpu_count"]?.intValue, totalMemory: fields["total_memory"]?.intValue ?? 0,
            apus: try fields["apus"].flatMap(ApusManagerHello.init(_:)))
        self.document = document
    }

    /// The message that registers this manager.
    package func encode() -> [UInt8] {
        var writer = PickleWriter(reservingCapacity: 1024)
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.field("type", "registration")
        writeFields(into: &writer)
        if let apus {
            writer.string("apus" as StaticString)
            apus.write(into: &writer)
        }
        writer.setItems()
        writer.stop()
        return writer.finish()
    }

    func writeFields(into writer: inout PickleWriter) {
        writer.field("parsl_v", parslVersion)
        writer.field("python_v", pythonVersion)
        if let packages {
            writer.string("packages" as StaticString)
            writer.emptyDict()
            writer.mark()
            for (name, version) in packages {
                writer.string(name)
                writer.string(version)
            }
            writer.setItems()
        }
        writer.field("worker_count", workerCount)
        writer.field("uid", uid)
        writer.string("block_id" as StaticString)
        writer.label(blockID)
        writer.field("start_time", startTime)
        writer.field("drain_time", drainTime)
        writer.field("prefetch_capacity", prefetchCapacity)
        writer.field("max_capacity", maxCapacity)
        writer.field("os", operatingSystem)
        writer.field("hostname", hostname)
        writer.field("dir", directory)
        writer.string("cpu_count" as StaticString)
        if let cpuCount { writer.int(cpuCount) } else { writer.none() }
        writer.field("total_memory", totalMemory)
    }
}

/// What an Apus manager adds to its registration.
package struct ApusManagerHello: Sendable, Equatable {
    /// The version of these additions.
    package var version: Int
    /// The fingerprint of the manager's task table; empty when it has no table of its own.
    package var fingerprint: String
    /// The table's rows, for the error text of a mismatch.
    package var rows: [String]
    /// How many bytes of task messages may be under way to the manager at once.
    package var byteCapacity: Int
    /// The tasks it holds: queued, running, or finished and not acknowledged.
    package var held: [Int]
    /// Seconds between two heartbeats of the manager.
    package var heartbeatPeriod: Double
    /// Seconds of silence after which the manager counts as lost.
    package var heartbeatThreshold: Double
    /// What its node has for tasks that ask for more than a worker; `nil` when it does not say.
    package var capacity: NodeCapacity?

    /// Describes a manager.
    ///
    /// The defaults between Apus processes: 64 MiB, 2 s and 10 s (docs/decisions/0003).
    package init(
        version: Int = WireExtensions.version, fingerprint: String, rows: [String] = [], byteCapacity: Int = 64 << 20,
        held: [Int] = [], heartbeatPeriod: Double = 2, heartbeatThreshold: Double = 10,
        capacity: NodeCapacity? = nil
    ) {
        self.version = version
        self.fingerprint = fingerprint
        self.rows = rows
        self.byteCapacity = byteCapacity
        self.held = held
        self.heartbeatPeriod = heartbeatPeriod
        self.heartbeatThreshold = heartbeatThreshold
        self.capacity = capacity
    }

    init?(_ value: PickleValue) throws(WireError) {
        guard value.pairs != nil else { return nil }
        guard let version = value["version"]?.intValue, let fingerprint = value["fingerprint"]?.stringValue,
            let capacity = value["byte_capacity"]?.intValue, let period = value["heartbeat_period"]?.doubleValue,
            let threshold = value["heartbeat_threshold"]?.doubleValue
        else {
            throw WireError(.badField, "the 'apus' field of a registration is incomplete")
        }
        guard capacity > 0, period > 0, threshold > 0, threshold.isFinite else {
            throw WireError(
                .badField, "the 'apus' field of a registration has a capacity or a time that is not positive")
        }
        self.init(
            version: version, fingerprint: fingerprint, rows: value["rows"].strings, byteCapacity: capacity,
            held: try PackedIDs.decode(value["held"]?.bytesValue), heartbeatPeriod: period,
            heartbeatThreshold: threshold, capacity: NodeCapacity(value["capacity"]))
    }

    func write(into writer: inout PickleWriter) {
        writer.emptyDict()
        writer.mark()
        writer.field("version", version)
        writer.field("fingerprint", fingerprint)
        writer.field("rows", rows)
        writer.field("byte_capacity", byteCapacity)
        writer.string("held" as StaticString)
        writer.bytes(PackedIDs.encode(held))
        writer.field("heartbeat_period", heartbeatPeriod)
        writer.field("heartbeat_threshold", heartbeatThreshold)
        if let capacity {
            writer.string("capacity" as StaticString)
            capacity.write(into: &writer)
        }
        writer.setItems()
    }
}

extension PickleWriter {
    mutating func field(_ key: StaticString, _ value: String) {
        string(key)
        string(value)
    }

    mutating func field(_ key: StaticString, _ value: Int) {
        string(key)
        int(value)
    }

    mutating func field(_ key: StaticString, _ value: Double) {
        string(key)
        double(value)
    }

    mutating func field(_ key: StaticString, _ value: Bool) {
        string(key)
        bool(value)
    }

    mutating func field(_ key: StaticString, _ values: [String]) {
        string(key)
        emptyList()
        mark()
        for value in values { string(value) }
        appends()
    }

    mutating func label(_ label: BlockLabel) {
        switch label {
        case .text(let text): string(text)
        case .number(let number): int(number)
        }
    }
}

extension PickleValue? {
    /// The texts of a list; empty for anything else.
    var strings: [String] { self?.items?.compactMap(\.stringValue) ?? [] }
}
