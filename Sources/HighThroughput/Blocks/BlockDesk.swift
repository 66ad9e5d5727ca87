// Has the blocks of an executor kept: what happens is told to ``ScalingState``, which decides; what it decides goes to
// the provider (``BlockWorks``) or, as a question, to the interchange. It belongs to the executor's thread, and nothing
// here waits.

import Provisioning
import SystemSupport
import WireProtocol
import WorkflowCore

/// The blocks of one executor.
final class BlockDesk {
    /// What the executor's thread has to do.
    struct Outcome {
        /// Calls that can be reported now.
        var explained: [HeldCall] = []
        /// Why no call can run any more.
        var failure: ExecutionError?
        /// Questions to the interchange: hold these blocks, and list all.
        var questions: [[BlockNumber]] = []
        /// What people ought to know at once.
        var warnings: [String] = []
    }

    /// The pause before the first question about a new job, or about one that was cancelled.
    static let shortestPause: UInt64 = 1_000_000_000
    /// Between two decisions, however much happens.
    private static let shortestPeriod: UInt64 = 100_000_000

    let provider: any Provider
    let works: BlockWorks
    let log: BlockLog
    var state: ScalingState
    var notes: [BlockNumber: BlockNote] = [:]
    var blockOfManager: [String: BlockNumber] = [:]
    /// Calls whose managers were lost, until their scheduler has said why.
    var heldCalls: [BlockNumber: [HeldCall]] = [:]
    /// How long that may take.
    var explanationLimits: [BlockNumber: UInt64] = [:]
    var outcome = Outcome()
    private let period: UInt64
    private var load = 0
    private var lastPeriod: UInt64 = 0
    private var nextPeriod: UInt64 = 0
    private var awaitsList = false
    private var asksScheduler = false
    private var lastPoll: UInt64 = 0
    private var nextPoll = UInt64.max
    /// Blocks whose scheduler could not be reached, when they are submitted again, and how often that was so in a row.
    private var postponed: [BlockNumber] = []
    private var nextSubmission = UInt64.max
    private var unreached = 0
    private var hasChanged = true
    private var workerCount = 0

    /// No block is asked for before the first turn.
    init(
        _ provider: any Provider, _ settings: ScalingSettings, period: Duration, files: BlockFiles, log: BlockLog,
        ring: @escaping @Sendable () -> Void
    ) {
        self.provider = provider
        self.log = log
        self.period = max(period.clampedNanoseconds, 1_000_000)
        state = ScalingState(settings)
        works = BlockWorks(provider, files: files, ring: ring)
    }

    /// Looks at what has happened and what is due.
    func turn(load newLoad: Int, at now: UInt64) -> Outcome {
        for report in works.takeReports() { take(report, now) }
        if newLoad != load {
            handle(.load(newLoad), now)
            // The first call after a rest is not to wait for the end of a period.
            if load == 0 { hasten(now) }
            load = newLoad
        }
        if now >= nextPeriod {
            lastPeriod = now
            nextPeriod = now &+ period
            // Decisions follow the list; when the interchange is slow they are made without.
            if awaitsList { handle(.tick, now) } else { askForList() }
        }
        if now >= nextPoll { askScheduler(now) }
        if now >= nextSubmission { submitPostponed() }
        releaseExplained(now)
        defer { outcome = Outcome() }
        return outcome
    }

    /// When ``turn(load:at:)`` is next of use though nothing happens.
    var nextDeadline: UInt64 {
        min(nextPeriod, nextPoll, nextSubmission, explanationLimits.values.min() ?? .max)
    }

    /// Makes the next decision soon: something has changed.
    func hasten(_ now: UInt64) { nextPeriod = min(nextPeriod, max(now, lastPeriod &+ Self.shortestPeriod)) }

    /// Asks the scheduler soon, but not twice in half a second: something happened that it will know of.
    func hastenPoll(_ now: UInt64) { nextPoll = min(nextPoll, max(now, lastPoll &+ Self.shortestPause / 2)) }

    // MARK: Decisions

    func handle(_ event: ScalingState.Event, _ now: UInt64) {
        var actions: [ScalingState.Action] = []
        state.handle(event, at: now, into: &actions)
        if event == .tick { hasChanged = true }
        for action in actions { perform(action, now) }
    }

    private func perform(_ action: ScalingState.Action, _ now: UInt64) {
        switch action {
        case .start(let blocks):
            for block in blocks { notes[block] = BlockNote(attention: now) }
            log.write("\(Self.list(blocks)) asked for: \(state.standing)")
            works.submit(blocks)
        case .hold(let blocks):
            log.write("\(Self.list(blocks)) gets no more tasks: \(blocks.first.map(why) ?? "")")
            outcome.questions.append(blocks)
        case .cancel(let blocks):
            var jobs: [BlockNumber: JobID] = [:]
            for block in blocks {
                notes[block]?.why = why(block)
                notes[block]?.attention = now
                notes[block]?.isCancelled = true
                jobs[block] = notes[block]?.job
            }
            log.write("\(Self.list(blocks)) cancelled: \(blocks.first.map(why) ?? "")")
            works.cancel(jobs)
        case .fail(let text):
            log.write(text)
            outcome.failure = ExecutionError(.executorFailed, text)
        }
    }

    private func why(_ block: BlockNumber) -> String { state.living[block]?.why ?? "" }

    private static func list(_ blocks: [BlockNumber]) -> String {
        let shown = blocks.prefix(20).map(\.description).joined(separator: ", ")
        return (blocks.count == 1 ? "block " : "blocks ") + shown + (blocks.count > 20 ? ", …" : "")
    }

    // MARK: The interchange

    private func askForList() {
        awaitsList = true
        outcome.questions.append([])
    }

    /// The interchange's answer: these blocks are held, and this is what there is.
    func take(_ summaries: [BlockSummary], held: [BlockNumber], at now: UInt64) {
        if held.isEmpty { awaitsList = false } else { handle(.held(held), now) }
        let list = summaries.compactMap { summary -> ScalingState.BlockManagers? in
            guard let block = BlockNumber(BlockID(summary.blockID)) else { return nil }
            return ScalingState.BlockManagers(
                block: block, count: summary.managers, tasks: summary.tasks,
                idle: UInt64(max(0, min(summary.idle, 1e9)) * 1e9))
        }
        handle(.managers(list), now)
        handle(.tick, now)
    }

    /// Takes note of what the interchange says of a manager.
    func take(_ notice: ExecutorNotice, at now: UInt64) {
        guard let block = BlockNumber(BlockID(notice.blockID)), notes[block] != nil else { return }
        hasten(now)
        switch notice.kind {
        case .managerRegistered:
            blockOfManager[notice.manager] = block
            let before = notes[block]?.managers.updateValue(notice.workerCount, forKey: notice.manager) ?? 0
            workerCount += notice.workerCount - before
            // Nodes may differ; what counts is what they have together.
            handle(.workersPerNode(max(1, workerCount / max(1, blockOfManager.count))), now)
        case .managerLost, .managerDrained, .managerRefused:
            blockOfManager[notice.manager] = nil
            workerCount -= notes[block]?.managers.removeValue(forKey: notice.manager) ?? 0
            notes[block]?.attention = now
            hastenPoll(now)
        }
    }

    /// Blocks that have managers.
    var connectedCount: Int { notes.values.count { !$0.managers.isEmpty } }

    // MARK: The scheduler

    private func askScheduler(_ now: UInt64) {
        nextPoll = .max
        guard !asksScheduler else { return }
        let asked = state.living.keys.filter { notes[$0]?.job != nil }
        guard !asked.isEmpty else { return }
        asksScheduler = true
        works.ask(Dictionary(uniqueKeysWithValues: asked.compactMap { block in notes[block]?.job.map { (block, $0) } }))
    }

    private func answered(_ now: UInt64) {
        asksScheduler = false
        lastPoll = now
        nextPoll = now &+ pollPause(now)
    }

    /// A new job, or one that lost a manager or was cancelled, is looked at often; then less and less often.
    private func pollPause(_ now: UInt64) -> UInt64 {
        let longest = max(provider.statusPollingInterval.clampedNanoseconds, 10_000_000)
        if !explanationLimits.isEmpty { return min(longest, Self.shortestPause / 2) }
        var pause = longest
        for (block, record) in state.living where record.phase == .cancelling || record.managers == 0 {
            guard let note = notes[block], note.job != nil else { continue }
            pause = min(pause, max(Self.shortestPause, (now &- note.attention) / 4))
        }
        return pause
    }

    private func take(_ report: BlockWorks.Report, _ now: UInt64) {
        switch report {
        case .submitted(let block, let job):
            unreached = 0
            notes[block]?.job = job
            notes[block]?.attention = now
            log.write("block \(block) is job \(job) of \(provider.label)")
            handle(.started(block), now)
            nextPoll = min(nextPoll, now &+ Self.shortestPause)
        case .notSubmitted(let block, let text):
            if !text.isEmpty { log.write("block \(block) could not be submitted: \(text)") }
            notes[block]?.status = JobStatus(.failed, reason: "not submitted")
            handle(.notStarted(block, text), now)
            hasten(now)
        case .postponed(let blocks, let text): postpone(blocks, text, now)
        case .states(let states, let asked):
            for block in asked { take(states[block], of: block, now) }
            answered(now)
        case .unanswered(let text):
            // The next question may be answered; until then nothing is known, and nothing is decided.
            log.write(text)
            answered(now)
        case .cancelled:
            nextPoll = min(nextPoll, now &+ Self.shortestPause / 2)
        case .notCancelled(let blocks, let text):
            log.write("could not cancel \(Self.list(blocks)): \(text)")
            for block in blocks { notes[block]?.isCancelled = false }
            guard state.isStopping else { return }
            let jobs = blocks.compactMap { notes[$0]?.job?.rawValue }
            outcome.warnings.append("jobs \(jobs) of \(provider.label) may still run: \(text)")
        }
    }

    /// A scheduler that is away for a moment is no failure of a block: it is tried again for two minutes.
    private func postpone(_ blocks: [BlockNumber], _ text: String, _ now: UInt64) {
        unreached += 1
        guard !state.isStopping, unreached <= Self.unreachedLimit else {
            unreached = 0
            for (index, block) in blocks.enumerated() {
                take(.notSubmitted(block, index == 0 && !state.isStopping ? text : ""), now)
            }
            return
        }
        log.write("\(Self.list(blocks)) could not be submitted yet: \(text)")
        postponed += blocks
        nextSubmission = now &+ min(Self.shortestPause << UInt64(unreached), 60 * Self.shortestPause)
    }

    /// Attempts in a row to reach a scheduler: after 2 s, 4 s, … 32 s and 60 s.
    private static let unreachedLimit = 6

    private func submitPostponed() {
        nextSubmission = .max
        works.submit(postponed)
        postponed = []
    }

    private func take(_ standing: BlockWorks.Standing?, of block: BlockNumber, _ now: UInt64) {
        guard let before = notes[block]?.status else { return }
        // A state without a word of the scheduler says no more than its silence.
        if let standing, standing.status.state != .unknown || standing.status.reason != nil {
            notes[block]?.status = standing.status
            notes[block]?.tails = LogTail.shown(standing.errorTail) + LogTail.shown(standing.outputTail)
            handle(
                .job(
                    block,
                    ScalingState.JobPhase(
                        standing.status, outputTail: standing.outputTail, errorTail: standing.errorTail)), now)
        } else {
            let wasLiving = state.living[block] != nil
            handle(.job(block, .absent), now)
            if wasLiving, state.living[block] == nil {
                notes[block]?.status = JobStatus(
                    state.ends[block.rawValue] == .missing ? .missing : .completed,
                    reason: "the scheduler does not know it any more")
            }
        }
        guard let note = notes[block], note.status != before else { return }
        log.write(note.text(of: block))
        if note.status.state.isTerminal { hasten(now) }
    }

    // MARK: The end

    /// Cancels all blocks; returns when that is done, and what could not be cancelled.
    func stop() -> [String] {
        let now = Monotonic.nanoseconds
        for block in works.close() + postponed { handle(.notStarted(block, ""), now) }
        (postponed, nextSubmission) = ([], .max)
        for report in works.takeReports() { take(report, now) }
        handle(.stop(afterTasks: false), now)
        // Cancellations that were refused before are ordered once more.
        let left = state.living.keys.filter { notes[$0]?.isCancelled == false }
        let jobs = left.compactMap { block in notes[block]?.job.map { (block, $0) } }
        if !jobs.isEmpty { works.cancel(Dictionary(uniqueKeysWithValues: jobs)) }
        while works.awaitReport() {
            for report in works.takeReports() { take(report, Monotonic.nanoseconds) }
        }
        return outcome.warnings
    }

    // MARK: What there is

    /// The blocks now, if anything has changed since the last time.
    func takeSnapshot() -> BlocksSnapshot? {
        guard hasChanged else { return nil }
        hasChanged = false
        var snapshot = BlocksSnapshot(provider: provider.label, standing: state.standing, fault: state.fault)
        let over = notes.keys.filter { state.living[$0] == nil }.sorted().suffix(BlocksSnapshot.endedCount)
        for block in (state.living.keys + over).sorted() {
            guard let note = notes[block] else { continue }
            let record = state.living[block]
            let end = state.ends.indices.contains(block.rawValue) ? state.ends[block.rawValue] : nil
            snapshot.blocks.append(
                BlocksSnapshot.Block(
                    id: block, job: note.job?.rawValue, phase: record?.phase.rawValue ?? end?.rawValue ?? "",
                    isOver: record == nil, status: note.status, why: record?.why ?? note.why, managers: note.managers,
                    tasks: record?.tasks ?? 0, requestedAt: record?.requestedAt))
        }
        return snapshot
    }
}
