import PickleCoding
package import WorkflowCore

/// What a task asks of its node: what managers and the interchange count with.
package struct TaskNeeds: Sendable, Hashable {
    /// Processors; 0 is the share of one worker.
    package var cores: Int
    /// Bytes of memory; 0 is none in particular.
    package var memory: Int
    /// Accelerators.
    package var gpus: Int
    /// Nodes of a block.
    package var nodes: Int
    /// Labels of the node, in order and each once.
    package private(set) var labels: [String]

    /// Describes needs.
    package init(cores: Int = 0, memory: Int = 0, gpus: Int = 0, nodes: Int = 0, labels: [String] = []) {
        self.cores = cores
        self.memory = memory
        self.gpus = gpus
        self.nodes = nodes
        self.labels = labels.isEmpty ? [] : Set(labels).sorted()
    }

    /// Whether it asks for a worker and no more, if perhaps on a certain node.
    package var isOneWorker: Bool { cores == 0 && memory == 0 && gpus == 0 && nodes == 0 }

    /// In words: "4 processors and 2 accelerators on a node labelled fast".
    package var text: String {
        var parts: [String] = []
        if nodes > 0 { parts.append(Counted.text(nodes, "node")) }
        if cores > 0 { parts.append(Counted.text(cores, "processor")) }
        if memory > 0 { parts.append("\((Double(memory) / 10_737_418.24).rounded() / 100) GiB of memory") }
        if gpus > 0 { parts.append(Counted.text(gpus, "accelerator")) }
        return (parts.isEmpty ? "a worker" : parts.joined(separator: " and "))
            + (labels.isEmpty ? "" : " on a node labelled \(Counted.list(labels))")
    }
}

/// How a program on several nodes is started.
package struct RankLayout: Sendable, Hashable {
    /// Processes on each node.
    package var ranksPerNode: Int
    /// Processes in all.
    package var ranks: Int
    /// Further words for the program that starts them.
    package var launcherOptions: String

    /// Describes a start.
    package init(ranksPerNode: Int, ranks: Int, launcherOptions: String = "") {
        self.ranksPerNode = ranksPerNode
        self.ranks = ranks
        self.launcherOptions = launcherOptions
    }
}

extension TaskNeeds {
    /// Reads `apus_needs` of a task's context; `nil` when it is not there or asks for nothing.
    ///
    /// - Throws: ``WireError`` when its labels are none: without them the task would run where it must not.
    init?(_ value: PickleValue?) throws(WireError) {
        guard let value, value.pairs != nil else { return nil }
        func number(_ key: String) -> Int { max(0, value[key]?.intValue ?? 0) }
        self.init(
            cores: number("cores"), memory: number("memory"), gpus: number("gpus"), nodes: number("nodes"),
            labels: try Self.labels(value["labels"]))
        if self == TaskNeeds() { return nil }
    }

    private static func labels(_ value: PickleValue?) throws(WireError) -> [String] {
        guard let value else { return [] }
        guard let items = value.items, items.count <= NodeLabels.most else {
            throw WireError(.badField, "the 'labels' of a task are no list of at most \(NodeLabels.most)")
        }
        var labels: [String] = []
        for item in items {
            guard let label = item.stringValue else { throw WireError(.badField, "a label of a task is no text") }
            if let fault = NodeLabels.fault(of: label) { throw WireError(.badField, fault) }
            labels.append(label)
        }
        return labels
    }
}

extension RankLayout {
    /// Reads the rest of `apus_needs`; `nil` for a task on one node.
    init?(_ value: PickleValue?) {
        guard let value, let each = value["ranks_per_node"]?.intValue, let all = value["ranks"]?.intValue, each > 0,
            all > 0
        else { return nil }
        self.init(ranksPerNode: each, ranks: all, launcherOptions: value["launcher_options"]?.stringValue ?? "")
    }
}

extension TaskContext {
    /// Takes over what a call asks for.
    package mutating func take(_ resources: ResourceSpecification) throws(ExecutionError) {
        priority = resources.priority
        guard resources.isDemanding else { return }
        let complete = try resources.completed()
        needs = TaskNeeds(
            cores: complete.cores ?? 0, memory: complete.memory ?? 0, gpus: complete.gpus ?? 0,
            nodes: complete.nodes ?? 0, labels: complete.labels)
        if let each = complete.ranksPerNode, let all = complete.ranks {
            layout = RankLayout(ranksPerNode: each, ranks: all, launcherOptions: complete.launcherOptions ?? "")
        }
    }
}

extension PickleWriter {
    mutating func needs(_ needs: TaskNeeds, _ layout: RankLayout?) {
        string("apus_needs" as StaticString)
        emptyDict()
        mark()
        field("cores", needs.cores)
        field("memory", needs.memory)
        field("gpus", needs.gpus)
        field("nodes", needs.nodes)
        if !needs.labels.isEmpty { field("labels", needs.labels) }
        if let layout {
            field("ranks_per_node", layout.ranksPerNode)
            field("ranks", layout.ranks)
            field("launcher_options", layout.launcherOptions)
        }
        setItems()
    }
}
