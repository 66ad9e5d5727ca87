/// Something that happened during a run, for those who watch it.
///
/// Free of Foundation, so that every process can make one.
public enum MonitoringEvent: Sendable, Equatable {
    /// A worker began or ended a task.
    case workerTask(WorkerTaskEvent)
    /// What a task used, measured by the worker that ran it.
    case taskResources(TaskResourceEvent)
    /// The interchange's record of a manager, at one moment.
    case node(NodeEvent)
}

/// A worker began or ended a task.
public struct WorkerTaskEvent: Sendable, Equatable {
    /// The run.
    public var runID: String
    /// The kernel's number of the task.
    public var taskID: Int
    /// Which attempt.
    public var tryNumber: Int
    /// Where.
    public var host: String
    /// In which block.
    public var blockID: String
    /// The worker's process.
    public var processID: Int
    /// True when the task began, false when it ended.
    public var isStart: Bool
    /// Seconds since 1970.
    public var time: Double

    /// Describes a beginning or an end.
    public init(
        runID: String, taskID: Int, tryNumber: Int, host: String, blockID: String, processID: Int, isStart: Bool,
        time: Double
    ) {
        self.runID = runID
        self.taskID = taskID
        self.tryNumber = tryNumber
        self.host = host
        self.blockID = blockID
        self.processID = processID
        self.isStart = isStart
        self.time = time
    }
}

/// What a task used between its start and its end: differences of `getrusage`.
public struct TaskResourceEvent: Sendable, Equatable {
    /// The run.
    public var runID: String
    /// The kernel's number of the task.
    public var taskID: Int
    /// Which attempt.
    public var tryNumber: Int
    /// Where.
    public var host: String
    /// The worker's process.
    public var processID: Int
    /// Seconds since 1970, at the end of the task.
    public var time: Double
    /// Seconds of processor time in user mode.
    public var userSeconds: Double
    /// Seconds of processor time in the kernel.
    public var systemSeconds: Double
    /// The largest resident size of the worker so far, bytes.
    public var maximumResidentBytes: Int
    /// Context switches the task asked for by waiting.
    public var voluntarySwitches: Int
    /// Context switches forced on it.
    public var involuntarySwitches: Int

    /// Describes what one attempt used.
    public init(
        runID: String, taskID: Int, tryNumber: Int, host: String, processID: Int, time: Double, userSeconds: Double,
        systemSeconds: Double, maximumResidentBytes: Int, voluntarySwitches: Int, involuntarySwitches: Int
    ) {
        self.runID = runID
        self.taskID = taskID
        self.tryNumber = tryNumber
        self.host = host
        self.processID = processID
        self.time = time
        self.userSeconds = userSeconds
        self.systemSeconds = systemSeconds
        self.maximumResidentBytes = maximumResidentBytes
        self.voluntarySwitches = voluntarySwitches
        self.involuntarySwitches = involuntarySwitches
    }
}

/// The interchange's record of a manager, at one moment.
public struct NodeEvent: Sendable, Equatable {
    /// The run.
    public var runID: String
    /// The manager.
    public var managerID: String
    /// Where it runs.
    public var host: String
    /// In which block.
    public var blockID: String
    /// Its worker processes.
    public var workerCount: Int
    /// Physical cores of the node, when known.
    public var cpuCount: Int?
    /// Memory of the node, bytes.
    public var totalMemory: Int
    /// Whether it is given tasks.
    public var active: Bool
    /// Seconds since 1970.
    public var time: Double

    /// Describes a manager.
    public init(
        runID: String, managerID: String, host: String, blockID: String, workerCount: Int, cpuCount: Int?,
        totalMemory: Int, active: Bool, time: Double
    ) {
        self.runID = runID
        self.managerID = managerID
        self.host = host
        self.blockID = blockID
        self.workerCount = workerCount
        self.cpuCount = cpuCount
        self.totalMemory = totalMemory
        self.active = active
        self.time = time
    }
}
