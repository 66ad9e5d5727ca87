package import Provisioning

/// The blocks of an executor at one moment, as an operator may want to see them.
package struct BlocksSnapshot: Sendable, Equatable {
    /// One block.
    package struct Block: Sendable, Equatable {
        /// Its number.
        package var id: BlockNumber
        /// The scheduler's name of its job; `nil` until the scheduler took it.
        package var job: String?
        /// Where it stands: `requested`, `waiting`, `running`, `draining`, `cancelling`, or how it ended.
        package var phase: String
        /// Whether it has ended.
        package var isOver: Bool
        /// What the scheduler last said of the job.
        package var status: JobStatus
        /// Why the executor ends it, or ended it; empty when it does not.
        package var why: String
        /// Its managers that are registered, by name, each with its workers.
        package var managers: [String: Int]
        /// Tasks at its managers.
        package var tasks: Int
        /// When it was asked for, on the monotonic clock; `nil` once it has ended.
        package var requestedAt: UInt64?
    }

    /// The provider's name.
    package var provider = ""
    /// What the last decision was about: `12 tasks, 8 slots in 2 blocks: at the maximum of 2`.
    package var standing = ""
    /// Why the executor was given up; `nil` while it was not.
    package var fault: String?
    /// The blocks that live, and the latest that have ended, oldest first.
    package var blocks: [Block] = []

    /// Blocks that have ended and are still listed.
    static let endedCount = 200
}
