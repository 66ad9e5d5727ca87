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
    /// Tasks the kernel has cancelled, so that none is tried again.
    private var cancelled: Set<Int> = []
    private var idOfTask: [Int: Int] = [:]
    private var sent: Set<Int> = []
    private var delivered: Set<Int> = []
    private let priorities: [Double]

    init(_ simulation: Simulation, acknowledges: Bool, priorities: [Double]) {
        self.simulation = simulation
        self.priorities = priorities
        state.acknowledges = acknowledges
        state.cancels = acknowledges
    }

    var outstandingCount: Int { state.outstandingCount + state.queuedCount }

    func submit(task: Int) throws {
        let id = nextID
        nextID += 1
        taskOfID[id] = task
        idOfTask[task] = id
        try handle(.submitted(id))
    }

    /// Cancels a task that was handed in and has not ended.
    func cancel(task: Int) throws {
        guard let id = idOfTask[task], ends[task] == nil, !delivered.contains(id) else { return }
        simulation.note("the client cancels task \(id)")
        cancelled.insert(task)
        try handle(.cancel(id))
    }

    func reconnected() throws { try handle(.reconnected) }

    func receive(_ message: SimulatedMessage) throws {
        switch message {
        case .result(let id, let end): try handle(.result(id, bytes: 100), end)
        case .missing(let ids, let token):
            guard token == self.token else { return }
            if !ids.isEmpty { simulation.note("missing: \(ids)") }
            try handle(.missing(ids))
        default: throw SimulationFailure("the interchange sent the client \(message)")
        }
    }

    private func handle(_ event: ClientState.Event, _ end: SimulatedEnd = .done) throws {
        var events = [event]
        while !events.isEmpty {
            var effects: [ClientState.Effect] = []
            for event in events { state.handle(event, at: simulation.time.now, into: &effects) }
            if let fault = state.checkInvariants() { throw SimulationFailure("client: \(fault)") }
            events = []
            for effect in effects { try perform(effect, end, &events) }
        }
        planTick()
    }

    private func perform(_ effect: ClientState.Effect, _ end: SimulatedEnd, _ events: inout [ClientState.Event]) throws
    {
        switch effect {
        case .encode(let id): events.append(.encoded(id, bytes: simulation.size(of: id)))
        case .send(let id):
            sent.insert(id)
            let task = taskOfID[id] ?? 0
            let priority = priorities[task % priorities.count]
            simulation.link.send(.task(id: id, priority: priority, size: simulation.size(of: id)), .tasks)
        case .deliver(let id): try deliver(id, end)
        case .endCancelled(let id, let place):
            simulation.note("client ends task \(id): \(place)")
            if place == .unsent, !sent.contains(id) { simulation.mayNotBegin(id) }
            try deliver(id, .cancelled)
        case .sendCancel(let id): simulation.link.send(.cancel([id]), .tasks)
        case .ignoreResult(let id): simulation.note("client ignores a second result of \(id)")
        case .acknowledge(let ids): simulation.link.send(.acknowledged(ids), .acknowledgements)
        case .resume(let ids):
            token += 1
            simulation.note("client resumes: \(ids)")
            simulation.link.send(.resume(ids, token: token), .commands)
        }
    }

    private func deliver(_ id: Int, _ end: SimulatedEnd) throws {
        guard let task = taskOfID[id], delivered.insert(id).inserted else {
            throw SimulationFailure("the client was given task \(id) twice, or never asked for it")
        }
        if end == .cancelled, !cancelled.contains(task) {
            throw SimulationFailure("task \(id) ends as cancelled, and nobody has cancelled it")
        }
        if end == .timedOut, simulation.walltime(of: id) == nil {
            throw SimulationFailure("task \(id) ends at a walltime that it does not have")
        }
        guard end == .lost, !cancelled.contains(task) else {
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
