/// The program that starts the processes of a program on several nodes.
public enum MPILauncher: String, Sendable, Hashable, Codable, CaseIterable {
    /// Slurm's.
    case srun
    /// Cray's.
    case aprun
    /// That of MPI libraries.
    case mpiexec
}
