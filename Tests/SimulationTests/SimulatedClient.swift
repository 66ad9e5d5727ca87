import HighThroughput
import InterchangeRuntime

/// The real state of an interchange's client, and a kernel above it that tries lost tasks again under a new number.
final class SimulatedClient {
    private unowned let simulation: Simulation
    private var state = ClientState(limits: .init(unfinishedBytes: 100_000))
    private var taskOfID: [Int: Int] = [:]
    private var nextID = 1
    private var token = 0
    private var plannedTick = UInt64.max
    private(set) var ends: [Int: Int] = [:]
    private var delivered: Set<Int> = []
    private let priorities: [Double]

    init(_ simulation: Simulation, acknowledges: Bool, priorities: [Double]) {
        self.simulation = simulation
        self.priorities = priorities
        state.acknowledges = acknowledges
    }

    var outstandingCount: Int { state.outstandingCount + state.queuedCount }

    func submit(task: Int) throws {
        let id = nextID
        nextID += 1
        taskOfID[id] = task
        try handle(.submitted(id))
    }

    func reconnected() throws { try handle(.reconnected) }

    func receive(_ message: SimulatedMessage) throws {
        switch message {
        case .result(let id, let lost): try handle(.result(id, bytes: 100), lost: lost)
        case .missing(let ids, let token):
            guard token == self.token else { return }
            if !ids.isEmpty { simulation.note("missing: \(ids)") }
            try handle(.missing(ids))
        default: throw SimulationFailure("the interchange sent the client \(message)")
        }
    }

    private func handle(_ event: ClientState.Event, lost: Bool = false) throws {
        var events = [event]
        while !events.isEmpty {
            var effects: [ClientState.Effect] = []
            for event in events { state.handle(event, at: simulation.time.now, into: &effects) }
            if let fault = state.checkInvariants() { throw SimulationFailure("client: \(fault)") }
            events = []
            for effect in effects { try perform(effect, lost, &events) }
        }
        planTick()
    }

    private func perform(_ effect: ClientState.Effect, _ lost: Bool, _ events: inout [ClientState.Event]) throws {
        switch effect {
        case .encode(let id): events.append(.encoded(id, bytes: simulation.size(of: id)))
        case .send(let id):
            let task = taskOfID[id] ?? 0
            let priority = priorities[task % priorities.count]
            simulation.link.send(.task(id: id, priority: priority, size: simulation.size(of: id)), .tasks)
        case .deliver(let id): try deliver(id, lost)
        case .ignoreResult(let id): simulation.note("client ignores a second result of \(id)")
        case .acknowledge(let ids): simulation.link.send(.acknowledged(ids), .acknowledgements)
        case .resume(let ids):
            token += 1
            simulation.note("client resumes: \(ids)")
            simulation.link.send(.resume(ids, token: token), .commands)
        }
    }

    private func deliver(_ id: Int, _ lost: Bool) throws {
        guard let task = taskOfID[id], delivered.insert(id).inserted else {
            throw SimulationFailure("the client was given task \(id) twice, or never asked for it")
        }
        guard lost else {
            ends[task, default: 0] += 1
            return
        }
        // A retry: a new try under a new number.
        simulation.time.schedule(after: .milliseconds(10)) { [self] in try submit(task: task) }
    }

    private func planTick() {
        guard let deadline = state.nextDeadline, deadline < plannedTick else { return }
        let now = simulation.time.now
        plannedTick = max(deadline, now)
        simulation.time.schedule(after: plannedTick - now) { [self] in
            plannedTick = .max
            try handle(.tick)
        }
    }
}
