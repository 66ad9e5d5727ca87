public import WorkflowCore

/// What an app declares about itself besides its name and body.
public struct AppOptions: Sendable {
    /// Raised by you when the meaning of the app changes; both ends must agree on it.
    public var version: Int
    /// How often a failed call is tried again; `nil` takes the workflow's number.
    public var retries: Int?
    /// Lower numbers run first; `nil` runs after all that have one.
    public var priority: Int?
    /// The labels of the executors that may run the app; empty: the workflow's first.
    ///
    /// Of several, the one with the fewest unfinished calls for a worker takes a call.
    public var executors: [String]
    /// How long the body may run; `nil`: as long as it likes.
    ///
    /// At the limit the body's Swift task is cancelled; a body that goes on is stopped with its worker process after a
    /// grace period, and the call fails with `AppTimeout`.
    public var walltime: Duration?
    /// Whether a call is completed with the result of an earlier call of the same version with equal arguments.
    ///
    /// For apps whose result depends on their arguments alone. Equal calls at the same time run once. Only values are
    /// kept, never errors.
    public var cache: Bool
    /// Positions of arguments, counted from 0, that do not matter for the result: a path for a log, a level of detail.
    public var ignoreForCache: Set<Int>
    /// A word for people, to tell calls of one app apart: it stands in names of files and in ``TaskRecord``.
    public var label: String?
    /// What a call asks of the place where it runs: processors, memory, accelerators, nodes.
    public var resources: ResourceSpecification

    /// Declares nothing unusual.
    public init(
        version: Int = 1, retries: Int? = nil, priority: Int? = nil, executor: String? = nil,
        executors: [String] = [], walltime: Duration? = nil, cache: Bool = false, ignoreForCache: Set<Int> = [],
        label: String? = nil, resources: ResourceSpecification = ResourceSpecification()
    ) {
        self.version = version
        self.retries = retries
        self.priority = priority
        self.executors = executor.map { [$0] } ?? executors
        self.walltime = walltime
        self.label = label
        self.resources = resources
        self.cache = cache
        self.ignoreForCache = ignoreForCache
    }

    /// The label of the one executor that runs the app; `nil` when it is not one.
    public var executor: String? {
        get { executors.count == 1 ? executors[0] : nil }
        set { executors = newValue.map { [$0] } ?? [] }
    }

    /// The same options with others for what is named.
    func with(
        retries: Int?, walltime: Duration?, priority: Int?, executor: String?, executors: [String]?, label: String?,
        cache: Bool?, ignoreForCache: Set<Int>?, resources: ResourceSpecification?
    ) -> AppOptions {
        var copy = self
        if let retries { copy.retries = retries }
        if let walltime { copy.walltime = walltime }
        if let priority { copy.priority = priority }
        if let executors { copy.executors = executors }
        if let executor { copy.executors = [executor] }
        if let label { copy.label = label }
        if let resources { copy.resources = resources }
        if let cache { copy.cache = cache }
        if let ignoreForCache { copy.ignoreForCache = ignoreForCache }
        return copy
    }
}
