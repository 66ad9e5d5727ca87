public import WorkflowCore

/// One block, as a provider is asked for it.
public struct JobRequest: Sendable, Hashable {
    /// What the job shall run on each of its nodes: a shell command, ready quoted, before any launcher.
    ///
    /// It holds no secret; it may stand in scripts that others can read. Empty when the provider shares no files with its
    /// nodes: see ``program``.
    public var command: String
    /// What to start instead of ``command`` where nodes see no file of this host; `nil` where they do.
    public var program: JobProgram?
    /// The block.
    public var blockID: BlockID
    /// The job's name: letters, digits, dots, underscores and hyphens, so that each scheduler takes it.
    public var name: String
    /// The run, by which what belongs to it is found; empty where that is not known.
    public var runID: String
    /// How often `command` is started on each node.
    public var tasksPerNode: Int
    /// Where the script and the job's output go; exists, as an absolute path that the nodes see too.
    public var directory: String
    /// The job's working directory.
    public var workingDirectory: String
    /// Variables that the job must have beyond its scheduler's own.
    public var environment: [String: String]

    /// Describes a block.
    public init(
        command: String, blockID: BlockID, name: String, tasksPerNode: Int = 1, directory: String,
        workingDirectory: String, environment: [String: String] = [:], program: JobProgram? = nil, runID: String = ""
    ) {
        self.command = command
        self.program = program
        self.runID = runID
        self.blockID = blockID
        self.name = name
        self.tasksPerNode = tasksPerNode
        self.directory = directory
        self.workingDirectory = workingDirectory
        self.environment = environment
    }

    /// Where the job's script is written.
    public var scriptPath: String { "\(directory)/\(name).submit" }
    /// Where its standard output goes.
    public var outputPath: String { "\(directory)/\(name).stdout" }
    /// Where its standard error goes.
    public var errorPath: String { "\(directory)/\(name).stderr" }
}
