extension ManagerState {
    /// Any message of the interchange shows that it lives.
    mutating func heard(at now: UInt64) {
        lastHeard = now
        hasHeardSinceRegistration = true
    }

    mutating func heartbeat(at now: UInt64) {
        heard(at: now)
        // Only a registered manager is answered, and an Apus interchange would have said welcome first.
        if phase == .serving, peer == .unknown { peer = .stock }
    }

    mutating func welcome(at now: UInt64, into effects: inout [ManagerEffect]) {
        heard(at: now)
        if peer == .stock { effects.append(.log("a welcome came late; the interchange is Apus")) }
        peer = .apus
        announceIfChanged(into: &effects)
    }

    /// Registers when the probe is answered and all workers are ready, or some and the grace is over.
    mutating func registerIfDue(at now: UInt64, into effects: inout [ManagerEffect]) {
        guard phase == .starting, isReachable, let firstReady, readyCount > 0 else { return }
        guard readyCount == workers.count || now >= firstReady &+ Self.registrationGrace else { return }
        phase = .serving
        lastHeard = now
        nextHeartbeat = now &+ settings.heartbeatPeriod
        register(at: now, into: &effects)
    }

    mutating func register(at now: UInt64, into effects: inout [ManagerEffect]) {
        registered = now
        hasHeardSinceRegistration = false
        // To Parsl's interchange the number can never be corrected, so it is the one with all workers; an Apus
        // interchange is told at once when some are missing.
        let capacity = peer == .apus ? capacity : capacity(ofWorkers: workers.count)
        announced = capacity
        effects.append(.register(held: standing.keys.sorted(), capacity: capacity))
    }

    mutating func reconnected(at now: UInt64, into effects: inout [ManagerEffect]) {
        guard phase == .serving else { return }
        switch peer {
        case .stock:
            // Parsl's interchange forgets what a manager runs when it registers again, and drops the results.
            effects.append(.log("reconnected"))
        case .unknown:
            effects.append(.log("reconnected before the registration was answered; registering again"))
            register(at: now, into: &effects)
        case .apus:
            effects.append(.log("reconnected; registering again with \(standing.count) tasks held"))
            register(at: now, into: &effects)
            for id in standing.keys.sorted() where standing[id] == .finished {
                effects.append(.resendResult(task: id))
            }
        }
    }

    /// How many tasks the manager takes now.
    package var capacity: Int { capacity(ofWorkers: readyCount) }

    private func capacity(ofWorkers count: Int) -> Int {
        switch settings.prefetch {
        case .none: count
        case .fixed(let extra): count == 0 ? 0 : count + extra
        case .automatic: count * pace.windowPerWorker
        }
    }

    mutating func announceIfChanged(into effects: inout [ManagerEffect]) {
        guard peer == .apus, phase == .serving, announced != capacity else { return }
        announced = capacity
        effects.append(.announce(capacity: capacity))
    }
}
