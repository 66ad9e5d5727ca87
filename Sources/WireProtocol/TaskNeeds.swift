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

    /// Describes needs.
    package init(cores: Int = 0, memory: Int = 0, gpus: Int = 0, nodes: Int = 0) {
        self.cores = cores
        self.memory = memory
        self.gpus = gpus
        self.nodes = nodes
    }

    /// In words: "4 processors and 2 GPUs".
    package var text: String {
        var parts: [String] = []
        if nodes > 0 { parts.append("\(nodes) nodes") }
        if cores > 0 { parts.append("\(cores) processors") }
        if memory > 0 { parts.append("\((Double(memory) / 10_737_418.24).rounded() / 100) GiB of memory") }
        if gpus > 0 { parts.append("\(gpus) accelerators") }
        return parts.isEmpty ? "a worker" : parts.joined(separator: " and ")
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
    init?(_ value: PickleValue?) {
        guard let value, value.pairs != nil else { return nil }
        func number(_ key: String) -> Int { max(0, value[key]?.intValue ?? 0) }
        self.init(
            cores: number("cores"), memory: number("memory"), gpus: number("gpus"), nodes: number("nodes"))
        if self == TaskNeeds() { return nil }
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
            nodes: complete.nodes ?? 0)
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
        if let layout {
            field("ranks_per_node", layout.ranksPerNode)
            field("ranks", layout.ranks)
            field("launcher_options", layout.launcherOptions)
        }
        setItems()
    }
}

/// What a node has for tasks, as its manager announces it.
package struct NodeCapacity: Sendable, Hashable {
    /// Processors' worth of time.
    package var cores: Double
    /// Bytes of memory.
    package var memory: Int
    /// Accelerators.
    package var gpus: Int
    /// The most accelerators that one task can have: 1 where each worker has its own.
    package var gpusForOne: Int
    /// Nodes that the manager hands out; 0 without MPI mode.
    package var nodes: Int

    /// Describes a node.
    package init(cores: Double, memory: Int = 0, gpus: Int = 0, gpusForOne: Int? = nil, nodes: Int = 0) {
        self.cores = cores
        self.memory = memory
        self.gpus = gpus
        self.gpusForOne = gpusForOne ?? gpus
        self.nodes = nodes
    }

    /// Whether a task could run when the node has nothing else to do.
    package func allows(_ needs: TaskNeeds) -> Bool {
        Double(needs.cores) <= cores && needs.memory <= memory && needs.gpus <= gpusForOne && needs.nodes <= nodes
    }

    /// In words.
    package var text: String {
        let memory = (Double(memory) / 10_737_418.24).rounded() / 100
        return "\((cores * 100).rounded() / 100) processors, \(memory) GiB of memory, \(gpus) accelerators"
            + (gpusForOne < gpus ? " (\(gpusForOne) for one task)" : "")
            + (nodes > 0 ? ", \(nodes) nodes" : ", no nodes to hand out (mpiLauncher)")
    }

    init?(_ value: PickleValue?) {
        guard let value, let cores = value["cores"]?.doubleValue, cores >= 0, cores.isFinite else { return nil }
        func number(_ key: String) -> Int { max(0, value[key]?.intValue ?? 0) }
        self.init(
            cores: cores, memory: number("memory"), gpus: number("gpus"), gpusForOne: number("gpus_for_one"),
            nodes: number("nodes"))
    }

    func write(into writer: inout PickleWriter) {
        writer.emptyDict()
        writer.mark()
        writer.field("cores", cores)
        writer.field("memory", memory)
        writer.field("gpus", gpus)
        writer.field("gpus_for_one", gpusForOne)
        writer.field("nodes", nodes)
        writer.setItems()
    }
}
