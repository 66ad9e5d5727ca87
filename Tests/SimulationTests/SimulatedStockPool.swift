import InterchangeRuntime
import WireProtocol

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
                link.send(.result(task, .done), .managerToInterchange)
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
