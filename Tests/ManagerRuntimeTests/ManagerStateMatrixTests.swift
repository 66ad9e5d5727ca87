import TestSupport
import Testing

@testable import ManagerRuntime

/// The states a manager can be in, as far as they make a difference to an event.
enum Situation: String, CaseIterable, Sendable {
    case fresh, starting, reachable, unanswered, stock, apus, busy, full, workerless, stopping, overdue, condemned,
        ended

    /// A manager in this situation, with two workers.
    var bench: StateBench {
        var bench = StateBench(workers: 2)
        switch self {
        case .fresh: return bench
        case .starting: bench.send(.begin)
        case .reachable:
            bench.send(.begin)
            bench.send(.reachable)
        case .unanswered: bench = .serving(peer: .unknown)
        case .stock: bench = .serving(peer: .stock)
        case .apus: bench = .serving()
        case .busy:
            bench = .serving()
            bench.tasks([1])
        case .full:
            bench = .serving()
            bench.tasks([1, 2, 3])
        case .workerless:
            bench = .serving()
            bench.tasks([1, 2, 3])
            bench.send(.workerEnded(0, "signal 9"))
            bench.send(.workerEnded(1, "signal 9"))
        case .stopping:
            bench = .serving()
            bench.tasks([1, 2, 3])
            bench.send(.cancel([1, 2]))
        case .overdue:
            bench = .serving()
            bench.tasks([1, 2, 3])
            bench.send(.workerOverdue(1, task: 1, limit: 1, elapsed: 1))
        case .condemned:
            bench = .serving()
            bench.tasks([1, 2, 3])
            bench.send(.cancel([1]))
            bench.send(.tick, after: 6 * StateBench.second)
        case .ended:
            bench = .serving()
            bench.send(.shutdown)
        }
        return bench
    }
}

@Suite("Manager state: every event in every situation", .paced)
struct ManagerStateMatrixTests {
    static let events: [ManagerEvent] = [
        .begin, .reachable, .reconnected, .tasks([]), .tasks([TaskTicket(id: 90)]), .tasks([TaskTicket(id: 1)]),
        .heartbeat, .welcome, .refused("no"), .acknowledged([]), .acknowledged([1, 90]), .cancel([]), .cancel([1]),
        .cancel([3, 2]), .cancel([90]), .shutdown, .workerReady(0),
        .workerUnusable(0, "no"), .workerResult(0, task: 1), .workerResult(1, task: 1), .workerResult(0, task: 77),
        .workerOverdue(0, task: 2, limit: 1, elapsed: 2), .workerOverdue(1, task: 1, limit: 1, elapsed: 2),
        .workerOverdue(1, task: 77, limit: 1, elapsed: 2), .workerReturned(0, tasks: []),
        .workerReturned(1, tasks: [1]), .workerReturned(0, tasks: [77]),
        .workerEnded(0, "exit status 3"), .workerEnded(1, "exit status 3"), .terminate, .parentEnded, .tick,
    ]

    /// What an event must do, beyond leaving the state sound.
    @Test("an event leaves a sound state, and no event does anything at the end", arguments: Situation.allCases)
    func soundness(situation: Situation) {
        for event in Self.events {
            var bench = situation.bench
            let effects = bench.send(event)
            if situation == .ended { #expect(effects.isEmpty, "\(event)") }
            // Whatever came first, a second event finds a sound state as well.
            for next in Self.events {
                var copy = bench
                copy.send(next)
            }
        }
    }

    @Test("endings end in every situation but the end", arguments: Situation.allCases)
    func endings(situation: Situation) {
        for event in [ManagerEvent.shutdown, .terminate, .parentEnded, .refused("no"), .workerUnusable(0, "no")] {
            var bench = situation.bench
            let ends = bench.send(event).contains { if case .finish = $0 { true } else { false } }
            #expect(ends == (situation != .ended), "\(event)")
            #expect(bench.state.phase == .ended)
        }
    }

    @Test(
        "a ready worker is fed, and counted",
        arguments: [
            (Situation.starting, [[Int]]()), (.reachable, []), (.workerless, [[3, 0]]),
        ])
    func ready(situation: Situation, writes: [[Int]]) {
        var bench = situation.bench
        #expect(bench.send(.workerReady(0)).writes == writes)
        #expect(bench.state.readyCount == 1)
    }

    @Test(
        "only an Apus manager at an Apus interchange announces its capacity", arguments: Situation.allCases)
    func announcement(situation: Situation) {
        var bench = situation.bench
        let announces = bench.send(.workerEnded(1, "signal 9")).contains {
            if case .announce = $0 { true } else { false }
        }
        #expect(announces == [.apus, .busy, .full, .stopping, .overdue].contains(situation))
    }
}
