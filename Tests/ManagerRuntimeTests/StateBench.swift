import Testing
import WireProtocol

@testable import ManagerRuntime

/// A manager's state under test: feeds events, checks the invariants after each, and keeps what was decided.
struct StateBench {
    static let second: UInt64 = 1_000_000_000
    static let millisecond: UInt64 = 1_000_000

    var state: ManagerState
    var now: UInt64 = 100 * second

    init(
        workers: Int = 2, prefetch: PrefetchPolicy = .none, drainAfter: UInt64? = nil,
        cancelGrace: UInt64 = 5 * second, capacity: NodeCapacity? = nil, memoryShare: Int = 0,
        processors: ProcessorPool? = nil
    ) {
        state = ManagerState(
            settings: ManagerState.Settings(
                workerCount: workers, prefetch: prefetch, drainAfter: drainAfter, cancelGrace: cancelGrace,
                capacity: capacity, memoryShare: memoryShare, processors: processors))
    }

    /// A manager that is registered, with all workers ready, at an interchange of this kind.
    static func serving(
        workers: Int = 2, prefetch: PrefetchPolicy = .none, peer: ManagerState.Peer = .apus,
        cancelGrace: UInt64 = 5 * second, capacity: NodeCapacity? = nil, memoryShare: Int = 0,
        processors: ProcessorPool? = nil
    ) -> StateBench {
        var bench = StateBench(
            workers: workers, prefetch: prefetch, cancelGrace: cancelGrace, capacity: capacity,
            memoryShare: memoryShare, processors: processors)
        bench.send(.begin)
        bench.send(.reachable)
        for index in 0..<workers { bench.send(.workerReady(index)) }
        switch peer {
        case .apus: bench.send(.welcome)
        case .stock: bench.send(.heartbeat)
        case .unknown: break
        }
        return bench
    }

    @discardableResult
    mutating func send(
        _ event: ManagerEvent, after pause: UInt64 = 0, sourceLocation: SourceLocation = #_sourceLocation
    ) -> [ManagerEffect] {
        now += pause
        var effects: [ManagerEffect] = []
        state.handle(event, at: now, into: &effects)
        let faults = state.checkInvariants()
        #expect(faults.isEmpty, "after \(event)", sourceLocation: sourceLocation)
        if case .tick = event, state.phase != .ended {
            // Or the service would turn without a pause.
            #expect(state.nextDeadline(at: now) > now, "a tick leaves nothing overdue", sourceLocation: sourceLocation)
        }
        return effects.filter { if case .log = $0 { false } else { true } }
    }

    /// Hands in tasks with these numbers.
    @discardableResult
    mutating func tasks(_ ids: some Sequence<Int>, group: Int = 0, after pause: UInt64 = 0) -> [ManagerEffect] {
        send(.tasks(ids.map { TaskTicket(id: $0, group: group) }), after: pause)
    }

    /// Lets a worker run `count` tasks of this length, one at a time.
    mutating func warmUp(worker: Int = 0, count: Int = 100, nanoseconds: UInt64) {
        for number in 0..<count {
            let id = 1_000_000 + number
            guard case .write(let task, let index)? = tasks([id]).first, task == id else {
                Issue.record("the task was not sent")
                return
            }
            send(.workerResult(index, task: id), after: nanoseconds)
            send(.acknowledged([id]))
        }
    }
}

extension [ManagerEffect] {
    /// The tasks sent to workers, as (task, worker).
    var writes: [[Int]] {
        compactMap { if case .write(let task, let worker) = $0 { [task, worker] } else { nil } }
    }
}
