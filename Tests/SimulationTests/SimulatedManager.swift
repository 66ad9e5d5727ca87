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
    }

    private enum Input {
        case event(ManagerEvent)
    }

    let name: String
    private unowned let simulation: Simulation
    private(set) var isAlive = true
    private var state: ManagerState
    private var workers: [Worker]
    private var results: [Int: Bool] = [:]
    private var inbox: [Input] = []
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

    init(_ simulation: Simulation, name: String, workers: Int, drainAfter: UInt64?, byteCapacity: Int) {
        self.simulation = simulation
        self.name = name
        self.byteCapacity = byteCapacity
        startTime = simulation.time.seconds
        state = ManagerState(settings: .init(workerCount: workers, drainAfter: drainAfter))
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
            for case .event(let event) in waiting { try take(event) }
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
        case .shutdown: try take(.shutdown)
        default: throw SimulationFailure("the interchange sent \(message)")
        }
    }

    var leftovers: String? {
        guard isAlive, !state.standing.isEmpty else { return nil }
        return "\(name) holds \(state.standing)"
    }

    // MARK: Events

    private func take(_ event: ManagerEvent) throws {
        guard isAlive else { return }
        if pausedSince != nil { inbox.append(.event(event)) } else { try handle(event) }
    }

    private func handle(_ event: ManagerEvent) throws {
        var effects: [ManagerEffect] = []
        state.handle(event, at: simulation.time.now, into: &effects)
        if let fault = state.checkInvariants().first { throw SimulationFailure("\(name): \(fault)") }
        for effect in effects { try perform(effect) }
    }

    private func planTick() {
        let now = simulation.time.now
        let delay: UInt64 = pausedSince == nil ? max(1000, state.nextDeadline(at: now) - now) : .milliseconds(20)
        simulation.time.schedule(after: delay) { [self] in
            guard isAlive else { return }
            if pausedSince == nil { try handle(.tick) }
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
        case .recall(let index): recall(index)
        case .forwardResult(let task): send(task, lost: false)
        case .reportLost(let task, let worker, _):
            simulation.note("\(name) reports task \(task) lost with worker \(worker)")
            simulation.lostIDs.insert(task)
            send(task, lost: true)
        case .resendResult(let task):
            guard let lost = results[task] else {
                throw SimulationFailure("\(name) sends a result of task \(task) again that it does not have")
            }
            link.send(.result(task, lost: lost), .managerToInterchange)
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

    private func send(_ task: Int, lost: Bool) {
        results[task] = lost
        link.send(.result(task, lost: lost), .managerToInterchange)
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
        try simulation.begins(task, at: name)
        let epoch = workers[index].epoch
        simulation.time.schedule(after: simulation.duration(of: task)) { [self] in
            guard isAlive, workers[index].epoch == epoch else { return }
            workers[index].queue.removeFirst()
            workers[index].isRunning = false
            try take(.workerResult(index, task: task))
            try runNext(index)
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

/// A model of Parsl's own pool, which neither registers again nor acknowledges anything.
final class SimulatedStockPool: SimulatedPeer {
    let name: String
    private unowned let simulation: Simulation
    private(set) var isAlive = true
    private let workerCount: Int
    private let startTime: Double
    private var queue: [Int] = []
    private var running = 0
    private var lastHeard: UInt64
    private(set) lazy var link: SimulatedLink = SimulatedLink(
        simulation, cameUp: {},
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

    init(_ simulation: Simulation, name: String, workers: Int) {
        self.simulation = simulation
        self.name = name
        workerCount = workers
        startTime = simulation.time.seconds
        lastHeard = simulation.time.now
    }

    func start() throws {
        try link.connect()
        link.send(
            .register(
                Registration(
                    parslVersion: "p", pythonVersion: "3.11.1", workerCount: workerCount, uid: name,
                    blockID: .text("1"), startTime: startTime, maxCapacity: workerCount + 1, hostname: "host")),
            .managerToInterchange)
        beat()
    }

    private func beat() {
        simulation.time.schedule(after: .seconds(30)) { [self] in
            guard isAlive else { return }
            if simulation.time.now - lastHeard > .seconds(120) { return try kill() }
            link.send(.heartbeat, .managerToInterchange)
            beat()
        }
    }

    func receive(_ message: SimulatedMessage) throws {
        guard isAlive else { return }
        lastHeard = simulation.time.now
        switch message {
        case .tasks(let ids):
            queue += ids
            try run()
        case .shutdown: try kill()
        default: break
        }
    }

    private func run() throws {
        while running < workerCount, !queue.isEmpty {
            let task = queue.removeFirst()
            running += 1
            try simulation.begins(task, at: name)
            simulation.time.schedule(after: simulation.duration(of: task)) { [self] in
                guard isAlive else { return }
                running -= 1
                link.send(.result(task, lost: false), .managerToInterchange)
                try run()
            }
        }
    }

    func kill() throws {
        guard isAlive else { return }
        simulation.note("\(name) dies")
        isAlive = false
        try link.cut(for: nil)
    }

    func pause(for length: UInt64) {}
    func killWorker() throws {}
    var leftovers: String? { nil }
}
