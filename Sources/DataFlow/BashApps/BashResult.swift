/// How a bash app ended that did not fail.
public struct BashResult: AppValue, Hashable {
    /// The exit code: always 0, since any other is an error.
    public var exitCode: Int
    /// The file with the standard output; `nil` when that went where the worker's goes.
    public var stdout: String?
    /// The file with the standard error; `nil` when that went where the worker's goes.
    public var stderr: String?
    /// The files that the app promised, all of which exist.
    public var outputs: [String]
    /// Seconds from the start of the command to its end.
    public var elapsed: Double

    /// Describes an end.
    public init(
        exitCode: Int = 0, stdout: String? = nil, stderr: String? = nil, outputs: [String] = [], elapsed: Double = 0
    ) {
        self.exitCode = exitCode
        self.stdout = stdout
        self.stderr = stderr
        self.outputs = outputs
        self.elapsed = elapsed
    }
}
