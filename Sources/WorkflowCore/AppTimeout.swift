/// A call took longer than its walltime and was stopped.
public struct AppTimeout: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// The app.
    public var app: String
    /// The walltime, in seconds.
    public var limit: Double
    /// Seconds from the start to the end, the time for stopping included.
    public var elapsed: Double

    /// Describes a stopped call.
    public init(app: String, limit: Double, elapsed: Double) {
        self.app = app
        self.limit = limit
        self.elapsed = elapsed
    }

    /// Both times, and what to do.
    public var description: String {
        "'\(app)' was stopped after \(Self.seconds(elapsed)): its walltime is \(Self.seconds(limit)); "
            + "raise it if the work needs longer"
    }

    private static func seconds(_ value: Double) -> String { "\((value * 1000).rounded() / 1000) s" }
}
