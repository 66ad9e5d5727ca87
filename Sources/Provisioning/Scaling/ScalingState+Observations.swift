// What is seen of blocks: their jobs at the scheduler, their managers at the interchange.

extension ScalingState {
    mutating func started(_ id: BlockNumber, _ now: UInt64, _ actions: inout [Action]) {
        guard var block = living[id] else { return }
        block.hasJob = true
        if block.cancelOnStart {
            block.phase = .cancelling
            block.commandAt = now
            actions.append(.cancel([id]))
        } else if block.phase == .requested {
            block.phase = .waiting
        }
        living[id] = block
    }

    mutating func job(_ id: BlockNumber, _ phase: JobPhase, _ now: UInt64) {
        guard var block = living[id] else { return }
        if phase != .absent, phase != .unknown { block.absences = 0 }
        switch phase {
        case .unknown: return
        case .absent:
            // A new job may not be known yet, and one that is long over not any more; neither is a matter of one answer.
            block.absences += 1
            if block.absences >= Self.absenceLimit, block.managers == 0 || block.phase == .cancelling {
                living[id] = block
                end(id, BlockEnd(.completed, message: "the scheduler does not know it any more"), now)
                return
            }
        case .waiting:
            // Back from running to waiting: the scheduler has put the job into the queue again.
            if block.phase == .running, block.managers == 0 { block.phase = .waiting }
            block.silentSince = nil
            block.reportedEnd = nil
        case .running:
            if block.phase == .requested || block.phase == .waiting { block.phase = .running }
            if block.managers == 0, block.silentSince == nil { block.silentSince = now }
            block.reportedEnd = nil
        case .over(let reported):
            // A scheduler may lose sight of a job that runs (https://github.com/Parsl/parsl/issues/3316, issues/2851):
            // while its managers are there the job is there.
            guard block.managers == 0 || block.phase == .cancelling else {
                block.reportedEnd = reported
                break
            }
            living[id] = block
            end(id, reported, now)
            return
        }
        living[id] = block
    }

    mutating func managers(_ list: [BlockManagers], _ now: UInt64, _ actions: inout [Action]) {
        var seen: [BlockNumber: BlockManagers] = [:]
        for entry in list where entry.count > 0 {
            var entry = entry
            if let other = seen[entry.block] {
                entry.count += other.count
                entry.tasks += other.tasks
                entry.idle = min(entry.idle, other.idle)
            }
            seen[entry.block] = entry
        }
        readmitStrays(seen, now, &actions)
        var cancelled: [BlockNumber] = []
        for id in living.keys.sorted() {
            guard var block = living[id] else { continue }
            if let entry = seen[id] {
                connected(&block, entry, now)
            } else {
                disconnected(&block, now)
            }
            if block.phase == .draining, block.holdConfirmed, block.tasks == 0, block.hasJob {
                block.phase = .cancelling
                block.commandAt = now
                cancelled.append(id)
            }
            living[id] = block
            if block.managers == 0, let reported = block.reportedEnd { end(id, reported, now) }
        }
        if !cancelled.isEmpty { actions.append(.cancel(cancelled)) }
    }

    private mutating func connected(_ block: inout BlockRecord, _ entry: BlockManagers, _ now: UInt64) {
        if !block.registered {
            block.registered = true
            failedStarts = 0
            startsAllowedAt = 0
        }
        block.managers = entry.count
        block.tasks = entry.tasks
        block.idleSince = entry.tasks == 0 ? now - min(now, entry.idle) : nil
        block.silentSince = nil
        if block.phase == .requested || block.phase == .waiting { block.phase = .running }
    }

    private func disconnected(_ block: inout BlockRecord, _ now: UInt64) {
        if block.managers > 0, block.silentSince == nil { block.silentSince = now }
        block.managers = 0
        block.tasks = 0
        block.idleSince = nil
    }

    /// A block that was taken for ended and has managers lives: it is taken back if there is room, else ended.
    private mutating func readmitStrays(
        _ seen: [BlockNumber: BlockManagers], _ now: UInt64, _ actions: inout [Action]
    ) {
        var unwanted: [BlockNumber] = []
        for id in seen.keys.sorted() where living[id] == nil && ends.indices.contains(id.rawValue) {
            var block = BlockRecord(requestedAt: now)
            block.phase = .running
            block.hasJob = true
            block.isStray = true
            if fault != nil || isStopping || living.count >= settings.maxBlocks {
                beginDraining(&block, why: "its job was reported over, and it is not needed any more", now)
                unwanted.append(id)
            }
            living[id] = block
            ends[id.rawValue] = nil
            failures.removeAll { $0.block == id }
        }
        if !unwanted.isEmpty { actions.append(.hold(unwanted)) }
    }

    /// Notes the end of a block.
    mutating func end(_ id: BlockNumber, _ reported: BlockEnd, _ now: UInt64) {
        guard let block = living.removeValue(forKey: id) else { return }
        var end = reported
        if block.silenced {
            end.reason = block.registered ? .failed : .missing
            end.message = [block.why, end.message].filter { !$0.isEmpty }.joined(separator: "; ")
        } else if !block.isActive, reported.reason != .notStarted {
            end.reason = .scaledIn
        } else if reported.reason != .notStarted, !block.registered {
            if end.message.isEmpty { end.message = "the scheduler says '\(reported.reason.rawValue)'" }
            end.reason = .missing
        }
        ends[id.rawValue] = end.reason
        guard end.isFailure else { return }
        // One that was not even tried says nothing new.
        if end.reason != .notStarted || !end.message.isEmpty { failures.append((id, end)) }
        if failures.count > Self.keptFailures { failures.removeFirst() }
        // Blocks that were asked for together and fail together count once.
        if block.requestedAt >= lastFailure || failedStarts == 0 {
            failedStarts += 1
            let doublings = min(failedStarts - 1, 20)
            let delay = min(settings.startDelay << UInt64(doublings), settings.longestStartDelay)
            startsAllowedAt = now + delay
        }
        lastFailure = now
    }
}
