import Synchronization

/// A flag that is set once and read often, from any thread.
package final class LockedFlag: Sendable {
    private let value = Atomic(false)

    /// A flag that is not set.
    package init() {}

    /// Whether it has been set.
    package var isSet: Bool { value.load(ordering: .acquiring) }

    /// Sets it.
    package func set() { value.store(true, ordering: .releasing) }
}
