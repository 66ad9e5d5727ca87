extension ManagerState {
    mutating func tick(at now: UInt64, into effects: inout [ManagerEffect]) {
        let pause = now &- lastTick
        // A process that slept was not listening: the silence of that time is its own.
        if pause > Self.longestPause &+ Self.lateTick { lastHeard = min(now, lastHeard &+ pause) }
        lastTick = now

        switch phase {
        case .starting: registerIfDue(at: now, into: &effects)
        case .serving:
            if peer == .apus, pause > forgottenAfter || now &- max(lastHeard, registered) > forgottenAfter {
                // The interchange may have given the manager up in the meantime, and answers nobody it does not know.
                reconnected(at: now, into: &effects)
            }
            serve(at: now, into: &effects)
        case .ended: break
        }
    }

    /// Silence after which the manager presents itself again, rather than wait for its end.
    private var forgottenAfter: UInt64 { settings.heartbeatThreshold / 2 }

    /// Silence after which the manager ends.
    ///
    /// An Apus interchange that was stopped, or cut off, takes its managers back and keeps their tasks, so they hold out;
    /// a manager whose interchange is gone for good ends with its parent, or with this limit: 120 s by default, as in
    /// Parsl. A stock interchange forgets a manager after its threshold, and the manager might as well end.
    private var silenceLimit: UInt64 {
        peer == .apus ? settings.heartbeatThreshold &* 12 : settings.heartbeatThreshold
    }

    private mutating func serve(at now: UInt64, into effects: inout [ManagerEffect]) {
        guard now &- lastHeard <= silenceLimit else {
            return finish(.interchangeSilent, into: &effects)
        }
        if peer != .stock, !hasHeardSinceRegistration, now &- registered > 2 &* settings.heartbeatPeriod {
            effects.append(.log("no answer to the registration; registering again"))
            register(at: now, into: &effects)
        }
        if now >= nextHeartbeat {
            nextHeartbeat = now &+ settings.heartbeatPeriod
            effects.append(.sendHeartbeat)
        }
        if let drainAfter = settings.drainAfter, !hasAskedForDrain, now &- started >= drainAfter {
            hasAskedForDrain = true
            effects.append(.sendDrain)
        }
        if warning != nil { askToStop(at: now, into: &effects) }
        recall(at: now, into: &effects)
        if !stops.isEmpty { killOverdue(at: now, into: &effects) }
    }

    /// Asks busy workers for the tasks behind a long one, when somebody else could run them at once, or when one of them
    /// is to be stopped.
    private mutating func recall(at now: UInt64, into effects: inout [ManagerEffect]) {
        let someoneWaits = !idle.isEmpty && pending.isEmpty
        guard someoneWaits || !stops.isEmpty else { return }
        for index in workers.indices
        where mayRecall(index) && now >= recallTime(index) && (someoneWaits || isStopping(index)) {
            // A worker between two tasks does not answer; it is asked again, less and less often.
            let waited = max(now &- workers[index].frontSince, Self.recallDelay)
            workers[index].recallAfter = now &+ waited
            effects.append(.recall(index))
        }
    }

    func mayRecall(_ index: Int) -> Bool {
        workers[index].standing == .ready && workers[index].queue.count > 1
    }

    func recallTime(_ index: Int) -> UInt64 {
        let worker = workers[index]
        return max(worker.recallAfter, worker.frontSince &+ Self.recallDelay)
    }

    /// When the next tick must come at the latest.
    package func nextDeadline(at now: UInt64) -> UInt64 {
        var deadline = now &+ Self.longestPause
        switch phase {
        case .starting:
            // Without an answer, or without a worker, time alone changes nothing.
            if isReachable, readyCount > 0, let firstReady {
                deadline = min(deadline, firstReady &+ Self.registrationGrace)
            }
        case .serving:
            deadline = min(deadline, nextHeartbeat)
            if !idle.isEmpty, pending.isEmpty {
                for index in workers.indices where mayRecall(index) { deadline = min(deadline, recallTime(index)) }
            }
            if let nextStop { deadline = min(deadline, nextStop) }
        case .ended: deadline = now
        }
        return max(deadline, now)
    }
}
