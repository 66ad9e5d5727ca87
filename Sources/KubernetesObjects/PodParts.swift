/// When a container's image is fetched.
public enum ImagePullPolicy: String, Sendable, Hashable, CaseIterable {
    /// At each start.
    case always = "Always"
    /// When the node has none.
    case ifNotPresent = "IfNotPresent"
    /// Never: the node must have it.
    case never = "Never"
}

/// What a pod asks for, by which it is placed, and what it may use at most; quantities as Kubernetes writes them.
public struct ResourceRange: Sendable, Hashable {
    /// What it asks for; `nil` asks for nothing.
    public var request: String?
    /// What it may use; `nil` is not bounded.
    public var limit: String?

    /// A range.
    public init(request: String? = nil, limit: String? = nil) {
        self.request = request
        self.limit = limit
    }

    /// As much as is asked for, and no more.
    public static func exactly(_ quantity: String) -> Self { Self(request: quantity, limit: quantity) }
}

/// Something that is mounted into pods.
public struct PodVolume: Sendable, Hashable {
    /// Where it comes from.
    public enum Source: Sendable, Hashable {
        /// A claim of the namespace.
        case claim(String)
        /// A path of the node.
        case hostPath(String)
        /// An empty directory that goes with the pod, with a bound on its size; in memory when asked for.
        case empty(sizeLimit: String?, inMemory: Bool)
        /// A secret of the namespace.
        case secret(String)
        /// A config map of the namespace.
        case configMap(String)
    }

    /// Where it comes from.
    public var source: Source
    /// Where it appears in the container.
    public var mountPath: String
    /// A part of it, instead of the whole.
    public var subPath: String?
    /// Whether it cannot be written to.
    public var readOnly: Bool

    /// A volume.
    public init(_ source: Source, at mountPath: String, subPath: String? = nil, readOnly: Bool = false) {
        self.source = source
        self.mountPath = mountPath
        self.subPath = subPath
        self.readOnly = readOnly
    }
}

/// A taint of nodes that pods bear.
public struct PodToleration: Sendable, Hashable {
    /// The taint's key; `nil` bears all.
    public var key: String?
    /// Its value; `nil` bears any.
    public var value: String?
    /// Its effect: `NoSchedule`, `PreferNoSchedule` or `NoExecute`; `nil` bears all.
    public var effect: String?

    /// A toleration.
    public init(key: String? = nil, value: String? = nil, effect: String? = nil) {
        self.key = key
        self.value = value
        self.effect = effect
    }
}
