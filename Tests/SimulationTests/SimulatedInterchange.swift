import InterchangeRuntime
import WireProtocol

/// The real state of an interchange, and a model of what it must have done.
final class SimulatedInterchange {
    enum Input {
        case client(SimulatedMessage)
        case manager(String, SimulatedMessage, descriptor: Int32)
        case closed(descriptor: Int32)
        case hold(String)
        case tick
    }

    private struct ManagerModel {
        var capacity = 0
        var workers = 1
        var byteCapacity = Int.max
        var isHeld = false
        var tasks: Set<Int> = []
        var bytes = 0
    }

    private struct Key: Comparable {
        var priority: Double
        var id: Int
        static func < (left: Key, right: Key) -> Bool { (left.priority, left.id) < (right.priority, right.id) }
    }

    private unowned let simulation: Simulation
    private(set) var state: InterchangeState
    private var inbox: [Input] = []
    private var pausedSince: UInt64?
    private var turnIsPlanned = false
    private var plannedTick = UInt64.max

    // The model.
    private var queued: [Int: Key] = [:]
    private var sizes: [Int: Int] = [:]
    private var models: [String: ManagerModel] = [:]
    private var handles: [TaskHandle: Int] = [:]
    private var withBytes: Set<TaskHandle> = []
    private var withResult: Set<TaskHandle> = []
    private var ended: Set<Int> = []
    /// Tasks whose cancellation has arrived: from then on none is sent to a manager.
    private var cancelled: Set<Int> = []
    /// Tasks whose executor was told that they are cancelled.
    private var answered: Set<Int> = []
    /// How the tasks ended whose results may be asked for again.
    private var kept: [Int: SimulatedEnd] = [:]
    private var nextHandle = 0
    private var freeHandles: [TaskHandle] = []
    private var currentToken = 0

    init(_ simulation: Simulation, seed: UInt64, selector: InterchangeStartMessage.ManagerSelectorKind) {
        self.simulation = simulation
        state = InterchangeState(
            settings: InterchangeSettings(
                selector: selector, parslVersion: "p", pythonVersion: "3.11.1", seed: seed))
    }

    // MARK: Time

    func pause(for length: UInt64) {
        guard pausedSince == nil else { return }
        simulation.note("interchange stops")
        pausedSince = simulation.time.now
        simulation.time.schedule(after: length) { [self] in
            simulation.note("interchange goes on")
            let slept = simulation.time.now - (pausedSince ?? 0)
            pausedSince = nil
            let waiting = inbox
            inbox = []
            for input in waiting { try process(input) }
            if slept > .seconds(2) { try handle(.wokeLate) }
            try process(.tick)
        }
    }

    func receive(_ input: Input) throws {
        guard pausedSince != nil else { return try process(input) }
        // Time that passed meanwhile is looked at once, when everything else was read.
        if case .tick = input { return }
        inbox.append(input)
    }

    private func planTurn() {
        guard !turnIsPlanned else { return }
        turnIsPlanned = true
        let delay = UInt64.random(in: 0...100_000, using: &simulation.generator)
        simulation.time.schedule(after: delay) { [self] in
            turnIsPlanned = false
            if pausedSince == nil { try handle(.turnEnded) }
        }
    }

    private func planTick() {
        guard let deadline = state.nextDeadline, deadline < plannedTick else { return }
        plannedTick = max(deadline, simulation.time.now)
        simulation.time.schedule(after: plannedTick - simulation.time.now) { [self] in
            plannedTick = .max
            try receive(.tick)
        }
    }

    private func process(_ input: Input) throws {
        switch input {
        case .client(let message): try fromClient(message)
        case .manager(let name, let message, let descriptor): try fromManager(name, message, descriptor)
        case .closed(let descriptor): try handle(.disconnected(descriptor: descriptor))
        case .hold(let name):
            // A manager that is not registered at this moment is not held (wire document §6).
            if state.managerSummaries(at: simulation.time.now).contains(where: { $0.manager == name }) {
                models[name]?.isHeld = true
            }
            try handle(.hold(ManagerIdentity(name)))
        case .tick: try handle(.tick)
        }
        planTurn()
    }

    // MARK: Events

    func hello(_ hello: ExecutorHello) throws { try handle(.hello(hello)) }

    private func fromClient(_ message: SimulatedMessage) throws {
        switch message {
        case .task(let id, let priority, let size):
            let handle = freeHandles.popLast() ?? TaskHandle(nextHandle)
            nextHandle = max(nextHandle, handle.position + 1)
            handles[handle] = id
            withBytes.insert(handle)
            if sizes[id] == nil {
                sizes[id] = size
                queued[id] = Key(priority: priority, id: id)
            }
            try self.handle(.taskArrived(handle, id: id, priority: priority, size: size))
        case .acknowledged(let ids):
            try handle(.acknowledged(ids))
        case .cancel(let ids):
            cancelled.formUnion(ids)
            try handle(.cancel(ids))
        case .resume(let outstanding, let token):
            currentToken = token
            try handle(.resume(outstanding: outstanding))
        default: throw SimulationFailure("the client sent \(message)")
        }
    }

    private func fromManager(_ name: String, _ message: SimulatedMessage, _ descriptor: Int32) throws {
        let identity = ManagerIdentity(name)
        if state.wantsDescriptors { try handle(.located(identity, descriptor: descriptor)) }
        switch message {
        case .register(let registration):
            var model = models[name] ?? ManagerModel()
            model.capacity = registration.maxCapacity
            model.workers = registration.workerCount
            model.byteCapacity = registration.apus?.byteCapacity ?? .max
            models[name] = model
            try handle(
                .registration(identity, ManagerArrival(registration: registration, descriptor: descriptor)))
        case .capacity(let capacity):
            models[name]?.capacity = capacity
            try handle(.capacity(identity, capacity))
        case .heartbeat: try handle(.heartbeat(identity))
        case .drain: try handle(.drainRequested(identity))
        case .result(let id, let end):
            try handle(.result(identity, taskID: id, size: 100), result: (name, id, end))
        default: throw SimulationFailure("manager \(name) sent \(message)")
        }
    }

    private func handle(_ event: InterchangeEvent, result: (manager: String, id: Int, end: SimulatedEnd)? = nil) throws
    {
        var events = [event]
        while !events.isEmpty {
            var effects = InterchangeEffects()
            for event in events {
                state.handle(event, at: simulation.time.now, into: &effects)
                try state.checkInvariants()
            }
            events = []
            for effect in effects.list { try perform(effect, effects, result, &events) }
        }
        try checkOrder()
        planTick()
    }

    // MARK: Effects

    private func perform(
        _ effect: InterchangeEffect, _ effects: InterchangeEffects,
        _ result: (manager: String, id: Int, end: SimulatedEnd)?, _ events: inout [InterchangeEvent]
    ) throws {
        switch effect {
        case .dispatch(let identity, let range, let retained):
            let tasks = Array(effects.tasks[range])
            let ids = try checkDispatch(tasks, to: identity.description, retained: retained)
            send(.tasks(ids), to: identity, &events)
        case .forwardResult(let handle, let retained):
            guard let result, let id = handles[handle], id == result.id else {
                throw SimulationFailure("a result is forwarded that is not at hand")
            }
            try end(id, handle, at: result.manager, retained: retained)
            guard !answered.contains(id) else { throw SimulationFailure("task \(id) is answered for, and forwarded") }
            kept[id] = result.end
            simulation.link.send(.result(id, result.end), .results)
        case .failTask(let handle, let id, let lost, let retained):
            simulation.note("task \(id) is lost with \(lost.identity): \(lost.reason)")
            try end(id, handle, at: lost.identity.description, retained: retained)
            kept[id] = .lost
            simulation.link.send(.result(id, .lost), .results)
        case .failUnplaceable(_, let id, _, _):
            throw SimulationFailure("task \(id), which asks for nothing, has no place")
        case .answerCancelled(let id, let place):
            simulation.note("interchange answers for task \(id): \(place)")
            if case .queued = place {
                guard queued.removeValue(forKey: id) != nil else {
                    throw SimulationFailure("task \(id) is answered for as queued, and is not")
                }
                simulation.mayNotBegin(id)
            }
            answered.insert(id)
            simulation.link.send(.result(id, .cancelled), .results)
        case .cancelTasks(let identity, let ids):
            simulation.note("manager \(identity) is asked to stop \(ids)")
            send(.cancel(ids), to: identity, &events)
        case .releaseTask(let handle):
            guard let id = handles[handle] else { throw SimulationFailure("a task is released that is not there") }
            for name in models.keys where models[name]?.tasks.remove(id) != nil {
                models[name]?.bytes -= sizes[id] ?? 0
            }
            guard ended.insert(id).inserted else { throw SimulationFailure("task \(id) ended twice") }
            try release(handle)
        case .dropTask(let handle, let id):
            simulation.note("task \(id) came twice")
            try release(handle)
        case .releaseResult(let handle):
            guard withResult.remove(handle) != nil else { throw SimulationFailure("a result is released twice") }
            try release(handle)
        case .resendResult(let handle):
            guard withResult.contains(handle), let id = handles[handle] else {
                throw SimulationFailure("a result is sent again that is not kept")
            }
            simulation.link.send(.result(id, kept[id] ?? .done), .results)
        case .replyMissing(let ids):
            for id in ids {
                // The client will send it again, so it counts as never seen.
                sizes[id] = nil
                queued[id] = nil
            }
            simulation.link.send(.missing(ids, token: currentToken), .replies)
        case .heartbeat(let identity): send(.heartbeat, to: identity, &events)
        case .acknowledge(let identity, let ids): send(.acknowledged(ids), to: identity, &events)
        case .shutdown(let identity): send(.shutdown, to: identity, &events)
        case .welcome(let identity): send(.welcome, to: identity, &events)
        case .refuse(let identity, let text): send(.refused(text), to: identity, &events)
        case .checkReachable(let identity):
            if send(.heartbeat, to: identity, &events) { events.append(.reachable(identity)) }
        case .log(_, let text): simulation.note("interchange: \(text)")
        case .dropResult(let identity, let id, let reason):
            simulation.note("result \(id) of \(identity) dropped: \(reason)")
        case .forwardMonitoring, .nodeInfo, .notice: break
        case .versionMismatch, .finish: throw SimulationFailure("the interchange wants to end")
        }
    }

    @discardableResult
    private func send(
        _ message: SimulatedMessage, to identity: ManagerIdentity, _ events: inout [InterchangeEvent]
    ) -> Bool {
        if simulation.peer(identity.description)?.link.sendRouted(message) == true { return true }
        events.append(.unreachable(identity))
        return false
    }

    // MARK: The model

    private func checkDispatch(_ tasks: [TaskHandle], to name: String, retained: Bool) throws -> [Int] {
        guard var model = models[name] else { throw SimulationFailure("tasks for \(name), which never registered") }
        var ids: [Int] = []
        var last: Key?
        for handle in tasks {
            guard let id = handles[handle], withBytes.contains(handle) else {
                throw SimulationFailure("a task for \(name) has no bytes")
            }
            ids.append(id)
            guard !cancelled.contains(id) else {
                throw SimulationFailure("task \(id) is sent to \(name) and was cancelled")
            }
            if !retained { withBytes.remove(handle) }
            guard let key = queued.removeValue(forKey: id) else {
                guard retained, model.tasks.contains(id) else {
                    throw SimulationFailure("task \(id) is sent again to \(name), which was never given it")
                }
                continue
            }
            if model.isHeld { throw SimulationFailure("held manager \(name) is given task \(id)") }
            let size = sizes[id] ?? 0
            guard model.tasks.count < model.workers || model.bytes + size <= model.byteCapacity else {
                throw SimulationFailure("task \(id) does not fit into the bytes of \(name)")
            }
            model.tasks.insert(id)
            model.bytes += size
            guard model.tasks.count <= model.capacity else {
                throw SimulationFailure("\(name) is given \(model.tasks.count) tasks and takes \(model.capacity)")
            }
            last = max(last ?? key, key)
        }
        models[name] = model
        dispatchedLast = [dispatchedLast, last].compactMap { $0 }.max()
        return ids
    }

    /// The highest key handed out in this turn: all that is left must be higher.
    private var dispatchedLast: Key?

    private func checkOrder() throws {
        defer { dispatchedLast = nil }
        guard let dispatchedLast, let first = queued.values.min() else { return }
        guard dispatchedLast < first else {
            throw SimulationFailure("task \(dispatchedLast.id) was handed out before task \(first.id)")
        }
    }

    private func end(_ id: Int, _ handle: TaskHandle, at name: String, retained: Bool) throws {
        guard models[name]?.tasks.remove(id) != nil else {
            throw SimulationFailure("task \(id) ended at \(name), which does not have it")
        }
        models[name]?.bytes -= sizes[id] ?? 0
        guard ended.insert(id).inserted else { throw SimulationFailure("task \(id) ended twice") }
        withBytes.remove(handle)
        if retained { withResult.insert(handle) } else { try release(handle) }
    }

    private func release(_ handle: TaskHandle) throws {
        guard handles.removeValue(forKey: handle) != nil else { throw SimulationFailure("a handle is released twice") }
        withBytes.remove(handle)
        freeHandles.append(handle)
    }

    /// What is left over, in words; nil when nothing is.
    var leftovers: String? {
        if state.queuedCount > 0 { return "\(state.queuedCount) tasks are queued" }
        if !handles.isEmpty { return "\(handles.count) handles are in use" }
        let busy = models.filter { !$0.value.tasks.isEmpty }
        if let (name, model) = busy.first { return "tasks \(model.tasks) are in flight at \(name)" }
        return nil
    }
}
