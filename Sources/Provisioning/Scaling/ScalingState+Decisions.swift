// Which blocks are started and which are ended.

extension ScalingState {
    /// The decisions of one period.
    mutating func decide(_ now: UInt64, _ actions: inout [Action]) {
        if isFirst {
            isFirst = false
            start(min(settings.initialBlocks, settings.maxBlocks), now, &actions)
        }
        endSilentBlocks(now, &actions)
        guard settings.strategy != .none else {
            withoutStrategy(now, &actions)
            return
        }
        let active = activeCount
        let rule = ScalingRule(
            ScalingRule.Numbers(
                tasks: tasks, blocks: active, minBlocks: settings.minBlocks, maxBlocks: settings.maxBlocks,
                slotsPerBlock: settings.slotsPerBlock, parallelism: settings.parallelism))
        noteExcess(rule, now)
        standing = describe(rule, active)
        var wanted = 0
        switch rule {
        case .idleAtMinimum, .atMaximum, .enough: break
        case .start(let count): wanted = count
        case .idle(let excess):
            if idleSince == nil { idleSince = now }
            if let idleSince, now - idleSince > settings.maxIdleTime {
                endBlocks(candidates(now, idleFor: nil).prefix(excess), why: "the executor is idle", now, &actions)
            }
        case .excess(let count):
            guard settings.strategy == .auto, count > 0 else { break }
            let idle = candidates(now, idleFor: settings.maxIdleTime)
            endBlocks(idle.prefix(count), why: "it is idle while others work", now, &actions)
        }
        // Parsl lets the number fall below the minimum while there are no tasks; a minimum that is not kept surprises
        // (https://github.com/Parsl/parsl/issues/3071).
        start(max(wanted, settings.minBlocks - active), now, &actions)
    }

    /// After the initial blocks nothing comes any more: tasks without a block left would wait for ever.
    private mutating func withoutStrategy(_ now: UInt64, _ actions: inout [Action]) {
        standing = "the strategy is none: \(living.count) of \(settings.initialBlocks) initial blocks live"
        if tasks > 0, living.isEmpty {
            giveUp("all blocks have ended and the strategy none starts no other: use simple or auto", now, &actions)
        }
    }

    /// The timers of idleness and of excess run only while the rule says so without a break.
    private mutating func noteExcess(_ rule: ScalingRule, _ now: UInt64) {
        switch rule {
        case .idle, .idleAtMinimum: excessSince = excessSince ?? now
        case .excess(let count) where count > 0: excessSince = excessSince ?? now
        case .excess, .start, .atMaximum, .enough: excessSince = nil
        }
    }

    private mutating func start(_ wanted: Int, _ now: UInt64, _ actions: inout [Action]) {
        // Blocks that are being ended still hold nodes, so they count here.
        var count = min(wanted, settings.maxBlocks - living.count)
        guard count > 0 else { return }
        if failedStarts > 0 {
            // After a failure one block is tried at a time, at growing distances, so that a scheduler in trouble is
            // not flooded (https://github.com/Parsl/parsl/issues/2851).
            guard now >= startsAllowedAt, !living.values.contains(where: isUnproven) else {
                standing += "; waiting after \(failedStarts) failed starts"
                return
            }
            count = 1
        }
        let ids = (0..<count).map { BlockNumber(ends.count + $0) }
        ends += Array(repeating: nil, count: count)
        for id in ids { living[id] = BlockRecord(requestedAt: now) }
        actions.append(.start(ids))
    }

    /// Asked for after the last failure, and not heard of yet.
    private func isUnproven(_ block: BlockRecord) -> Bool {
        block.isActive && !block.registered && block.requestedAt >= lastFailure
    }

    /// Blocks that may be ended, the best first.
    ///
    /// Blocks that never had a manager come first, the latest of them before the others, since it has waited least in
    /// the queue; then the longest idle; then those with the fewest tasks. With a limit, only blocks idle for longer
    /// than it: all of a block's managers, and for one that still waits, the time since there was no use for it.
    private func candidates(_ now: UInt64, idleFor limit: UInt64?) -> [BlockNumber] {
        let eligible = living.filter { _, block in
            guard block.isActive, block.hasJob else { return false }
            guard let limit else { return true }
            guard block.tasks == 0 else { return false }
            // Since when: its managers' idleness, or the time that it has been superfluous.
            let unused = excessSince.map { max($0, block.requestedAt) }
            guard let since = block.registered ? block.idleSince : unused else { return false }
            return now - min(now, since) > limit
        }
        return eligible.sorted { left, right in
            let (first, second) = (left.value, right.value)
            if first.registered != second.registered { return !first.registered }
            if !first.registered { return left.key > right.key }
            let (idle, other) = (first.idleSince ?? .max, second.idleSince ?? .max)
            if idle != other { return idle < other }
            if first.tasks != second.tasks { return first.tasks < second.tasks }
            return left.key < right.key
        }.map(\.key)
    }

    private mutating func endBlocks(
        _ ids: ArraySlice<BlockNumber>, why: String, _ now: UInt64, _ actions: inout [Action]
    ) {
        guard !ids.isEmpty else { return }
        for id in ids {
            guard var block = living[id] else { continue }
            beginDraining(&block, why: why, now)
            living[id] = block
        }
        actions.append(.hold(Array(ids)))
    }

    func beginDraining(_ block: inout BlockRecord, why: String, _ now: UInt64) {
        block.phase = .draining
        block.drainingSince = now
        block.commandAt = now
        block.holdConfirmed = false
        block.why = why
    }

    /// A job that runs and whose managers are not to be heard holds nodes for nothing
    /// (https://github.com/Parsl/parsl/issues/1035, pull/2171).
    private mutating func endSilentBlocks(_ now: UInt64, _ actions: inout [Action]) {
        guard let limit = settings.silenceLimit else { return }
        var silent: [BlockNumber] = []
        for (id, block) in living where block.isActive && block.hasJob {
            guard let since = block.silentSince, now - min(now, since) > limit else { continue }
            silent.append(id)
        }
        guard !silent.isEmpty else { return }
        let seconds = limit / 1_000_000_000
        for id in silent {
            guard var block = living[id] else { continue }
            block.phase = .cancelling
            block.commandAt = now
            block.silenced = true
            block.why =
                block.registered
                ? "its managers were not heard of for \(seconds) s while its job ran, and it was cancelled"
                : "its job ran for \(seconds) s and no manager registered, and it was cancelled"
            living[id] = block
        }
        actions.append(.cancel(silent.sorted()))
    }

    /// Ends every block, at once or after its tasks.
    mutating func endAll(afterTasks: Bool, why: String, _ now: UInt64, _ actions: inout [Action]) {
        var held: [BlockNumber] = []
        var cancelled: [BlockNumber] = []
        for id in living.keys.sorted() {
            guard var block = living[id], block.phase != .cancelling else { continue }
            if !block.hasJob {
                // The answer of the scheduler is under way; the job is cancelled when its number is known.
                block.cancelOnStart = true
                block.why = why
            } else if afterTasks, block.tasks > 0 || block.phase == .draining {
                if block.phase != .draining {
                    beginDraining(&block, why: why, now)
                    held.append(id)
                }
            } else {
                block.phase = .cancelling
                block.commandAt = now
                block.why = why
                cancelled.append(id)
            }
            living[id] = block
        }
        if !held.isEmpty { actions.append(.hold(held)) }
        if !cancelled.isEmpty { actions.append(.cancel(cancelled)) }
    }

    /// Sends again what had no effect, and cancels blocks that have drained for too long.
    mutating func repeatCommands(_ now: UInt64, _ actions: inout [Action]) {
        var held: [BlockNumber] = []
        var cancelled: [BlockNumber] = []
        for id in living.keys.sorted() {
            guard var block = living[id], block.phase == .draining || block.phase == .cancelling else { continue }
            let late = now - min(now, block.commandAt) >= settings.repeatPeriod
            if block.phase == .cancelling {
                guard late else { continue }
                cancelled.append(id)
            } else if let limit = settings.drainLimit, now - min(now, block.drainingSince ?? now) > limit,
                block.hasJob
            {
                block.phase = .cancelling
                cancelled.append(id)
            } else {
                guard late, !block.holdConfirmed else { continue }
                held.append(id)
            }
            block.commandAt = now
            living[id] = block
        }
        if !held.isEmpty { actions.append(.hold(held)) }
        if !cancelled.isEmpty { actions.append(.cancel(cancelled)) }
    }

    private func describe(_ rule: ScalingRule, _ active: Int) -> String {
        func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        let slots = count(active * settings.slotsPerBlock, "slot")
        let numbers = "\(count(tasks, "task")), \(slots) in \(count(active, "block"))"
        switch rule {
        case .idleAtMinimum: return "\(numbers): idle, at the minimum of \(settings.minBlocks)"
        case .idle(let excess): return "\(numbers): idle, \(excess) beyond the minimum of \(settings.minBlocks)"
        case .atMaximum: return "\(numbers): at the maximum of \(settings.maxBlocks)"
        case .start(let count): return "\(numbers): \(count) more wanted"
        case .excess(let count): return "\(numbers): \(count) not needed"
        case .enough: return "\(numbers): enough"
        }
    }
}
