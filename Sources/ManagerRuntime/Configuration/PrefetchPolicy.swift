/// How many tasks a manager takes beyond one for each worker.
package enum PrefetchPolicy: Sendable, Hashable, Codable {
    /// None: Parsl's default.
    case none
    /// So many for the whole manager.
    case fixed(Int)
    /// As many as tasks are short: at most 64 for each worker while the mean is under 10 ms.
    case automatic

    /// The number for a registration, which the interchange shows but does not use.
    var announcedCapacity: Int {
        switch self {
        case .none, .automatic: 0
        case .fixed(let extra): extra
        }
    }
}
