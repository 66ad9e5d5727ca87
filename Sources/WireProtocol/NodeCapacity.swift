import PickleCoding
import WorkflowCore

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
    /// What it is or has besides, in words.
    package var labels: Set<String>

    /// Describes a node.
    package init(
        cores: Double, memory: Int = 0, gpus: Int = 0, gpusForOne: Int? = nil, nodes: Int = 0, labels: Set<String> = []
    ) {
        self.cores = cores
        self.memory = memory
        self.gpus = gpus
        self.gpusForOne = gpusForOne ?? gpus
        self.nodes = nodes
        self.labels = labels
    }

    /// Whether a task could run when the node has nothing else to do.
    package func allows(_ needs: TaskNeeds) -> Bool {
        Double(needs.cores) <= cores && needs.memory <= memory && needs.gpus <= gpusForOne && needs.nodes <= nodes
            && carries(needs.labels)
    }

    /// Whether the node has all of these labels.
    package func carries(_ wanted: [String]) -> Bool { wanted.allSatisfy(labels.contains) }

    /// In words, without its labels.
    package var text: String {
        let memory = (Double(memory) / 10_737_418.24).rounded() / 100
        return "\(Counted.text(cores, "processor")), \(memory) GiB of memory, \(Counted.text(gpus, "accelerator"))"
            + (gpusForOne < gpus ? " (\(gpusForOne) for one task)" : "")
            + (nodes > 0 ? ", \(Counted.text(nodes, "node"))" : ", no nodes to hand out (mpiLauncher)")
    }

    /// The labels in words: "the labels a and b".
    package var labelText: String { Self.text(of: labels) }

    /// Labels in words.
    package static func text(of labels: Set<String>) -> String {
        let shown = labels.sorted { left, right in
            let (isHost, isOtherHost) = (left.hasPrefix(NodeLabels.hostPrefix), right.hasPrefix(NodeLabels.hostPrefix))
            return isHost == isOtherHost ? left < right : isOtherHost
        }
        switch shown.count {
        case 0: return "no labels"
        case 1: return "the label \(shown[0])"
        default: return "the labels \(Counted.list(shown, limit: NodeLabels.mostShown))"
        }
    }

    init?(_ value: PickleValue?) {
        guard let value, let cores = value["cores"]?.doubleValue, cores >= 0, cores.isFinite else { return nil }
        func number(_ key: String) -> Int { max(0, value[key]?.intValue ?? 0) }
        self.init(
            cores: cores, memory: number("memory"), gpus: number("gpus"), gpusForOne: number("gpus_for_one"),
            nodes: number("nodes"), labels: Self.labels(value["labels"]))
    }

    /// The labels among what a manager says; a task that asks for what is none is not given to it.
    private static func labels(_ value: PickleValue?) -> Set<String> {
        // Beside those that it was given there are a few of its own.
        let items = value?.items?.prefix(2 * NodeLabels.most) ?? []
        return Set(items.compactMap(\.stringValue).filter { NodeLabels.fault(of: $0) == nil })
    }

    func write(into writer: inout PickleWriter) {
        writer.emptyDict()
        writer.mark()
        writer.field("cores", cores)
        writer.field("memory", memory)
        writer.field("gpus", gpus)
        writer.field("gpus_for_one", gpusForOne)
        writer.field("nodes", nodes)
        if !labels.isEmpty { writer.field("labels", labels.sorted()) }
        writer.setItems()
    }
}
