package import WireProtocol

/// What the state is told once, at the start.
package struct InterchangeSettings: Sendable {
    /// Nanoseconds of silence after which a stock manager counts as lost; Apus managers bring their own.
    package var heartbeatThreshold: UInt64
    /// How stock managers are ordered when several can take a task.
    package var selector: InterchangeStartMessage.ManagerSelectorKind
    /// Whether a manager's versions must equal the next two.
    package var checksVersions: Bool
    /// Parsl's version, compared exactly.
    package var parslVersion: String
    /// Python's version, of which the first two numbers are compared.
    package var pythonVersion: String
    /// Whether records of managers are made for a monitoring hub.
    package var monitors: Bool
    /// Where chance begins.
    package var seed: UInt64

    /// Describes an interchange; by default Parsl's, without monitoring.
    package init(
        heartbeatThreshold: UInt64 = 120_000_000_000,
        selector: InterchangeStartMessage.ManagerSelectorKind = .random, checksVersions: Bool = true,
        parslVersion: String, pythonVersion: String, monitors: Bool = false, seed: UInt64 = 0
    ) {
        self.heartbeatThreshold = heartbeatThreshold
        self.selector = selector
        self.checksVersions = checksVersions
        self.parslVersion = parslVersion
        self.pythonVersion = pythonVersion
        self.monitors = monitors
        self.seed = seed
    }
}
