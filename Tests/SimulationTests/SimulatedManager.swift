import InterchangeRuntime
import ManagerRuntime
import WireProtocol

/// A process that takes tasks: a manager with the real state, or a model of a stock pool.
protocol SimulatedPeer: AnyObject {
    var name: String { get }
    var link: SimulatedLink { get }
    var isAlive: Bool { get }
    /// What it still holds, in words; nil when nothing.
    var leftovers: String? { get }

    func start() throws
    func receive(_ message: SimulatedMessage) throws
    func kill() throws
    func pause(for length: UInt64)
    func killWorker() throws
}

/// A manager with the real state; its workers are a model.
final class SimulatedManager: SimulatedPeer {
    private struct Worker {
        var epoch = 0
        /// Whether there is a process: what is written to a dead one is lost with it.
        var isAlive = false
        var queue: [Int] = []
        var isRunning = false
        /// Counts what begins, so that what was planned for one task does not meet the next.
        var run = 0
        /// Whether the task that runs was asked to stop, and why.
        var stop: SimulatedEnd?
    }

    private struct Input {
        var event: ManagerEvent
        var end: SimulatedEnd
    }

    let name: String
    private unowned let simulation: Simulation
    private(set) var isAlive = true
    private var state: ManagerState
    private var workers: [Worker]
    private var results: [Int: SimulatedEnd] = [:]
    private var inbox: [Input] = []
    /// How the task ended whose result is being handled.
    private var currentEnd = SimulatedEnd.done
    private var pausedSince: UInt64?
    private var connections = 0
    private let startTime: Double
    private let byteCapacity: Int
    private(set) lazy var link: SimulatedLink = SimulatedLink(
        simulation,
        cameUp: { [unowned self] in
            connections += 1
            try take(connections == 1 ? .reachable : .reconnected)
        },
        wentDown: { [unowned self] in
            try simulation.interchange.receive(.closed(descriptor: link.descriptor))
        },
        deliver: { [unowned self] lane, message in
            if lane == .managerToInterchange {
                try simulation.interchange.receive(.manager(name, message, descriptor: link.descriptor))
            } else {
                try receive(message)
            }
        })

    init(
        _ simulation: Simulation, name: String, workers: Int, drainAfter: UInt64?, byteCapacity: Int,
        cancelGrace: UInt64
    ) {
        self.simulation = simulation
        self.name = name
        self.byteCapacity = byteCapacity
        startTime = simulation.time.seconds
        state = ManagerState(settings: .init(workerCount: workers, drainAfter: drainAfter, cancelGrace: cancelGrace))
        self.workers = Array(repeating: Worker(), count: workers)
    }

    func start() throws {
        try handle(.begin)
        try link.connect()
        planTick()
    }

    func kill() throws {
        guard isAlive else { return }
        simulation.note("\(name) dies")
        isAlive = false
        try link.cut(for: nil)
    }

    func pause(for length: UInt64) {
        guard isAlive, pausedSince == nil else { return }
        simulation.note("\(name) stops")
        pausedSince = simulation.time.now
        simulation.time.schedule(after: length) { [self] in
            guard isAlive else { return }
            simulation.note("\(name) goes on")
            pausedSince = nil
            let waiting = inbox
            inbox = []
            for input in waiting { try take(input.event, as: input.end) }
            try take(.tick)
        }
    }

    func killWorker() throws {
        let index = Int.random(in: workers.indices, using: &simulation.generator)
        try endWorker(index)
    }

    func receive(_ message: SimulatedMessage) throws {
        switch message {
        case .tasks(let ids): try take(.tasks(ids.map { TaskTicket(id: $0) }))
        case .heartbeat: try take(.heartbeat)
        case .welcome: try take(.welcome)
        case .refused(let text): try take(.refused(text))
        case .acknowledged(let ids): try take(.acknowledged(ids))
        case .cancel(let ids): try take(.cancel(ids))
        case .shutdown: try take(.shutdown)
        default: throw SimulationFailure("the interchange sent \(message)")
        }
    }

    var leftovers: String? {
        guard isAlive, !state.standing.isEmpty else { return nil }
        return "\(name) holds \(state.standing)"
    }

    // MARK: Events

    private func take(_ event: ManagerEvent, as end: SimulatedEnd = .done) throws {
        guard isAlive else { return }
        guard pausedSince == nil else { return inbox.append(Input(event: event, end: end)) }
        currentEnd = end
        try handle(event)
    }

    private func handle(_ event: ManagerEvent) throws {
        var effects: [ManagerEffect] = []
        state.handle(event, at: simulation.time.now, into: &effects)
        if let fault = state.checkInvariants().first { throw SimulationFailure("\(name): \(fault)") }
        for effect in effects { try perform(effect) }
    }

    private func planTick() {
        let now = simulation.time.now
        let delay: UInt64 = pausedSince == nil ? state.nextDeadline(at: now) - now : .milliseconds(20)
        simulation.time.schedule(after: delay) { [self] in
            guard isAlive else { return }
            if pausedSince == nil {
                try handle(.tick)
                let now = simulation.time.now
                if isAlive, state.nextDeadline(at: now) <= now {
                    throw SimulationFailure("\(name): something is still due after a tick")
                }
            }
            if isAlive { planTick() }
        }
    }

    private func perform(_ effect: ManagerEffect) throws {
        switch effect {
        case .startWorker(let index): startWorker(index)
        case .killWorker(let index): try endWorker(index)
        case .write(let task, let index):
            guard workers[index].isAlive else { return }
            workers[index].queue.append(task)
            try runNext(index)
        case .writePlaced(let task, _, _):
            throw SimulationFailure("task \(task), which asks for nothing, is placed")
        case .recall(let index): recall(index)
        case .cancelRunning(let task, let index): askToStop(task, index)
        case .forwardResult(let task): send(task, currentEnd)
        case .reportUnfinished(let task, _):
            simulation.note("\(name) gives up task \(task)")
            send(task, .lost)
        case .reportStopped(let task, let how):
            simulation.note("\(name) reports task \(task) as stopped: \(how)")
            if case .timedOut = how { send(task, .timedOut) } else { send(task, .cancelled) }
        case .reportLost(let task, let worker, _):
            simulation.note("\(name) reports task \(task) lost with worker \(worker)")
            send(task, .lost)
        case .resendResult(let task):
            guard let end = results[task] else {
                throw SimulationFailure("\(name) sends a result of task \(task) again that it does not have")
            }
            link.send(.result(task, end), .managerToInterchange)
        case .releaseResults(let ids): for id in ids { results[id] = nil }
        case .register(let held, let capacity):
            simulation.note("\(name) registers: holds \(held), takes \(capacity)")
            link.send(.register(registration(held, capacity)), .managerToInterchange)
        case .announce(let capacity): link.send(.capacity(capacity), .managerToInterchange)
        case .sendHeartbeat: link.send(.heartbeat, .managerToInterchange)
        case .sendDrain: link.send(.drain, .managerToInterchange)
        case .log(let text): simulation.note("\(name): \(text)")
        case .finish(let ending):
            simulation.note("\(name) ends: \(ending)")
            try kill()
        }
    }

    private func send(_ task: Int, _ end: SimulatedEnd) {
        results[task] = end
        link.send(.result(task, end), .managerToInterchange)
    }

    private func registration(_ held: [Int], _ capacity: Int) -> Registration {
        Registration(
            parslVersion: "p", pythonVersion: "3.11.1", workerCount: workers.count, uid: name, blockID: .text("0"),
            startTime: startTime, maxCapacity: capacity, hostname: "host",
            apus: ApusManagerHello(fingerprint: "", byteCapacity: byteCapacity, held: held))
    }

    // MARK: Workers

    private func startWorker(_ index: Int) {
        workers[index].epoch += 1
        workers[index].isAlive = true
        let epoch = workers[index].epoch
        simulation.note("\(name) starts worker \(index)")
        simulation.time.schedule(after: .milliseconds(simulation.random(5...300))) { [self] in
            guard isAlive, workers[index].epoch == epoch else { return }
            simulation.note("\(name): worker \(index) is ready")
            try take(.workerReady(index))
        }
    }

    private func endWorker(_ index: Int) throws {
        guard workers[index].isAlive else { return }
        simulation.note("\(name): worker \(index) dies")
        workers[index].epoch += 1
        workers[index].isAlive = false
        workers[index].queue = []
        workers[index].isRunning = false
        try take(.workerEnded(index, "signal 9"))
    }

    private func runNext(_ index: Int) throws {
        guard !workers[index].isRunning, let task = workers[index].queue.first else { return }
        workers[index].isRunning = true
        workers[index].run += 1
        workers[index].stop = nil
        try simulation.begins(task, at: name)
        let moment = Moment(epoch: workers[index].epoch, run: workers[index].run)
        let duration = simulation.duration(of: task)
        simulation.time.schedule(after: duration) { [self] in
            // One that was asked to stop and does not listen goes on for ever.
            guard isOn(moment, index), workers[index].stop == nil || !simulation.isDeaf(task) else { return }
            try endTask(index)
        }
        guard let limit = simulation.walltime(of: task) else { return }
        simulation.time.schedule(after: limit) { [self] in
            guard isOn(moment, index), workers[index].stop == nil else { return }
            workers[index].stop = .timedOut
            let seconds = Double(limit) / 1e9
            try take(.workerOverdue(index, task: task, limit: seconds, elapsed: seconds))
            listen(moment, index)
        }
    }

    private struct Moment {
        var epoch: Int
        var run: Int
    }

    private func isOn(_ moment: Moment, _ index: Int) -> Bool {
        isAlive && workers[index].epoch == moment.epoch && workers[index].isRunning && workers[index].run == moment.run
    }

    private func endTask(_ index: Int) throws {
        let task = workers[index].queue.removeFirst()
        workers[index].isRunning = false
        try take(.workerResult(index, task: task), as: workers[index].stop ?? .done)
        try runNext(index)
    }

    private func askToStop(_ task: Int, _ index: Int) {
        let epoch = workers[index].epoch
        simulation.time.schedule(after: .milliseconds(simulation.random(0.01...1))) { [self] in
            guard isAlive, workers[index].epoch == epoch, workers[index].isRunning, workers[index].queue.first == task,
                workers[index].stop == nil
            else { return }
            workers[index].stop = .cancelled
            listen(Moment(epoch: epoch, run: workers[index].run), index)
        }
    }

    /// A body that was asked to stop does so after a moment, if it listens.
    private func listen(_ moment: Moment, _ index: Int) {
        guard let task = workers[index].queue.first, !simulation.isDeaf(task) else { return }
        simulation.time.schedule(after: .milliseconds(simulation.random(0.01...20))) { [self] in
            if isOn(moment, index) { try endTask(index) }
        }
    }

    private func recall(_ index: Int) {
        let epoch = workers[index].epoch
        simulation.time.schedule(after: .milliseconds(simulation.random(0.01...1))) { [self] in
            guard isAlive, workers[index].epoch == epoch, workers[index].queue.count > 1 else { return }
            let returned = Array(workers[index].queue.dropFirst())
            workers[index].queue.removeLast(returned.count)
            try take(.workerReturned(index, tasks: returned))
        }
    }
}
