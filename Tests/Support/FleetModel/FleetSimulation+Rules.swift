import InterchangeRuntime

// Doing what the state says, and what must be so.

extension FleetSimulation {
    func perform() throws {
        for effect in effects.list {
            switch effect {
            case .dispatch(let identity, let range, _):
                try dispatch(effects.tasks[range], to: number(of: identity))
            case .forwardResult(let handle, let retained):
                let id = Int(tasks[handle.position])
                try end(id, .inFlight)
                guard retained else { throw FleetFailure("the result of task \(id) is not kept") }
                report.finished += 1
                toFinish -= 1
                unacknowledged.append(id)
            case .failTask(let handle, let id, _, _):
                guard Int(tasks[handle.position]) == id else {
                    throw FleetFailure("task \(id) is lost under the handle of \(tasks[handle.position])")
                }
                try end(id, .inFlight)
                report.lost += 1
                inFlight -= 1
                // The kernel sends it again under a number of its own.
                toSend += 1
                unacknowledged.append(id)
            case .releaseResult(let handle):
                let id = Int(tasks[handle.position])
                guard id > 0, standings[id] == .ended else { throw FleetFailure("the handle of task \(id) is free") }
                tasks[handle.position] = 0
                freeHandles.append(Int32(handle.position))
            case .checkReachable(let identity):
                asked.append(number(of: identity))
            case .dropResult(let identity, let id, let reason):
                throw FleetFailure("the result of task \(id) from \(identity) was dropped: \(reason)")
            case .dropTask(_, let id), .answerCancelled(let id, _), .failUnplaceable(_, let id, _, _):
                throw FleetFailure("task \(id) was refused")
            case .refuse(let identity, let text):
                throw FleetFailure("manager \(identity) was refused: \(text)")
            case .shutdown(let identity):
                throw FleetFailure("manager \(identity) was told to end")
            case .releaseTask, .cancelTasks, .resendResult, .replyMissing, .forwardMonitoring, .nodeInfo,
                .versionMismatch, .finish:
                throw FleetFailure("nobody asked for \(effect)")
            case .heartbeat, .acknowledge, .welcome, .notice, .log:
                continue
            }
        }
        effects.removeAll()
        if turn % 64 == 0 { report.residentAtMost = max(report.residentAtMost, Self.residentBytes) }
    }

    private func dispatch(_ handles: ArraySlice<TaskHandle>, to number: Int) throws {
        for handle in handles {
            let id = Int(tasks[handle.position])
            guard id > 0, standings[id] == .queued else { throw FleetFailure("task \(id) was sent and did not wait") }
            standings[id] = .inFlight
            given.count += 1
            given.sum += id
            given.least = min(given.least, id)
            given.greatest = max(given.greatest, id)
            let turns = Int.random(in: 1...(2 * meanTurns), using: &generator)
            ring[(turn + turns) % ring.count].append(
                Due(id: Int32(id), handle: Int32(handle.position), manager: Int32(number)))
        }
        if settings.checksEveryEvent { givenTo.insert(number) }
        managers[number].inFlight += handles.count
        inFlight += handles.count
        freePlaces -= handles.count
        guard managers[number].isAlive, !managers[number].isSuspect else {
            throw FleetFailure("\(handles.count) tasks were sent to manager \(number), which is gone")
        }
        guard managers[number].inFlight <= settings.workers else {
            throw FleetFailure(
                "manager \(number) has \(managers[number].inFlight) tasks for \(settings.workers) workers")
        }
    }

    private func end(_ id: Int, _ expected: Standing) throws {
        guard id > 0, standings[id] == expected else {
            throw FleetFailure("task \(id) ended and was \(id > 0 ? standings[id] : .unsent)")
        }
        standings[id] = .ended
    }

    /// The number in a manager's name, without making a text of it.
    private func number(of identity: ManagerIdentity) -> Int {
        identity.withUnsafeBytes { bytes in bytes.dropFirst().reduce(0) { $0 * 10 + Int($1) - 48 } }
    }

    func checkState() throws {
        try state.checkInvariants()
    }

    /// Every rule, at some moments of a large run.
    func check() throws {
        if !settings.checksEveryEvent { try checkState() }
        var count = 0
        for number in living {
            count += managers[number].inFlight
            guard managers[number].inFlight >= 0 else {
                throw FleetFailure("manager \(number) has \(managers[number].inFlight) tasks")
            }
        }
        guard count <= inFlight, settings.losses > 0 || count == inFlight else {
            throw FleetFailure("\(count) tasks are at managers, and \(inFlight) in flight")
        }
    }

    /// The next task goes to the emptiest manager, in sixteenths of its workers.
    func checkBalance() throws {
        func level(_ count: Int) -> Int { count * 16 / settings.workers }
        let least = living.filter { !managers[$0].isSuspect }.map { managers[$0].inFlight }.min() ?? 0
        for number in givenTo where level(managers[number].inFlight - 1) > level(least) {
            throw FleetFailure("manager \(number) got its task \(managers[number].inFlight), and another has \(least)")
        }
    }

    func checkEnd() throws {
        try checkState()
        guard state.queuedCount == 0, inFlight == 0, toSend == 0, toFinish == 0 else {
            throw FleetFailure("\(state.queuedCount) tasks wait, \(inFlight) are in flight, \(toFinish) have not ended")
        }
        guard freeHandles.count == tasks.count else {
            throw FleetFailure("\(tasks.count - freeHandles.count) handles were not given back")
        }
        if let id = standings.firstIndex(where: { $0 != .ended }) {
            throw FleetFailure("task \(id) is \(standings[id]) at the end")
        }
        guard state.managerCount == living.count else {
            throw FleetFailure("\(state.managerCount) managers are registered, and \(living.count) live")
        }
    }
}
