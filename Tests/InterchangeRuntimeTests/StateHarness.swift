import InterchangeRuntime
import Testing
import WireProtocol

/// Drives an interchange state: gives out handles, moves the clock, checks the invariants after every event, and sorts
/// what comes out.
struct StateHarness {
    /// What one event brought about.
    struct Outcome {
        struct Dispatch: Equatable {
            var manager: String
            var tasks: [Int]
            var retained: Bool
        }

        var dispatches: [Dispatch] = []
        var forwarded: [Int] = []
        var dropped: [DroppedResultReason] = []
        var duplicates: [Int] = []
        var failed: [Int] = []
        var lossReasons: [String] = []
        var released: [Int] = []
        /// Cancelled tasks that were answered for, and with which words.
        var answered: [Int] = []
        var answers: [String] = []
        /// What tasks were told that no manager can run.
        var unplaceable: [String] = []
        /// What managers were asked to stop.
        var asked: [String: [Int]] = [:]
        /// Cancelled tasks that were forgotten.
        var forgotten: [Int] = []
        var resent: [Int] = []
        var missing: [[Int]] = []
        var monitored = 0
        var heartbeats: [String] = []
        var acknowledged: [[Int]] = []
        var shutdowns: [String] = []
        var welcomes: [String] = []
        var refusals: [String] = []
        var checks: [String] = []
        var nodes: [NodeRecord] = []
        var notices: [ExecutorNotice] = []
        var mismatch: [String] = []
        var finishes = false
        var warnings: [String] = []
    }

    var state: InterchangeState
    var now: UInt64 = 1_000_000_000_000
    /// The task each handle stands for; nil when it is free.
    private(set) var tasks: [TaskHandle: Int] = [:]
    private var nextHandle = 0
    private var freeHandles: [TaskHandle] = []
    private var forwarding: Int?

    static let parsl = "2026.10.26"
    static let python = "3.11.7"

    init(
        selector: InterchangeStartMessage.ManagerSelectorKind = .random, monitors: Bool = false,
        checksVersions: Bool = true, seed: UInt64 = 1
    ) {
        state = InterchangeState(
            settings: InterchangeSettings(
                heartbeatThreshold: 120_000_000_000, selector: selector, checksVersions: checksVersions,
                parslVersion: Self.parsl, pythonVersion: Self.python, monitors: monitors, seed: seed))
    }

    /// Handles an event.
    @discardableResult
    mutating func handle(_ event: InterchangeEvent) throws -> Outcome {
        var effects = InterchangeEffects()
        state.handle(event, at: now, into: &effects)
        try state.checkInvariants()
        return sort(effects)
    }

    /// Handles an event and then hands out tasks.
    @discardableResult
    mutating func turn(_ events: InterchangeEvent...) throws -> Outcome {
        var effects = InterchangeEffects()
        for event in events {
            state.handle(event, at: now, into: &effects)
            try state.checkInvariants()
        }
        state.handle(.turnEnded, at: now, into: &effects)
        try state.checkInvariants()
        return sort(effects)
    }

    /// Moves the clock and looks at the timers.
    @discardableResult
    mutating func wait(seconds: Double) throws -> Outcome {
        now += UInt64(seconds * 1e9)
        return try turn(.tick)
    }

    /// Sends a task.
    @discardableResult
    mutating func submit(_ id: Int, priority: Double = .infinity, size: Int = 358) throws -> Outcome {
        let handle = freeHandles.popLast() ?? TaskHandle(nextHandle)
        nextHandle = max(nextHandle, handle.position + 1)
        tasks[handle] = id
        return try self.handle(.taskArrived(handle, id: id, priority: priority, size: size))
    }

    /// Sends a task that asks for more than a worker.
    @discardableResult
    mutating func submit(_ id: Int, priority: Double = .infinity, needs: TaskNeeds) throws -> Outcome {
        let handle = freeHandles.popLast() ?? TaskHandle(nextHandle)
        nextHandle = max(nextHandle, handle.position + 1)
        tasks[handle] = id
        return try self.handle(.demandingTaskArrived(handle, id: id, priority: priority, size: 358, needs))
    }

    mutating func submit(_ ids: ClosedRange<Int>, size: Int = 358) throws {
        for id in ids { try submit(id, size: size) }
    }

    /// A stock pool registers.
    @discardableResult
    mutating func registerStock(
        _ name: String, capacity: Int, workers: Int = 1, block: BlockLabel = .text("0"), startTime: Double = 1,
        descriptor: Int32? = nil, drainDelay: UInt64? = nil, parsl: String = parsl, python: String = python
    ) throws -> Outcome {
        let registration = Registration(
            parslVersion: parsl, pythonVersion: python, packages: [("parsl", parsl)], workerCount: workers, uid: name,
            blockID: block, startTime: startTime, prefetchCapacity: capacity - workers, maxCapacity: capacity,
            hostname: "host-\(name)")
        return try turn(
            .registration(
                ManagerIdentity(name),
                ManagerArrival(registration: registration, descriptor: descriptor, drainDelay: drainDelay)))
    }

    /// An Apus manager registers.
    @discardableResult
    mutating func registerApus(
        _ name: String, capacity: Int, workers: Int = 1, block: BlockLabel = .text("0"), startTime: Double = 1,
        descriptor: Int32? = nil, byteCapacity: Int = 64 << 20, held: [Int] = [], fingerprint: String = "f",
        rows: [String] = [], version: Int = WireExtensions.version, node: NodeCapacity? = nil
    ) throws -> Outcome {
        let registration = Registration(
            parslVersion: Self.parsl, pythonVersion: Self.python, workerCount: workers, uid: name, blockID: block,
            startTime: startTime, maxCapacity: capacity, hostname: "host-\(name)",
            apus: ApusManagerHello(
                version: version, fingerprint: fingerprint, rows: rows, byteCapacity: byteCapacity, held: held,
                capacity: node))
        return try turn(
            .registration(ManagerIdentity(name), ManagerArrival(registration: registration, descriptor: descriptor)))
    }

    /// A manager finishes a task.
    @discardableResult
    mutating func finish(_ id: Int, at manager: String, size: Int = 60) throws -> Outcome {
        forwarding = id
        return try turn(.result(ManagerIdentity(manager), taskID: id, size: size))
    }

    /// An Apus executor presents itself.
    @discardableResult
    mutating func hello(fingerprint: String = "f", rows: [String] = [], monitoring: Bool = false) throws -> Outcome {
        try turn(.hello(ExecutorHello(fingerprint: fingerprint, rows: rows, monitoring: monitoring)))
    }

    private mutating func free(_ handle: TaskHandle) -> Int {
        freeHandles.append(handle)
        return tasks.removeValue(forKey: handle) ?? -1
    }

    private mutating func sort(_ effects: InterchangeEffects) -> Outcome {
        var outcome = Outcome()
        for effect in effects.list {
            switch effect {
            case .dispatch(let manager, let range, let retained):
                outcome.dispatches.append(
                    Outcome.Dispatch(
                        manager: manager.description, tasks: effects.tasks[range].map { tasks[$0] ?? -1 },
                        retained: retained))
            case .forwardResult(let handle, let retained):
                outcome.forwarded.append(tasks[handle] ?? -1)
                if !retained { _ = free(handle) }
            case .dropResult(_, _, let reason): outcome.dropped.append(reason)
            case .dropTask(let handle, let id):
                _ = free(handle)
                outcome.duplicates.append(id)
            case .failTask(let handle, let id, let lost, let retained):
                if !retained { _ = free(handle) }
                outcome.failed.append(id)
                outcome.lossReasons.append(lost.reason)
            case .releaseResult(let handle): outcome.released.append(free(handle))
            case .answerCancelled(let id, let place):
                outcome.answered.append(id)
                outcome.answers.append(place.text)
            case .failUnplaceable(let handle, _, let text, let retained):
                if !retained { _ = free(handle) }
                outcome.unplaceable.append(text)
            case .cancelTasks(let manager, let ids): outcome.asked[manager.description, default: []] += ids
            case .releaseTask(let handle): outcome.forgotten.append(free(handle))
            case .resendResult(let handle): outcome.resent.append(tasks[handle] ?? -1)
            case .replyMissing(let ids): outcome.missing.append(ids)
            case .forwardMonitoring: outcome.monitored += 1
            case .heartbeat(let manager): outcome.heartbeats.append(manager.description)
            case .acknowledge(_, let ids): outcome.acknowledged.append(ids)
            case .shutdown(let manager): outcome.shutdowns.append(manager.description)
            case .welcome(let manager): outcome.welcomes.append(manager.description)
            case .refuse(_, let text): outcome.refusals.append(text)
            case .checkReachable(let manager): outcome.checks.append(manager.description)
            case .nodeInfo(let record): outcome.nodes.append(record)
            case .notice(let notice): outcome.notices.append(notice)
            case .versionMismatch(let here, let there): outcome.mismatch.append("\(here) | \(there)")
            case .finish: outcome.finishes = true
            case .log(let level, let text): if level >= .warning { outcome.warnings.append(text) }
            }
        }
        return outcome
    }
}
