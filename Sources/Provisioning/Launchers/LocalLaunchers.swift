/// Starts the command once, as it stands, whatever the number of nodes; for commands that find their nodes themselves.
public struct SimpleLauncher: Launcher {
    /// The launcher.
    public init() {}

    /// The command.
    public func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String { command + "\n" }
}

/// Starts the command once, after a prefix: a container's run command, or a wrapper of one's own.
public struct WrappedLauncher: Launcher {
    /// Shell text before the command: `apptainer exec --bind /data image.sif`.
    public var prefix: String

    /// A launcher with a prefix.
    public init(prefix: String) { self.prefix = prefix }

    /// Prefix and command.
    public func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String { "\(prefix) \(command)\n" }
}

/// Starts all copies of the command on the node on which the job script runs, and waits for them.
public struct SingleNodeLauncher: Launcher {
    /// Whether the script fails when one copy failed; otherwise it fails when all did.
    public var failsOnAny: Bool

    /// A launcher for one node.
    public init(failsOnAny: Bool = false) { self.failsOnAny = failsOnAny }

    /// The copies in the background, then the wait.
    public func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String {
        background(count: max(1, tasksPerNode * nodesPerBlock), failsAt: failsOnAny ? 1 : nil, command)
    }
}
