public import Provisioning

/// Where an executor's workers come from when it is not this machine alone: a provider, as a value to be compared.
struct BlockSource: Sendable, Equatable {
    var provider: any Provider

    static func == (left: Self, right: Self) -> Bool { left.provider.isEqual(to: right.provider) }
}

extension HighThroughputConfiguration {
    /// Workers in blocks of a provider: batch jobs, mostly.
    ///
    /// - Parameters:
    ///   - label: the name in logs.
    ///   - provider: where blocks come from, how many, and how large.
    ///   - workersPerNode: worker processes on each node; `nil` starts one for each of its processors.
    ///   - encrypted: whether connections use CURVE.
    public init(
        label: String = "htex", provider: any Provider, workersPerNode: Int? = nil, encrypted: Bool = true
    ) {
        self.init(label: label, workers: workersPerNode ?? 0, encrypted: encrypted)
        blockSource = BlockSource(provider: provider)
    }

    /// Where blocks come from; `nil` is this machine without any.
    public var provider: (any Provider)? {
        get { blockSource?.provider }
        set { blockSource = newValue.map { BlockSource(provider: $0) } }
    }
}
