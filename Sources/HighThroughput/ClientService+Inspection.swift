import Provisioning
import SystemSupport
import WireProtocol
import WorkflowCore

// Questions of operators: answered between messages, from what is known anyway and from the interchange's answer.

extension ClientService {
    /// Begins to answer the questions that have come in.
    func beginInspections(_ sockets: ClientSockets) {
        for request in mailbox.takeInspections() {
            var report = ExecutorInspection(
                label: configuration.label, kind: "processes", workers: managers.values.reduce(0, +),
                calls: mailbox.snapshot.outstanding)
            report.unsent = state.queuedCount
            describeBlocks(&report)
            var tasks: [Int] = []
            if let invocation = request.invocation {
                // A look at every call, once for a question; a table for it would cost every call.
                let number = calls.first { $0.value.invocation === invocation }?.key
                report.place = number.map { number in
                    state.unsentBefore(number).map { .unsent(ahead: $0) } ?? .between
                }
                if report.place == nil { report.place = .notHere }
                if let number, report.place == .between { tasks = [number] }
            }
            request.begin(report)
            inspections.append(request)
            sockets.ask(.inspect(tasks))
        }
    }

    /// Takes the answer to the oldest question.
    func takeInspection(_ answer: InterchangeInspection?) {
        guard !inspections.isEmpty else { return }
        inspections.removeFirst().finish { report in
            guard let answer else {
                report.trouble = "the interchange cannot tell: it is of an older version"
                return
            }
            report.queued = answer.queued
            report.managers = answer.managers.map { manager in
                .init(
                    name: manager.name, host: manager.host, block: manager.block, workers: manager.workers,
                    capacity: manager.capacity, tasks: manager.tasks, idleSeconds: manager.idle,
                    silentSeconds: manager.silent, isHeld: !manager.active, isDraining: manager.draining,
                    isInDoubt: manager.inDoubt, labels: manager.labels)
            }
            switch answer.places.first {
            case .queued(let ahead): report.place = .queued(ahead: ahead)
            case .demanding(let wanted, let able, let lacking):
                report.place = .demanding(wanted, able: able, lacking: lacking)
            case .atManager(let name): report.place = .atManager(name)
            case .ended, .unknown, nil: break
            }
        }
    }

    /// Ends all questions: the executor ends.
    func endInspections() {
        for request in mailbox.takeInspections() + inspections {
            request.finish { $0.trouble = "the executor ended while it was asked" }
        }
        inspections = []
    }

    private func describeBlocks(_ report: inout ExecutorInspection) {
        guard let snapshot = mailbox.blocks else {
            guard configuration.provider == nil, let child = block?.child else { return }
            report.blocks = [
                .init(
                    block: "0", job: "process \(child.pid)", state: "running", reason: nil, managers: managers.count,
                    workers: managers.values.reduce(0, +), isOver: false)
            ]
            return
        }
        let now = Monotonic.nanoseconds
        report.provider = snapshot.provider
        report.standing = snapshot.standing.isEmpty ? nil : snapshot.standing
        report.trouble = snapshot.fault
        report.blocks = snapshot.blocks.map { block in
            // What the scheduler says of a job that waits is more than that it does.
            let state = block.phase == "waiting" ? block.status.state.rawValue : block.phase
            let reasons = [block.status.reason, block.why.isEmpty ? nil : block.why].compactMap { $0 }
            return .init(
                block: block.id.description, job: block.job, state: state,
                reason: reasons.isEmpty ? nil : reasons.joined(separator: "; "), managers: block.managers.count,
                workers: block.managers.values.reduce(0, +), isOver: block.isOver,
                seconds: block.requestedAt.map { Double(now &- $0) / 1e9 })
        }
    }
}
