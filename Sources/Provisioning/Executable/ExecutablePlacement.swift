/// How the program's file comes to the nodes.
public enum ExecutablePlacement: Sendable, Hashable {
    /// Nodes start the very file that the user started, on a file system that they see.
    case shared
    /// Each node keeps a copy of its own, made at the first start there.
    case copied(cache: ExecutableCache = ExecutableCache())

    /// What is wrong with the values; `nil` when they can work.
    public var fault: String? {
        switch self {
        case .shared: nil
        case .copied(let cache): cache.fault
        }
    }
}
