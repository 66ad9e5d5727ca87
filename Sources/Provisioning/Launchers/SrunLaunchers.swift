import Commands

/// Starts the command on all nodes of a Slurm job, with one `srun`.
public struct SrunLauncher: Launcher {
    /// Shell text between `srun` and the command: further options of `srun`.
    public var overrides: String

    /// A launcher with `srun`.
    public init(overrides: String = "") { self.overrides = overrides }

    /// One `srun` for all copies; one that fails does not end the others.
    ///
    /// Since Slurm 22.05 `srun` does not take `--cpus-per-task` over from its job (release notes of 22.05).
    public func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String {
        let tasks = max(1, tasksPerNode)
        return """
            srun --nodes=\(nodesPerBlock) --ntasks=\(tasks * nodesPerBlock) --ntasks-per-node=\(tasks) \\
                ${SLURM_CPUS_PER_TASK:+--cpus-per-task="$SLURM_CPUS_PER_TASK"} \\
                --kill-on-bad-exit=0 --unbuffered\(spaced(overrides)) \(shell(command))

            """
    }
}

/// Starts each copy of the command with an `srun` of its own, side by side, so that it can start MPI programs itself.
public struct SrunMPILauncher: Launcher {
    /// Shell text between `srun` and the command: further options of `srun`.
    public var overrides: String

    /// A launcher with one `srun` a copy.
    public init(overrides: String = "") { self.overrides = overrides }

    /// One `srun` for each copy, node after node; steps may share processors, so that a copy can start others.
    public func script(command: String, tasksPerNode: Int, nodesPerBlock: Int) -> String {
        let options = "--nodes=1 --ntasks=1 --relative=$((apus_copy % \(nodesPerBlock))) --overlap --mpi=none"
        return background(
            count: max(1, tasksPerNode) * nodesPerBlock,
            "srun \(options) --unbuffered\(spaced(overrides)) \(shell(command))")
    }
}

/// A command as one word after a launcher's program: a shell runs it, so it may be any shell text.
func shell(_ command: String) -> String { "/bin/bash -c \(ShellQuote.quote(command))" }

/// Options with a space before them; nothing for none.
func spaced(_ options: String) -> String { options.isEmpty ? "" : " \(options)" }

/// Starts a line several times in the background and waits; fails when `least` copies or more failed, all by default.
func background(count: Int, failsAt least: Int? = nil, _ line: String) -> String {
    """
    apus_run() {
        \(line)
    }
    apus_pids=()
    for ((apus_copy = 0; apus_copy < \(count); apus_copy++)); do
        apus_run &
        apus_pids+=("$!")
    done
    # A signal ends the wait; the copies are told, and waited for.
    trap 'kill "${apus_pids[@]}" 2>/dev/null' TERM INT
    apus_failed=0
    apus_status=0
    for apus_pid in "${apus_pids[@]}"; do
        wait "$apus_pid" || { apus_status=$?; apus_failed=$((apus_failed + 1)); }
    done
    if [ "$apus_failed" -ge \(least ?? count) ]; then exit "$apus_status"; fi

    """
}
