import PickleCoding

/// The reply to `APUS_INSPECT` (wire document §15): what the interchange has at one moment.
package struct InterchangeInspection: Sendable, Equatable {
    /// One manager.
    package struct Manager: Sendable, Equatable {
        /// Its name.
        package var name: String
        /// The node.
        package var host: String
        /// Its block.
        package var block: String
        /// Its worker processes.
        package var workers: Int
        /// Tasks that it takes in all.
        package var capacity: Int
        /// Tasks in flight there.
        package var tasks: Int
        /// Seconds since it became idle, 0 while it is busy.
        package var idle: Double
        /// Seconds since anything was heard of it.
        package var silent: Double
        /// Whether it is given tasks.
        package var active: Bool
        /// Whether it ends when it has nothing left.
        package var draining: Bool
        /// Whether its connection is gone, and it may be back in a moment.
        package var inDoubt: Bool
        /// The labels of its node, in order.
        package var labels: [String]

        /// Describes a manager.
        package init(
            name: String, host: String, block: String, workers: Int, capacity: Int, tasks: Int, idle: Double,
            silent: Double, active: Bool, draining: Bool, inDoubt: Bool, labels: [String] = []
        ) {
            self.name = name
            self.host = host
            self.block = block
            self.workers = workers
            self.capacity = capacity
            self.tasks = tasks
            self.idle = idle
            self.silent = silent
            self.active = active
            self.draining = draining
            self.inDoubt = inDoubt
            self.labels = labels
        }
    }

    /// Where a task is.
    package enum Place: Sendable, Equatable {
        /// It waits, and so many others are handed out before it.
        case queued(ahead: Int)
        /// It waits, and asks for this; so many managers could run it if they had nothing else to do.
        ///
        /// When none could and labels are the reason, `lacking` are those that no manager has; or all of them, when each
        /// is somewhere and all together nowhere.
        case demanding(String, able: Int, lacking: [String] = [])
        /// This manager has it.
        case atManager(String)
        /// It has ended.
        case ended
        /// It never came, or was given back.
        case unknown
    }

    /// Tasks that wait to be handed out.
    package var queued: Int
    /// The managers, earliest registration first.
    package var managers: [Manager]
    /// The tasks that were asked about, in the order of the question.
    package var places: [Place]

    /// Describes a moment.
    package init(queued: Int, managers: [Manager], places: [Place]) {
        self.queued = queued
        self.managers = managers
        self.places = places
    }
}

extension InterchangeInspection {
    /// The reply's bytes.
    package func encode() -> [UInt8] {
        var writer = PickleWriter()
        writer.header()
        writer.emptyDict()
        writer.mark()
        writer.field("queued", queued)
        writer.string("managers" as StaticString)
        writer.emptyList()
        if !managers.isEmpty {
            writer.mark()
            for manager in managers { Self.write(manager, into: &writer) }
            writer.appends()
        }
        writer.string("places" as StaticString)
        writer.emptyList()
        if !places.isEmpty {
            writer.mark()
            for place in places { writer.string(place.text) }
            writer.appends()
        }
        writer.setItems()
        writer.stop()
        return writer.finish()
    }

    private static func write(_ manager: Manager, into writer: inout PickleWriter) {
        writer.emptyDict()
        writer.mark()
        writer.field("manager", manager.name)
        writer.field("hostname", manager.host)
        writer.field("block_id", manager.block)
        writer.field("worker_count", manager.workers)
        writer.field("max_capacity", manager.capacity)
        writer.field("tasks", manager.tasks)
        writer.field("idle", manager.idle)
        writer.field("silent", manager.silent)
        writer.field("active", manager.active)
        writer.field("draining", manager.draining)
        writer.field("in_doubt", manager.inDoubt)
        writer.field("labels", manager.labels)
        writer.setItems()
    }

    /// Reads the reply; nil for the None of an interchange that does not know the request.
    package static func parse(_ message: UnsafeRawBufferPointer) throws(WireError) -> InterchangeInspection? {
        let root = try PickleDocument(envelope: message).root
        guard let queued = root["queued"]?.intValue, let items = root["managers"]?.items else { return nil }
        var managers: [Manager] = []
        for item in items {
            guard let name = item["manager"]?.stringValue, let block = item["block_id"]?.stringValue,
                let workers = item["worker_count"]?.intValue, let tasks = item["tasks"]?.intValue
            else { throw WireError(.badField, "an entry of the reply to APUS_INSPECT is incomplete") }
            managers.append(
                Manager(
                    name: name, host: item["hostname"]?.stringValue ?? "", block: block, workers: workers,
                    capacity: item["max_capacity"]?.intValue ?? workers, tasks: tasks,
                    idle: item["idle"]?.doubleValue ?? 0, silent: item["silent"]?.doubleValue ?? 0,
                    active: item["active"]?.boolValue ?? true, draining: item["draining"]?.boolValue ?? false,
                    inDoubt: item["in_doubt"]?.boolValue ?? false, labels: item["labels"].strings))
        }
        let places = root["places"]?.items?.map { Place($0.stringValue ?? "") } ?? []
        return InterchangeInspection(queued: queued, managers: managers, places: places)
    }
}

extension InterchangeInspection.Place {
    /// A word, and behind a space what belongs to it.
    fileprivate var text: String {
        switch self {
        case .queued(let ahead): "queued \(ahead)"
        case .demanding(let wanted, let able, let lacking):
            "demanding \(able)" + (lacking.isEmpty ? "" : " \(Self.lacks)\(lacking.joined(separator: ","))")
                + " \(wanted)"
        case .atManager(let name): "manager \(name)"
        case .ended: "ended"
        case .unknown: "unknown"
        }
    }

    fileprivate init(_ text: String) {
        let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
        switch parts.first {
        case "queued": self = .queued(ahead: parts.dropFirst().first.flatMap { Int($0) } ?? 0)
        case "demanding":
            self = Self.demanding(parts.dropFirst().first ?? "")
        case "manager": self = .atManager(parts.dropFirst().first ?? "")
        case "ended": self = .ended
        default: self = .unknown
        }
    }

    /// Stands before labels that are lacking, with commas between them.
    private static var lacks: String { "lacking:" }

    private static func demanding(_ text: String) -> Self {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        let able = words.first.flatMap { Int($0) } ?? 0
        let rest = words.dropFirst().first ?? ""
        guard rest.hasPrefix(lacks) else { return .demanding(rest, able: able) }
        let pair = rest.dropFirst(lacks.count).split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        return .demanding(
            pair.count > 1 ? String(pair[1]) : "", able: able,
            lacking: pair[0].split(separator: ",").map(String.init))
    }
}
