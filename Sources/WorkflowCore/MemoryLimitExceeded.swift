/// A call used more memory than it had asked for, and was stopped.
public struct MemoryLimitExceeded: Error, Codable, Sendable, Hashable, CustomStringConvertible {
    /// The app.
    public var app: String
    /// The limit, in bytes.
    public var limit: Int
    /// What it had taken when it was stopped, in bytes: its worker and all programs that it had started.
    public var reached: Int
    /// Where it ran.
    public var host: String

    /// Describes a stopped call.
    public init(app: String, limit: Int, reached: Int, host: String) {
        self.app = app
        self.limit = limit
        self.reached = reached
        self.host = host
    }

    /// Both numbers, and what to do.
    public var description: String {
        "'\(app)' was stopped on \(host): it had taken \(Self.mebibytes(reached)) of memory, and its limit is "
            + "\(Self.mebibytes(limit)); its worker was killed and replaced. Ask for more (`resources: .init(memory: …)`) "
            + "if the work needs it"
    }

    private static func mebibytes(_ bytes: Int) -> String { "\((Double(bytes) / 104_857.6).rounded() / 10) MiB" }
}
