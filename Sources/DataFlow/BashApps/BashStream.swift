/// Where the standard output or the standard error of a bash app goes.
public enum BashStream: Sendable, Hashable {
    /// Where the worker's own goes: `worker_K.out` or `worker_K.err` in the run directory.
    case inherit
    /// Into a file; missing directories above it are made.
    ///
    /// A relative path is relative to the app's working directory. Without `append` the file is emptied first, by every
    /// try of the call.
    case file(_ path: String, append: Bool = true)
    /// Into a file of its own for each call, in `task_logs` of the run directory: see ``BashResult/stdout``.
    case autoNamed
    /// Into a file that is staged out when the command has succeeded: a data future in ``AppFuture/outputs``.
    case output(OutputFile)
}
