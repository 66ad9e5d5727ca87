import InterchangeRuntime
import WireProtocol

/// How a task ended.
enum SimulatedEnd {
    case done, lost, cancelled, timedOut
}

/// What passes between the processes, without the bytes.
enum SimulatedMessage {
    case tasks([Int])
    case result(Int, SimulatedEnd)
    case cancel([Int])
    case register(Registration)
    case capacity(Int)
    case heartbeat
    case drain
    case acknowledged([Int])
    case welcome
    case refused(String)
    case shutdown
    case task(id: Int, priority: Double, size: Int)
    case resume([Int], token: Int)
    case missing([Int], token: Int)
}

/// One TCP connection with ZeroMQ on both ends: messages keep their order, and are lost only when it breaks.
final class SimulatedLink {
    /// One direction of one socket.
    enum Lane: Int, CaseIterable {
        case managerToInterchange, interchangeToManager
        case tasks, results, acknowledgements, commands, replies
    }

    private final class Flight {
        let message: SimulatedMessage
        let arrival: UInt64
        var isLost = false

        init(_ message: SimulatedMessage, _ arrival: UInt64) {
            self.message = message
            self.arrival = arrival
        }
    }

    private struct LaneState {
        var flights: [Flight] = []
        /// Sent while the connection was down: some of it will be sent later (libzmq keeps a queue for whom it dials).
        var waiting: [SimulatedMessage] = []
        var lastArrival: UInt64 = 0
    }

    private unowned let simulation: Simulation
    private var lanes = [LaneState](repeating: LaneState(), count: Lane.allCases.count)
    private let deliver: (Lane, SimulatedMessage) throws -> Void
    private let cameUp: () throws -> Void
    private let wentDown: () throws -> Void
    private(set) var isUp = false
    private var isClosed = false
    /// The interchange's descriptor of the connection; numbers are used again as the kernel does.
    private(set) var descriptor: Int32 = -1

    init(
        _ simulation: Simulation, cameUp: @escaping () throws -> Void, wentDown: @escaping () throws -> Void,
        deliver: @escaping (Lane, SimulatedMessage) throws -> Void
    ) {
        self.simulation = simulation
        self.deliver = deliver
        self.cameUp = cameUp
        self.wentDown = wentDown
    }

    func connect() throws {
        guard !isUp, !isClosed else { return }
        isUp = true
        descriptor = simulation.takeDescriptor()
        for lane in lanes.indices where !lanes[lane].waiting.isEmpty {
            // What was queued before libzmq took up the new connection is dropped.
            let dropped = Int.random(in: 0...lanes[lane].waiting.count, using: &simulation.generator)
            let kept = lanes[lane].waiting.dropFirst(dropped)
            lanes[lane].waiting = []
            for message in kept { fly(message, lane) }
        }
        try cameUp()
    }

    /// Breaks the connection, and makes it again later unless `downTime` is nil.
    func cut(for downTime: UInt64?) throws {
        if downTime == nil { isClosed = true }
        guard isUp else { return }
        isUp = false
        simulation.giveBack(descriptor)
        for lane in lanes.indices {
            let count = lanes[lane].flights.count
            let arriving = Int.random(in: 0...count, using: &simulation.generator)
            for flight in lanes[lane].flights[arriving...] { flight.isLost = true }
            lanes[lane].lastArrival = arriving > 0 ? lanes[lane].flights[arriving - 1].arrival : 0
        }
        try wentDown()
        guard let downTime else { return }
        simulation.time.schedule(after: downTime) { [self] in try connect() }
    }

    /// Sends on a socket that dials or waits for its peer: what is sent while the connection is down may be lost.
    func send(_ message: SimulatedMessage, _ lane: Lane) {
        guard !isClosed else { return }
        if isUp { fly(message, lane.rawValue) } else { lanes[lane.rawValue].waiting.append(message) }
    }

    /// Sends at a ROUTER that must deliver; false when the peer is not connected.
    func sendRouted(_ message: SimulatedMessage) -> Bool {
        guard isUp else { return false }
        fly(message, Lane.interchangeToManager.rawValue)
        return true
    }

    private func fly(_ message: SimulatedMessage, _ lane: Int) {
        let arrival = max(lanes[lane].lastArrival, simulation.time.now + simulation.networkDelay())
        lanes[lane].lastArrival = arrival
        let flight = Flight(message, arrival)
        lanes[lane].flights.append(flight)
        simulation.time.schedule(after: arrival - simulation.time.now) { [self] in
            lanes[lane].flights.removeAll { $0 === flight }
            guard !flight.isLost, let lane = Lane(rawValue: lane) else { return }
            try deliver(lane, flight.message)
        }
    }
}
