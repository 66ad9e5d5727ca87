import InterchangeRuntime
import WireProtocol

// Managers: how they come, beat, break and end.

extension FleetSimulation {
    /// Another manager registers, as its message says.
    func join() throws {
        let number = managers.count
        let digits = String(number)
        let name = "m" + String(repeating: "0", count: 11 - digits.count) + digits
        managers.append(Manager(identity: ManagerIdentity(name), descriptor: nextDescriptor))
        nextDescriptor += 1
        living.append(number)
        freePlaces += settings.workers
        try register(number, holding: [])
    }

    private func register(_ number: Int, holding ids: [Int]) throws {
        var message = registration
        message.uid = managers[number].identity.description
        message.apus?.held = ids
        let bytes = message.encode()
        guard case .registration(let parsed) = try bytes.withUnsafeBytes({ try ManagerMessage.parse($0) }) else {
            throw FleetFailure("a registration was read as something else")
        }
        report.registrations += 1
        let arrival = ManagerArrival(registration: parsed, descriptor: managers[number].descriptor)
        try one(.registration(managers[number].identity, arrival))
    }

    /// The heartbeats of this turn.
    func beat() throws {
        let period = Self.heartbeatTurns
        let share = turn % period
        let first = share * living.count / period
        let end = (share + 1) * living.count / period
        guard end > first else { return }
        if settings.checksEveryEvent {
            for index in first..<end where isThere(living[index]) {
                try one(.heartbeat(managers[living[index]].identity))
            }
        } else {
            timed(\.liveness) {
                for index in first..<end where isThere(living[index]) {
                    state.handle(.heartbeat(managers[living[index]].identity), at: now, into: &effects)
                }
            }
            try perform()
        }
        report.heartbeats += end - first
    }

    private func isThere(_ number: Int) -> Bool { managers[number].isAlive && managers[number].awayUntil <= turn }

    func runTimers() throws {
        guard let deadline = state.nextDeadline, deadline <= now else { return }
        try one(.tick)
        let numbers = asked
        asked = []
        for number in numbers {
            let event: InterchangeEvent =
                isThere(number)
                ? .reachable(managers[number].identity) : .unreachable(managers[number].identity)
            if managers[number].isSuspect, isThere(number) { trust(number) }
            try one(event)
        }
    }

    // MARK: Breaks

    /// A manager ends, and all its tasks with it.
    func kill(_ number: Int) throws {
        managers[number].isAlive = false
        if managers[number].awayUntil > turn { awayCount -= 1 }
        living.removeAll { $0 == number }
        try disconnect(number)
    }

    private func disconnect(_ number: Int) throws {
        if !managers[number].isSuspect {
            managers[number].isSuspect = true
            freePlaces -= settings.workers - managers[number].inFlight
        }
        try one(.disconnected(descriptor: managers[number].descriptor))
    }

    private func trust(_ number: Int) {
        managers[number].isSuspect = false
        freePlaces += settings.workers - managers[number].inFlight
    }

    /// All connections break at once.
    func storm() throws {
        for number in living {
            if managers[number].awayUntil <= turn { awayCount += 1 }
            managers[number].awayUntil = turn + Int.random(in: 1...Self.stormTurns, using: &generator)
            try disconnect(number)
            // A connection of a probe, or of anybody else who found the port, ends as well.
            nextDescriptor += 1
            try one(.disconnected(descriptor: nextDescriptor))
        }
        held = [:]
        for place in ring {
            for entry in place where managers[Int(entry.manager)].awayUntil > turn {
                held[Int(entry.manager), default: []].append(Int(entry.id))
            }
        }
    }

    /// Those whose time it is register again, with the tasks they have.
    func comeBack() throws {
        guard awayCount > 0 else { return }
        for number in living where managers[number].awayUntil == turn { try comeBack(number) }
    }

    private func comeBack(_ number: Int) throws {
        managers[number].awayUntil = 0
        awayCount -= 1
        managers[number].descriptor = nextDescriptor
        nextDescriptor += 1
        if managers[number].isSuspect { trust(number) }
        try register(number, holding: held.removeValue(forKey: number) ?? [])
    }
}
