/// When blocks are started and ended while a workflow runs.
public enum ScalingStrategy: String, Sendable, Hashable, CaseIterable {
    /// The initial blocks are started; after that nothing is started or ended.
    case none
    /// Blocks are started as tasks need them, and ended when the whole executor has been idle for the idle time.
    case simple
    /// As ``simple``, and single blocks are ended that have been idle while others work.
    ///
    /// Parsl calls it `htex_auto_scale`.
    case auto
}
