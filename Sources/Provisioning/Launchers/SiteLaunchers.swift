// Launchers of the programs that other systems have instead of `srun`. They are checked by golden scripts; GNU parallel,
// MPICH's `mpiexec` and Open MPI's `mpirun` are also run by the tests where they are installed.

import Commands

/// Starts the command with `aprun`, on Cray systems with ALPS.
public struct AprunLauncher: Launcher {
    /// Further options of `aprun`.
    public var overrides: String

    /// A launcher with `aprun`.
    public init(overrides: String = "") { self.overrides = overrides }

    /// One `aprun` for all copies.
    public func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String {
        let tasks = max(1, tasksPerNode)
        return "aprun -n \(tasks * nodesPerBlock) -N \(tasks)\(spaced(overrides)) \(shell(command))\n"
    }
}

/// Starts the command with `jsrun`, on IBM systems with Job Step Manager.
public struct JsrunLauncher: Launcher {
    /// Further options of `jsrun`.
    public var overrides: String

    /// A launcher with `jsrun`.
    public init(overrides: String = "") { self.overrides = overrides }

    /// One `jsrun` with a resource set for each copy.
    public func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String {
        let tasks = max(1, tasksPerNode)
        return "jsrun -n \(tasks * nodesPerBlock) -r \(tasks)\(spaced(overrides)) \(shell(command))\n"
    }
}

/// Starts the command with `mpiexec` on the hosts in `PBS_NODEFILE`.
///
/// Its options are those of MPICH and of its kin; Open MPI's `mpiexec` does not know `--ppn`: use ``MpiRunLauncher`` there.
public struct MpiExecLauncher: Launcher {
    /// The option that says how copies are bound to processors.
    public var bindOption: String
    /// Further options of `mpiexec`.
    public var overrides: String

    /// A launcher with `mpiexec`.
    public init(bindOption: String = "--bind-to", overrides: String = "") {
        self.bindOption = bindOption
        self.overrides = overrides
    }

    /// One `mpiexec` for all copies, bound to nothing: a manager shares its node out itself.
    public func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String {
        let tasks = max(1, tasksPerNode)
        return """
            apus_hosts=$(mktemp) || exit 73
            sort -u -- "$PBS_NODEFILE" >"$apus_hosts"
            mpiexec \(bindOption) none -n \(tasks * nodesPerBlock) --ppn \(tasks) --hostfile "$apus_hosts"\
            \(spaced(overrides)) \(shell(command))
            apus_status=$?
            rm -f -- "$apus_hosts"
            exit "$apus_status"

            """
    }
}

/// Starts the command with Open MPI's `mpirun`, which finds the nodes of most schedulers itself.
public struct MpiRunLauncher: Launcher {
    /// The shell that runs the command on the nodes.
    public var shellPath: String
    /// Further options of `mpirun`.
    public var overrides: String

    /// A launcher with `mpirun`.
    public init(shellPath: String = "/bin/bash", overrides: String = "") {
        self.shellPath = shellPath
        self.overrides = overrides
    }

    /// One `mpirun` for all copies.
    public func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String {
        let copies = max(1, tasksPerNode) * nodesPerBlock
        return
            "mpirun -np \(copies)\(spaced(overrides)) \(ShellQuote.quote(shellPath)) -c \(ShellQuote.quote(command))\n"
    }
}

/// Starts the command with GNU parallel over SSH, on the hosts in `PBS_NODEFILE`.
public struct GnuParallelLauncher: Launcher {
    /// The launcher.
    public init() {}

    /// One `parallel` for all copies; the nodes get the job's directory and environment.
    public func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String {
        let tasks = max(1, tasksPerNode)
        // --env _ needs a list of variables that are not to be copied, which is made once for each user.
        return """
            apus_parallel=${PARALLEL_HOME:-$HOME/.parallel}
            if ! [ -e "$apus_parallel/ignored_vars" ]; then
                mkdir -p -- "$apus_parallel"
                env -i HOME="$HOME" PATH="$PATH" PARALLEL_HOME="$apus_parallel" parallel --record-env
            fi
            seq \(tasks * nodesPerBlock) | parallel --env _ --jobs \(tasks) --sshloginfile "$PBS_NODEFILE" \\
                --workdir "$PWD" --max-args 0 \(ShellQuote.quote(shell(command)))

            """
    }
}
