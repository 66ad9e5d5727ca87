import Provisioning

/// What the desk knows of a block beside what the scaling state does: its job, and the names of its managers.
struct BlockNote: Sendable {
    /// The scheduler's name of its job; `nil` until it was taken.
    var job: JobID?
    /// What the scheduler last said of the job.
    var status = JobStatus(.pending)
    /// The managers that are registered, each with its workers.
    var managers: [String: Int] = [:]
    /// When something happened that the scheduler will know of: a submission, a loss, a cancellation.
    var attention: UInt64
    /// The last lines that its job printed, to be put behind an error text, once it is over.
    var tails = ""
    /// Whether its end was ordered from the provider, and not refused.
    var isCancelled = false
    /// Why the executor ended it, once it did.
    var why = ""

    /// The block, its job and its state, for people.
    func text(of block: BlockNumber) -> String {
        let job = job.map { " (job \($0))" } ?? ""
        return "block \(block)\(job): \(status)" + (why.isEmpty ? "" : "; the executor ended it: \(why)")
    }
}
