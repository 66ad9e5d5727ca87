/// How a job that holds several nodes starts a command on each of them.
///
/// A launcher is a pure function from a command to the text of a shell script; a provider puts that text at the end of
/// its job script. The text has the allocation's own environment (`SLURM_JOB_ID`, `PBS_NODEFILE`, …).
public protocol Launcher: Sendable, Equatable {
    /// The part of a job script that starts a command.
    ///
    /// - Parameters:
    ///   - command: a shell command, ready quoted.
    ///   - tasksPerNode: how often it is started on each node.
    ///   - nodesPerBlock: nodes of the job.
    func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String
}

extension Launcher {
    /// Whether another launcher is of the same type and equal.
    public func isEqual(to other: any Launcher) -> Bool { (other as? Self) == self }
}
