// Asks the provider for blocks, looks after their jobs, and cancels them in the end: beside the thread that moves calls
// and results, never on it, since a scheduler may take seconds to answer.

import Provisioning
import SystemSupport
import WorkflowCore

/// Keeps the blocks of one executor.
final class BlockService: Sendable {
    /// What the executor's thread is told.
    enum Report: Sendable {
        /// What is known of a block some of whose managers were lost.
        case explained(BlockID, String)
        /// No block is there, and none is to come.
        case failed(ExecutionError)
        /// At the end: jobs that could not be cancelled.
        case uncancelled(String)
    }

    private enum Event: Sendable {
        case registered(manager: String, BlockID)
        case lost(manager: String, BlockID)
        case explain(BlockID)
    }

    private struct Inbox: Sendable {
        var events: [Event] = []
        var stop = false
    }

    /// The pause before the first question about a new job, or about one that lost a manager.
    fileprivate static let shortestPause: UInt64 = 1_000_000_000
    /// How long the reason of a loss is waited for.
    private static let explanationTime: UInt64 = 5_000_000_000

    private let provider: any Provider
    private let request: @Sendable (BlockID) throws -> JobRequest
    private let openCalls: @Sendable () -> Int
    private let report: @Sendable (Report) -> Void
    private let log: BlockLog
    private let inbox = Locked(Inbox())
    /// Rings when something is in the inbox; many rings count as one.
    private let rings: AsyncStream<Void>
    private let bell: AsyncStream<Void>.Continuation
    private let finished = CountingSemaphore()

    /// Keeps blocks; nothing happens before ``start()``.
    ///
    /// - Parameters:
    ///   - provider: where they come from.
    ///   - log: where what happens is written down.
    ///   - request: describes the job of a block.
    ///   - openCalls: how many calls have not ended.
    ///   - report: takes what the executor must know; called from any thread.
    init(
        _ provider: any Provider, log: BlockLog, request: @escaping @Sendable (BlockID) throws -> JobRequest,
        openCalls: @escaping @Sendable () -> Int, report: @escaping @Sendable (Report) -> Void
    ) {
        self.provider = provider
        self.log = log
        self.request = request
        self.openCalls = openCalls
        self.report = report
        (rings, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Begins to ask for blocks.
    func start() {
        // why Task: providers are async, and may take long; it ends before `stop` returns.
        Task.detached {
            await self.run()
            self.finished.signal()
        }
    }

    /// Cancels all jobs; returns when that has been done, or the provider's time for it is over.
    func stop() {
        inbox.withLock { $0.stop = true }
        bell.yield()
        finished.wait()
    }

    /// A manager of a block registered.
    func registered(_ manager: String, of block: BlockID) { put(.registered(manager: manager, block)) }

    /// A manager of a block is gone.
    func lost(_ manager: String, of block: BlockID) { put(.lost(manager: manager, block)) }

    /// Asks for a report on why a block lost a manager; it comes within seconds.
    func explain(_ block: BlockID) { put(.explain(block)) }

    private func put(_ event: Event) {
        inbox.withLock { $0.events.append(event) }
        bell.yield()
    }

    // MARK: The task

    private func run() async {
        var keeper = Keeper(ledger: BlockLedger(provider.blocks))
        var iterator = rings.makeAsyncIterator()
        while true {
            let (events, stop) = inbox.withLock { inbox in
                defer { inbox.events = [] }
                return (inbox.events, inbox.stop)
            }
            for event in events { take(event, &keeper) }
            if stop { return await cancelAll(keeper.ledger) }
            await step(&keeper)
            let pause = keeper.pause(until: Monotonic.nanoseconds)
            let bell = bell
            // why Task and sleep: rings the bell when the next look is due; ends with this round.
            let timer = Task {
                try? await Task.sleep(nanoseconds: pause)
                if !Task.isCancelled { bell.yield() }
            }
            _ = await iterator.next()
            timer.cancel()
        }
    }

    private func take(_ event: Event, _ keeper: inout Keeper) {
        switch event {
        case .registered(let manager, let block): keeper.ledger.registered(manager, of: block)
        case .lost(let manager, let block):
            keeper.ledger.lost(manager, of: block)
            keeper.hasten()
        case .explain(let block):
            keeper.explanations[block] = Monotonic.nanoseconds &+ Self.explanationTime
            keeper.hasten()
        }
    }

    /// What the task remembers between two steps.
    private struct Keeper {
        var ledger: BlockLedger
        var lastPoll: UInt64 = 0
        var nextPoll: UInt64 = 0
        var nextSubmission: UInt64 = 0
        /// Blocks whose loss is to be explained, and how long that may take.
        var explanations: [BlockID: UInt64] = [:]
        var hasFailed = false

        /// Something happened that the scheduler will know of: it is asked soon, but not twice in half a second.
        mutating func hasten() { nextPoll = min(nextPoll, lastPoll &+ BlockService.shortestPause / 2) }

        /// Nanoseconds until something is to be done; there are calls that nobody announces, so it is a second at most.
        func pause(until now: UInt64) -> UInt64 {
            let next = ledger.live.isEmpty ? now &+ BlockService.shortestPause : nextPoll
            return min(BlockService.shortestPause, max(next, now &+ 20_000_000) &- now)
        }
    }

    private func step(_ keeper: inout Keeper) async {
        let now = Monotonic.nanoseconds
        if now >= keeper.nextPoll, !keeper.ledger.live.isEmpty { await poll(&keeper) }
        explain(&keeper)
        if keeper.ledger.isHopeless {
            if !keeper.hasFailed, openCalls() > 0 {
                keeper.hasFailed = true
                report(.failed(hopelessError(keeper.ledger)))
            }
            return
        }
        guard Monotonic.nanoseconds >= keeper.nextSubmission else { return }
        for _ in 0..<keeper.ledger.missingBlocks(openCalls: openCalls()) {
            guard !inbox.withLock({ $0.stop }), await submit(&keeper) else { return }
        }
    }

    /// Asks for one block; false when that failed.
    private func submit(_ keeper: inout Keeper) async -> Bool {
        let id = keeper.ledger.nextID()
        do {
            let job = try await provider.submit(try request(id))
            keeper.ledger.submitted(id, job, at: Monotonic.nanoseconds)
            keeper.nextPoll = Monotonic.nanoseconds &+ Self.shortestPause
            log.write("block \(id) is job \(job) of \(provider.label)")
            return true
        } catch {
            log.write("block \(id) could not be submitted: \(error)")
            keeper.ledger.submissionFailed("block \(id) could not be submitted: \(error)")
            let pause = Self.shortestPause << UInt64(min(keeper.ledger.failures, 5))
            keeper.nextSubmission = Monotonic.nanoseconds &+ pause
            return false
        }
    }

    private func poll(_ keeper: inout Keeper) async {
        let live = keeper.ledger.live
        do {
            let states = try await provider.status(of: live.map(\.job))
            for record in keeper.ledger.answered(states) { log.write("\(record.description)") }
        } catch {
            // The next question may be answered; until then nothing is known, and nothing is decided.
            log.write("the state of \(live.count) jobs is not known: \(error)")
        }
        keeper.lastPoll = Monotonic.nanoseconds
        keeper.nextPoll = keeper.lastPoll &+ pollPause(keeper)
    }

    /// A new job, or one that has lost a manager, is looked at often; one that has waited long, less and less often.
    private func pollPause(_ keeper: Keeper) -> UInt64 {
        let longest = max(provider.statusPollingInterval.clampedNanoseconds, 10_000_000)
        guard keeper.explanations.isEmpty else { return min(longest, Self.shortestPause / 2) }
        let now = Monotonic.nanoseconds
        let young = keeper.ledger.live.filter { $0.managers.isEmpty }.map { now &- $0.submitted }.min()
        return min(longest, young.map { max(Self.shortestPause, $0 / 4) } ?? longest)
    }

    private func explain(_ keeper: inout Keeper) {
        for (block, deadline) in keeper.explanations {
            guard let record = keeper.ledger.records.last(where: { $0.id == block }) else {
                keeper.explanations[block] = nil
                report(.explained(block, "no block \(block) was asked for"))
                continue
            }
            guard record.status.state.isTerminal || Monotonic.nanoseconds >= deadline else { continue }
            keeper.explanations[block] = nil
            report(.explained(block, "\(provider.label) says of \(record.description)\(tails(record))"))
        }
    }

    private func hopelessError(_ ledger: BlockLedger) -> ExecutionError {
        let last = ledger.records.last { $0.status.state.isTerminal }
        return ExecutionError(
            .executorFailed,
            "\(ledger.failures) blocks in a row came to nothing, and no block is left:\n  "
                + ledger.failureTexts.suffix(BlockLedger.failureLimit).joined(separator: "\n  ")
                + (last.map { tails($0) } ?? ""))
    }

    /// The last lines of what a block's job printed.
    private func tails(_ record: BlockLedger.Record) -> String {
        guard let job = try? request(record.id) else { return "" }
        return LogTail.text(of: job.errorPath) + LogTail.text(of: job.outputPath)
    }

    private func cancelAll(_ ledger: BlockLedger) async {
        let jobs = ledger.live.map(\.job)
        guard !jobs.isEmpty else { return }
        do {
            try await provider.cancel(jobs)
            log.write("cancelled \(jobs.count) jobs")
        } catch {
            log.write("could not cancel \(jobs): \(error)")
            report(.uncancelled("jobs \(jobs.map(\.rawValue)) of \(provider.label) may still run: \(error)"))
        }
    }
}
