/// A source of blocks: a batch scheduler, or this machine.
///
/// A provider is a description: a value that can be copied and compared. The methods are called one after the other
/// from the executor's own task, never from the one that moves calls and results; each must end within a bounded time.
/// Conform a type of your own to bring another scheduler.
public protocol Provider: Sendable, Equatable {
    /// The name in logs and errors: `slurm`.
    var label: String { get }
    /// How many blocks, and how large.
    var blocks: BlockParameters { get }
    /// How often the state of jobs is asked for.
    var statusPollingInterval: Duration { get }
    /// Processors of one node, where that is known.
    var coresPerNode: Int? { get }
    /// GiB of memory of one node, where that is known.
    var memoryPerNode: Double? { get }
    /// Whether all blocks run on this very machine, so that no other can reach the workflow.
    var isLocal: Bool { get }
    /// Whether nodes see the files of this host under the same paths.
    ///
    /// Where they do not, a job comes with a ``JobRequest/program``, and the provider brings it there.
    var sharesFiles: Bool { get }
    /// What is wrong with the values, beginning with the name of a field; `nil` when they can work.
    var fault: String? { get }

    /// Asks for a block.
    ///
    /// - Throws: ``ProviderError``; with the code ``ProviderError/Code/schedulerDown`` when no job was made and the same may
    ///   succeed a little later: it is then tried again for two minutes.
    func submit(_ job: JobRequest) async throws -> JobID
    /// What is known of these jobs now, asked in as few requests as the scheduler allows.
    ///
    /// A job that the scheduler does not know is absent from the result, or ``JobState/unknown``; it is not an error.
    ///
    /// - Throws: ``ProviderError`` when the scheduler did not answer.
    func status(of jobs: [JobID]) async throws -> [JobID: JobStatus]
    /// Ends these jobs; those that are over already are no error.
    ///
    /// - Throws: ``ProviderError`` when the scheduler refused, or did not answer.
    func cancel(_ jobs: [JobID]) async throws
}

extension Provider {
    /// Parsl's period for batch schedulers.
    public var statusPollingInterval: Duration { .seconds(60) }
    /// Not known.
    public var coresPerNode: Int? { nil }
    /// Not known.
    public var memoryPerNode: Double? { nil }
    /// Blocks are elsewhere.
    public var isLocal: Bool { false }
    /// Files are shared.
    public var sharesFiles: Bool { true }
    /// The fault of the blocks.
    public var fault: String? { blocks.fault }

    /// Whether another provider is of the same type and equal.
    public func isEqual(to other: any Provider) -> Bool { (other as? Self) == self }
}
