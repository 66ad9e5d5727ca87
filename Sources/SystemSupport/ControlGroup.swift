/// The limits of the control group (cgroup) that this process is in: those of a batch job or a container.
package struct ControlGroup: Sendable, Equatable {
    /// One limit and the file that sets it.
    package struct Limit: Sendable, Equatable {
        /// Bytes, or processors.
        package var value: Double
        /// Where it was found.
        package var path: String

        /// Describes a limit.
        package init(value: Double, path: String) {
            self.value = value
            self.path = path
        }
    }

    /// Bytes of memory; `nil` when there is no limit.
    package var memory: Limit?
    /// Processors' worth of time; `nil` when there is no limit.
    package var processors: Limit?

    /// Describes the limits of a group.
    package init(memory: Limit? = nil, processors: Limit? = nil) {
        self.memory = memory
        self.processors = processors
    }

    /// Values above this are the kernel's way to say that there is no limit.
    private static let unlimited = 9.0e18

    /// Reads the limits of this process; `root` stands before every path, for tests.
    package static func current(root: String = "") -> ControlGroup {
        var result = ControlGroup()
        guard let text = try? SmallFile.readText("\(root)/proc/self/cgroup") else { return result }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",")
            if fields[0] == "0", fields[1].isEmpty {
                result.look("\(root)/sys/fs/cgroup", fields[2], memory: "memory.max", processors: "cpu.max")
            } else if controllers.contains("memory") {
                result.look("\(root)/sys/fs/cgroup/memory", fields[2], memory: "memory.limit_in_bytes")
            } else if controllers.contains("cpu") {
                result.look("\(root)/sys/fs/cgroup/\(fields[1])", fields[2], processors: "cpu.cfs_quota_us")
                result.look("\(root)/sys/fs/cgroup/cpu", fields[2], processors: "cpu.cfs_quota_us")
            }
        }
        return result
    }

    /// Looks at a group and all above it: the least limit of them holds.
    private mutating func look(
        _ mount: String, _ group: Substring, memory: String? = nil, processors: String? = nil
    ) {
        var parts = group.split(separator: "/")
        while true {
            let folder = ([mount] + parts.map(String.init)).joined(separator: "/")
            if let memory, let value = Self.number("\(folder)/\(memory)"), value < Self.unlimited {
                Self.lower(&self.memory, Limit(value: value, path: "\(folder)/\(memory)"))
            }
            if let processors, let value = Self.processors(folder, processors) {
                Self.lower(&self.processors, Limit(value: value, path: "\(folder)/\(processors)"))
            }
            guard parts.popLast() != nil else { return }
        }
    }

    private static func lower(_ limit: inout Limit?, _ other: Limit) {
        if limit.map({ other.value < $0.value }) ?? true { limit = other }
    }

    private static func number(_ path: String) -> Double? {
        (try? SmallFile.readText(path)).flatMap { Double($0.prefix { !$0.isWhitespace }) }
    }

    /// `cpu.max` is "QUOTA PERIOD" or "max PERIOD"; the older files hold one number each, −1 for no limit.
    private static func processors(_ folder: String, _ name: String) -> Double? {
        guard let text = try? SmallFile.readText("\(folder)/\(name)") else { return nil }
        let words = text.split { $0.isWhitespace }.map { Double($0) }
        let period = words.count > 1 ? words[1] : number("\(folder)/cpu.cfs_period_us")
        guard let quota = words.first ?? nil, let period, quota > 0, period > 0 else { return nil }
        return quota / period
    }
}
