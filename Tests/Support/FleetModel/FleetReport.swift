/// What a simulated fleet cost the interchange's state.
package struct FleetReport: Sendable {
    /// Nanoseconds in the state for each kind of event.
    package struct Times: Sendable {
        /// Tasks that arrived.
        package var arrivals: UInt64 = 0
        /// Handing out.
        package var handOut: UInt64 = 0
        /// Results.
        package var results: UInt64 = 0
        /// Acknowledgements of the executor.
        package var acknowledgements: UInt64 = 0
        /// Registrations, heartbeats, closed connections and timers.
        package var liveness: UInt64 = 0

        /// All of it.
        package var total: UInt64 { arrivals + handOut + results + acknowledgements + liveness }
    }

    /// Tasks that ended with a result.
    package var finished = 0
    /// Tasks that were reported as lost, and sent again under another number.
    package var lost = 0
    /// Registrations, first and later ones.
    package var registrations = 0
    /// Heartbeats of managers.
    package var heartbeats = 0
    /// Most tasks that were at managers at once.
    package var mostInFlight = 0
    /// Most tasks that waited at once.
    package var mostQueued = 0
    /// Where the time went.
    package var times = Times()
    /// The longest turn in the state, in nanoseconds, without the storms.
    package var longestTurn: UInt64 = 0
    /// Nanoseconds in the state for the storms: all connections close, and all managers register again.
    package var storms: UInt64 = 0
    /// Resident bytes before anything was made, with all managers registered, with the queue full, and at the most.
    package var residentAtStart = 0
    package var residentWithManagers = 0
    package var residentWithQueue = 0
    package var residentAtMost = 0

    /// Tasks a second, if the state were all there is.
    package var tasksPerSecond: Double {
        times.total == 0 ? 0 : Double(finished) * 1e9 / Double(times.total)
    }
}
