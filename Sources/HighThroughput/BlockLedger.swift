// Which blocks an executor has asked for, what became of each, and when another one is needed: a value, without clock
// and without scheduler.
//
// A block is replaced when it is over and calls are open; blocks of which no manager was ever heard of are failures, and
// too many of them in a row end the executor, so that no program waits for workers that cannot come.

package import Provisioning
package import WorkflowCore

/// The blocks of one executor.
package struct BlockLedger: Sendable {
    /// One block.
    package struct Record: Sendable, Equatable {
        /// Its name.
        package var id: BlockID
        /// Its job.
        package var job: JobID
        /// What is known of the job.
        package var status = JobStatus(.pending)
        /// Managers of it that are registered now.
        package var managers: Set<String> = []
        /// Whether there ever was one.
        package var everRegistered = false
        /// Answers of the scheduler in a row in which the job did not occur.
        package var absences = 0
        /// When it was submitted, nanoseconds.
        package var submitted: UInt64

        /// The block, its job and its state, for error texts.
        package var description: String { "block \(id) (job \(job)): \(status)" }
    }

    /// Blocks, oldest first.
    package private(set) var records: [Record] = []
    /// Blocks or submissions in a row that came to nothing.
    package private(set) var failures = 0
    /// What the failures in a row were.
    package private(set) var failureTexts: [String] = []
    private let parameters: BlockParameters
    private var lastNumber = -1
    private var asked = false

    /// Failures in a row that end the executor.
    package static let failureLimit = 3
    /// Answers without a job, after which it is over.
    ///
    /// One is not enough: right after its submission a scheduler may not list it yet.
    package static let absenceLimit = 3

    /// No blocks yet.
    package init(_ parameters: BlockParameters) { self.parameters = parameters }

    /// Blocks whose jobs are not over.
    package var live: [Record] { records.filter { !$0.status.state.isTerminal } }

    /// How many blocks to ask for now.
    package mutating func missingBlocks(openCalls: Int) -> Int {
        let count = live.count
        guard asked else {
            asked = true
            return parameters.initBlocks
        }
        let needed = openCalls > 0 ? max(1, parameters.initBlocks) : 0
        return max(0, min(max(parameters.minBlocks, needed), parameters.maxBlocks) - count)
    }

    /// The name for the next block.
    package mutating func nextID() -> BlockID {
        lastNumber += 1
        return BlockID("\(lastNumber)")
    }

    /// A block was submitted.
    package mutating func submitted(_ id: BlockID, _ job: JobID, at now: UInt64) {
        records.append(Record(id: id, job: job, submitted: now))
    }

    /// A block could not be submitted.
    package mutating func submissionFailed(_ text: String) { fail(text) }

    /// A manager of a block registered.
    package mutating func registered(_ manager: String, of block: BlockID) {
        guard let index = records.firstIndex(where: { $0.id == block }) else { return }
        records[index].managers.insert(manager)
        records[index].everRegistered = true
        if records[index].status.state == .pending { records[index].status = JobStatus(.running) }
        failures = 0
        failureTexts = []
    }

    /// A manager of a block is gone.
    package mutating func lost(_ manager: String, of block: BlockID) {
        guard let index = records.firstIndex(where: { $0.id == block }) else { return }
        records[index].managers.remove(manager)
    }

    /// The scheduler answered; returns the blocks that are over now and were not before.
    package mutating func answered(_ states: [JobID: JobStatus]) -> [Record] {
        var ended: [Record] = []
        for index in records.indices where !records[index].status.state.isTerminal {
            if let status = states[records[index].job], status.state != .unknown {
                records[index].absences = 0
                records[index].status = status
            } else {
                records[index].absences += 1
                // While a manager of it works, the block is there, whatever the scheduler says.
                guard records[index].absences >= Self.absenceLimit, records[index].managers.isEmpty else { continue }
                records[index].status = JobStatus(
                    records[index].everRegistered ? .completed : .missing,
                    reason: "the scheduler does not know it any more")
            }
            guard records[index].status.state.isTerminal else { continue }
            ended.append(records[index])
            if !records[index].everRegistered { fail(records[index].description) }
        }
        return ended
    }

    /// The block is cancelled by the executor.
    package mutating func cancelled(_ block: BlockID) {
        guard let index = records.firstIndex(where: { $0.id == block }) else { return }
        records[index].status = JobStatus(.scaledIn)
    }

    /// Whether no block is there, and it makes no sense to ask for another one.
    package var isHopeless: Bool { failures >= Self.failureLimit && live.isEmpty }

    private mutating func fail(_ text: String) {
        failures += 1
        failureTexts.append(text)
    }
}
