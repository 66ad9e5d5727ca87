/// The exit codes of a manager that whoever started it understands.
package enum ManagerExitCode {
    /// It ended because it was told to.
    package static let ended: Int32 = 0
    /// It lost the interchange, or could not start; another try may do better.
    package static let failed: Int32 = 1
    /// It makes no sense to start it again: its workers cannot run, or the interchange refuses them.
    package static let gaveUp: Int32 = 4
}
