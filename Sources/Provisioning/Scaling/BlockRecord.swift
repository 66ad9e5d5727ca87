/// What the scaling state knows of one block that has not ended.
package struct BlockRecord: Sendable, Equatable {
    /// Where a block stands.
    package enum Phase: String, Sendable {
        /// Its job is being submitted.
        case requested
        /// The job waits in the scheduler's queue.
        case waiting
        /// The job runs.
        case running
        /// It gets no more tasks, and is cancelled when the last one has ended.
        case draining
        /// Its job is being cancelled.
        case cancelling
    }

    /// Where it stands.
    package internal(set) var phase: Phase = .requested
    /// When it was asked for.
    package let requestedAt: UInt64
    /// Whether the scheduler has taken the job, so that it can be cancelled.
    var hasJob = false
    /// Managers connected now.
    package internal(set) var managers = 0
    /// Tasks its managers hold.
    package internal(set) var tasks = 0
    /// Since when none of its managers has had a task.
    var idleSince: UInt64?
    /// Whether a manager of it ever registered.
    package internal(set) var registered = false
    /// Since when the job runs without any manager.
    var silentSince: UInt64?
    /// The end that the scheduler reported while managers of the block were still there.
    var reportedEnd: BlockEnd?
    /// Answers of the scheduler in a row that did not hold the job.
    var absences = 0
    /// When draining began.
    var drainingSince: UInt64?
    /// Whether the interchange has said that it gives the block no more tasks.
    var holdConfirmed = false
    /// Whether the job has to be cancelled as soon as the scheduler has taken it.
    var cancelOnStart = false
    /// When the last hold or cancel was sent.
    var commandAt: UInt64 = 0
    /// Why it is being ended; empty while it is not.
    package internal(set) var why = ""
    /// Whether it came back after it had been taken for ended, and may exceed the number of blocks.
    var isStray = false
    /// Whether its end is to count as failed: its job ran and no manager was to be heard.
    var silenced = false

    init(requestedAt: UInt64) { self.requestedAt = requestedAt }

    /// Whether it counts as slots: it is not being ended.
    var isActive: Bool { !cancelOnStart && (phase == .requested || phase == .waiting || phase == .running) }
}
