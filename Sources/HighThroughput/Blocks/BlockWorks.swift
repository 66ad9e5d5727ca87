// Carries out what the desk orders from the provider: beside the thread that moves calls and results, never on it, since
// a scheduler may take seconds to answer. One call is made after the other: cancellations first, then the question about
// states, then submissions, so that a thousand submissions hold up neither.

import DequeModule
import Provisioning
import SystemSupport

/// The provider's calls of one executor.
final class BlockWorks: Sendable {
    /// What came of an order.
    enum Report: Sendable {
        /// The scheduler took the job.
        case submitted(BlockNumber, JobID)
        /// It did not, and why; without a text it was not asked, since it had just refused another one.
        case notSubmitted(BlockNumber, String)
        /// It could not be reached, and why; these blocks are still to be submitted.
        case postponed([BlockNumber], String)
        /// What the scheduler says of those blocks that it knows, of all that it was asked for.
        case states([BlockNumber: Standing], asked: [BlockNumber])
        /// It did not answer.
        case unanswered(String)
        /// The scheduler took the cancellation.
        case cancelled([BlockNumber])
        /// It did not, and why.
        case notCancelled([BlockNumber], String)
    }

    /// What is known of a job.
    struct Standing: Sendable {
        var status: JobStatus
        /// The last lines that it printed, once it is over.
        var outputTail = ""
        var errorTail = ""
    }

    private struct Orders: Sendable {
        var submissions: Deque<BlockNumber> = []
        var question: [BlockNumber: JobID]?
        var cancellation: [BlockNumber: JobID] = [:]
        var reports: [Report] = []
        var isRunning = false
        var isClosed = false
    }

    private enum Order {
        case submit(BlockNumber)
        case ask([BlockNumber: JobID])
        case cancel([BlockNumber: JobID])
    }

    private let provider: any Provider
    private let files: BlockFiles
    private let ring: @Sendable () -> Void
    private let orders = Locked(Orders())
    private let progress = CountingSemaphore()

    /// Nothing is ordered yet; `ring` is called from any thread when there are reports.
    init(_ provider: any Provider, files: BlockFiles, ring: @escaping @Sendable () -> Void) {
        self.provider = provider
        self.files = files
        self.ring = ring
    }

    /// Orders jobs for these blocks.
    func submit(_ blocks: [BlockNumber]) { put { $0.submissions += blocks } }

    /// Asks for the states of these blocks; one question is under way at a time.
    func ask(_ jobs: [BlockNumber: JobID]) { put { $0.question = jobs } }

    /// Orders the end of these jobs.
    func cancel(_ jobs: [BlockNumber: JobID]) { put { $0.cancellation.merge(jobs) { $1 } } }

    /// What has come of the orders since the last time.
    func takeReports() -> [Report] {
        orders.withLock { orders in
            defer { orders.reports = [] }
            return orders.reports
        }
    }

    /// Takes back submissions that have not begun; none is begun any more.
    func close() -> [BlockNumber] {
        orders.withLock { orders in
            orders.isClosed = true
            orders.question = nil
            defer { orders.submissions = [] }
            return Array(orders.submissions)
        }
    }

    /// Whether ``close()`` was called.
    var isClosed: Bool { orders.withLock { $0.isClosed } }
    /// Whether the provider is asked for something.
    var isBusy: Bool { orders.withLock { $0.isRunning } }

    /// Waits, after ``close()``, until there is a report; false when there is none to come.
    func awaitReport() -> Bool {
        while true {
            let (hasReports, isRunning) = orders.withLock { (!$0.reports.isEmpty, $0.isRunning) }
            if hasReports { return true }
            if !isRunning { return false }
            progress.wait()
        }
    }

    private func put(_ change: (inout Orders) -> Void) {
        let mustStart = orders.withLock { orders in
            change(&orders)
            defer { orders.isRunning = true }
            return !orders.isRunning
        }
        guard mustStart else { return }
        // It ends when nothing is ordered any more.
        Task.detached {  // why: providers are async, and may take long
            while let order = self.next() { await self.perform(order) }
            self.progress.signal()
        }
    }

    private func next() -> Order? {
        orders.withLock { orders in
            if !orders.cancellation.isEmpty {
                defer { orders.cancellation = [:] }
                return .cancel(orders.cancellation)
            }
            if let jobs = orders.question.take() { return .ask(jobs) }
            if let block = orders.submissions.popFirst() { return .submit(block) }
            orders.isRunning = false
            return nil
        }
    }

    private func perform(_ order: Order) async {
        switch order {
        case .submit(let block):
            do {
                let job = try await provider.submit(try files.prepare(block))
                put(.submitted(block, job))
            } catch {
                // A scheduler in trouble is not asked as often as there are blocks to ask for.
                let rest = orders.withLock { orders in
                    defer { orders.submissions = [] }
                    return orders.submissions
                }
                if (error as? ProviderError)?.code == .schedulerDown {
                    put(.postponed([block] + rest, "\(error)"))
                } else {
                    put(.notSubmitted(block, "\(error)"))
                    for block in rest { put(.notSubmitted(block, "")) }
                }
            }
        case .ask(let jobs):
            do {
                put(.states(try await states(of: jobs), asked: jobs.keys.sorted()))
            } catch {
                put(.unanswered("the state of \(jobs.count) jobs is not known: \(error)"))
            }
        case .cancel(let jobs):
            let blocks = jobs.keys.sorted()
            do {
                try await provider.cancel(blocks.compactMap { jobs[$0] })
                put(.cancelled(blocks))
            } catch {
                put(.notCancelled(blocks, "\(error)"))
            }
        }
    }

    private func states(of jobs: [BlockNumber: JobID]) async throws -> [BlockNumber: Standing] {
        let answer = try await provider.status(of: jobs.sorted { $0.key < $1.key }.map(\.value))
        var states: [BlockNumber: Standing] = [:]
        for (block, job) in jobs {
            guard let status = answer[job] else { continue }
            states[block] = Standing(status: status)
            guard status.state.isTerminal else { continue }
            let tails = files.tails(of: block)
            states[block] = Standing(status: status, outputTail: tails.output, errorTail: tails.error)
        }
        return states
    }

    private func put(_ report: Report) {
        let isClosed = orders.withLock { orders in
            orders.reports.append(report)
            return orders.isClosed
        }
        ring()
        if isClosed { progress.signal() }
    }
}
