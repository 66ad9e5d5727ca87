import HighThroughput

/// One of the executors of a workflow: a label, where its calls run, how many there may be.
public struct ExecutorConfiguration: Sendable, Equatable {
    /// The name by which apps ask for it (`executor:`), also in logs; unique in the workflow.
    public var label: String
    /// Where its calls run.
    public var placement: WorkflowConfiguration.Placement
    /// How many unfinished calls it may have; `nil` takes the workflow's `maxUnfinishedTasks`.
    public var maxUnfinishedTasks: Int?

    /// Describes an executor.
    ///
    /// - Parameters:
    ///   - label: the name by which apps ask for it.
    ///   - placement: where its calls run.
    ///   - maxUnfinishedTasks: how many unfinished calls it may have.
    public init(_ label: String, _ placement: WorkflowConfiguration.Placement, maxUnfinishedTasks: Int? = nil) {
        self.label = label
        self.placement = placement
        self.maxUnfinishedTasks = maxUnfinishedTasks
    }

    /// Worker processes on this machine.
    ///
    /// - Parameters:
    ///   - label: the name by which apps ask for it.
    ///   - workers: how many; `nil` starts one for each core.
    public static func local(_ label: String, workers: Int? = nil) -> Self {
        Self(label, .processes(HighThroughputConfiguration(workers: workers)))
    }

    /// Threads of this process: for tests, and for calls too small to leave it.
    ///
    /// - Parameters:
    ///   - label: the name by which apps ask for it.
    ///   - count: how many calls run at once.
    public static func threads(_ label: String, _ count: Int = 2) -> Self {
        Self(label, .threads(count, throughCodec: false))
    }

    /// The executor of a configuration that has one.
    init(_ placement: WorkflowConfiguration.Placement) {
        switch placement {
        case .threads: label = "threads"
        case .processes(let processes): label = processes.label
        }
        self.placement = placement
        maxUnfinishedTasks = nil
    }

    /// What is wrong with the values; `nil` when they can work.
    var fault: String? {
        let placeFault: String? =
            switch placement {
            case .threads(let count, _):
                (1...4096).contains(count) ? nil : "threads is \(count); 1 to 4096 are accepted"
            case .processes(let configuration): configuration.fault
            }
        if let placeFault { return placeFault }
        guard Self.isLabel(label) else {
            return "executors has the label '\(label)'; it takes letters, digits, '-' and '_', a letter first"
        }
        if let maxUnfinishedTasks, maxUnfinishedTasks < 1 {
            return "maxUnfinishedTasks of '\(label)' is \(maxUnfinishedTasks); it is 1 or more"
        }
        return nil
    }

    private static func isLabel(_ text: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter, text.utf8.count <= 64 else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }
}
