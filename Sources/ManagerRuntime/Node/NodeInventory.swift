import SystemSupport
import WorkflowCore

/// What of its node a manager may use: in a batch job or a container often less than the node has.
struct NodeInventory: Sendable, Equatable {
    /// The processors it may run on, ascending.
    var processors: [Int]
    /// How many processors' worth of time it has.
    var cores: Double
    /// Bytes of memory.
    var memory: Double
    /// Where the numbers come from, for the log.
    var sources: String

    /// What one process has: affinity, control group and free memory.
    ///
    /// `PARSL_CORES` and `PARSL_MEMORY_GB`, which batch scripts set, go before what the node says.
    ///
    /// - Parameters:
    ///   - processors: those of the affinity mask.
    ///   - free: bytes of memory that are free.
    ///   - group: the limits of the control group.
    ///   - variable: looks up a variable of the environment.
    init(processors: [Int], free: Double, group: ControlGroup, variable: (String) -> String?) {
        self.processors = processors
        var texts: [String] = []
        cores = Double(processors.count)
        texts.append("\(Counted.text(processors.count, "processor")) (\(Self.ranges(processors)))")
        if let limit = group.processors, limit.value < cores {
            cores = limit.value
            texts.append("of which \(Self.text(limit.value)) may be used (\(limit.path))")
        }
        if let number = Self.number(variable("PARSL_CORES")) {
            cores = number
            texts.append("counted as \(Self.text(number)) (PARSL_CORES)")
        }
        memory = free
        var origin = "MemAvailable"
        if let limit = group.memory, limit.value < memory {
            memory = limit.value
            origin = limit.path
        }
        if let number = Self.number(variable("PARSL_MEMORY_GB")) {
            memory = number * 1_073_741_824
            origin = "PARSL_MEMORY_GB"
        }
        texts.append("\(Self.text(memory / 1_073_741_824)) GiB of memory (\(origin))")
        sources = texts.joined(separator: ", ")
    }

    /// What this process has.
    static var here: NodeInventory {
        NodeInventory(
            processors: CurrentProcess.availableCores, free: Double(CurrentProcess.availableMemoryBytes),
            group: .current(), variable: EnvironmentVariables.get)
    }

    private static func number(_ text: String?) -> Double? {
        guard let number = text.flatMap(Double.init), number > 0, number.isFinite else { return nil }
        return number
    }

    static func text(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        return rounded == rounded.rounded() ? String(Int(min(rounded, 1e15))) : String(rounded)
    }

    /// "0-3,8", as the kernel writes it.
    static func ranges(_ processors: [Int]) -> String {
        var parts: [String] = []
        var index = 0
        while index < processors.count {
            var last = index
            while last + 1 < processors.count, processors[last + 1] == processors[last] + 1 { last += 1 }
            parts.append(last == index ? "\(processors[index])" : "\(processors[index])-\(processors[last])")
            index = last + 1
        }
        return parts.joined(separator: ",")
    }
}
