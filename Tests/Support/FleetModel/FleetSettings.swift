/// How large a simulated fleet is, and what happens to it.
package struct FleetSettings: Sendable {
    /// Managers that are registered at once.
    package var managers = 100
    /// Workers of each.
    package var workers = 64
    /// Tasks that are to end.
    package var tasks = 1_000_000
    /// Tasks that always wait in the interchange, as long as there are that many left.
    package var queued = 1000
    /// Tasks that arrive in one turn at the most: what the interchange reads from a socket in a turn.
    package var arrivalsPerTurn = 1024
    /// Managers that are killed in the course of the run, each replaced by another one.
    package var losses = 0
    /// Moments at which all connections break at once, to come back within half a second.
    package var storms = 0
    /// Where chance begins.
    package var seed: UInt64 = 1
    /// Checks every rule of the state after every event: for small fleets, since the cost grows with all there is.
    package var checksEveryEvent = false

    /// A fleet of 100 managers with 64 workers each.
    package init() {}
}
