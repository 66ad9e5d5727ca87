import PickleCoding

/// One entry of the reply to `MANAGERS` (wire document §6).
package struct ManagerSummary: Sendable, Equatable {
    /// The manager's name.
    package var manager: String
    /// Its block.
    package var blockID: BlockLabel
    /// Its worker processes.
    package var workerCount: Int
    /// Tasks in flight there.
    package var tasks: Int
    /// Seconds since it became idle, 0 while it is busy.
    package var idleDuration: Double
    /// Whether it is given tasks.
    package var active: Bool
    /// Parsl's version there.
    package var parslVersion: String
    /// Python's version there.
    package var pythonVersion: String
    /// Whether it is being drained.
    package var draining: Bool

    /// Describes a manager.
    package init(
        manager: String, blockID: BlockLabel, workerCount: Int, tasks: Int, idleDuration: Double, active: Bool,
        parslVersion: String, pythonVersion: String, draining: Bool
    ) {
        self.manager = manager
        self.blockID = blockID
        self.workerCount = workerCount
        self.tasks = tasks
        self.idleDuration = idleDuration
        self.active = active
        self.parslVersion = parslVersion
        self.pythonVersion = pythonVersion
        self.draining = draining
    }
}

/// Replies on the command channel.
package enum CommandReply {
    /// The reply to `WORKER_BINDS`.
    package static func port(_ port: Int) -> [UInt8] { encode { $0.int(port) } }

    /// The reply to `CONNECTED_BLOCKS`.
    package static func blocks(_ blocks: [BlockLabel]) -> [UInt8] {
        encode { writer in
            writer.emptyList()
            guard !blocks.isEmpty else { return }
            writer.mark()
            for block in blocks { writer.label(block) }
            writer.appends()
        }
    }

    /// The reply to `MANAGERS`.
    package static func managers(_ managers: [ManagerSummary]) -> [UInt8] {
        encode { writer in
            writer.emptyList()
            guard !managers.isEmpty else { return }
            writer.mark()
            for manager in managers {
                writer.emptyDict()
                writer.mark()
                writer.field("manager", manager.manager)
                writer.string("block_id" as StaticString)
                writer.label(manager.blockID)
                writer.field("worker_count", manager.workerCount)
                writer.field("tasks", manager.tasks)
                writer.field("idle_duration", manager.idleDuration)
                writer.field("active", manager.active)
                writer.field("parsl_version", manager.parslVersion)
                writer.field("python_version", manager.pythonVersion)
                writer.field("draining", manager.draining)
                writer.setItems()
            }
            writer.appends()
        }
    }

    /// The reply to `MANAGERS_PACKAGES`.
    package static func packages(
        _ entries: [(manager: String, packages: [(name: String, version: String)]?)]
    ) -> [UInt8] {
        encode { writer in
            writer.emptyDict()
            guard !entries.isEmpty else { return }
            writer.mark()
            for entry in entries {
                writer.string(entry.manager)
                writer.emptyDict()
                guard let packages = entry.packages, !packages.isEmpty else { continue }
                writer.mark()
                for package in packages {
                    writer.string(package.name)
                    writer.string(package.version)
                }
                writer.setItems()
            }
            writer.setItems()
        }
    }

    /// The reply to `HOLD_MANAGER` and to anything unknown.
    package static func none() -> [UInt8] { encode { $0.none() } }

    /// The reply to an Apus hello: the version of the additions here.
    package static func helloAccepted() -> [UInt8] {
        encode { writer in
            writer.emptyDict()
            writer.field("apus", WireExtensions.version)
            writer.setItem()
        }
    }

    /// The reply to an Apus resume: the tasks to send again.
    package static func missing(_ ids: [Int]) -> [UInt8] {
        encode { $0.bytes(PackedIDs.encode(ids)) }
    }

    /// Reads the reply to `WORKER_BINDS`.
    package static func parsePort(_ message: UnsafeRawBufferPointer) throws(WireError) -> Int {
        guard let port = try PickleDocument(envelope: message).root.intValue, (1...65_535).contains(port) else {
            throw WireError(.badField, "the interchange answered WORKER_BINDS with no port number")
        }
        return port
    }

    /// Reads the reply to `CONNECTED_BLOCKS`.
    package static func parseBlocks(_ message: UnsafeRawBufferPointer) throws(WireError) -> [BlockLabel] {
        try PickleDocument(envelope: message).root.items?.compactMap { BlockLabel($0) } ?? []
    }

    /// Reads the reply to `MANAGERS`.
    package static func parseManagers(_ message: UnsafeRawBufferPointer) throws(WireError) -> [ManagerSummary] {
        var summaries: [ManagerSummary] = []
        for item in try PickleDocument(envelope: message).root.items ?? [] {
            guard let manager = item["manager"]?.stringValue, let block = BlockLabel(item["block_id"]),
                let workers = item["worker_count"]?.intValue, let tasks = item["tasks"]?.intValue
            else {
                throw WireError(.badField, "an entry of the reply to MANAGERS is incomplete")
            }
            summaries.append(
                ManagerSummary(
                    manager: manager, blockID: block, workerCount: workers, tasks: tasks,
                    idleDuration: item["idle_duration"]?.doubleValue ?? 0, active: item["active"]?.boolValue ?? false,
                    parslVersion: item["parsl_version"]?.stringValue ?? "",
                    pythonVersion: item["python_version"]?.stringValue ?? "",
                    draining: item["draining"]?.boolValue ?? false))
        }
        return summaries
    }

    /// The version of the additions that the interchange speaks; `nil` for a stock one, which answers None.
    package static func parseHelloAccepted(_ message: UnsafeRawBufferPointer) throws(WireError) -> Int? {
        try PickleDocument(envelope: message).root["apus"]?.intValue
    }

    /// Reads the reply to an Apus resume.
    package static func parseMissing(_ message: UnsafeRawBufferPointer) throws(WireError) -> [Int] {
        try PackedIDs.decode(PickleDocument(envelope: message).root.bytesValue)
    }

    static func encode(_ body: (inout PickleWriter) -> Void) -> [UInt8] {
        var writer = PickleWriter()
        writer.header()
        body(&writer)
        writer.stop()
        return writer.finish()
    }
}
