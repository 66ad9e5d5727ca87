/// What an app declares about itself besides its name and body.
public struct AppOptions: Sendable {
    /// Raised by you when the meaning of the app changes; both ends must agree on it.
    public var version: Int
    /// How often a failed call is tried again; `nil` takes the workflow's number.
    public var retries: Int?
    /// Lower numbers run first; `nil` runs after all that have one.
    public var priority: Int?
    /// The label of the executor that runs the app; `nil` takes the workflow's first.
    public var executor: String?
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

    /// Declares nothing unusual.
    public init(
        version: Int = 1, retries: Int? = nil, priority: Int? = nil, executor: String? = nil,
        walltime: Duration? = nil, cache: Bool = false, ignoreForCache: Set<Int> = []
    ) {
        self.version = version
        self.retries = retries
        self.priority = priority
        self.executor = executor
        self.walltime = walltime
        self.cache = cache
        self.ignoreForCache = ignoreForCache
    }
}
