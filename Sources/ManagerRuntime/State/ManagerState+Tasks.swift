import DequeModule

extension ManagerState {
    mutating func accept(_ tickets: [TaskTicket], at now: UInt64, into effects: inout [ManagerEffect]) {
        heard(at: now)
        if peer == .unknown {
            // An Apus interchange says welcome before it gives a task.
            peer = .stock
            effects.append(.log("the interchange gives tasks without a welcome: it is Parsl's"))
        }
        for ticket in tickets {
            guard standing[ticket.id] == nil else {
                effects.append(.log("task \(ticket.id) came again while it is held; ignored"))
                continue
            }
            if ticket.needs != nil, !note(ticket, into: &effects) { continue }
            standing[ticket.id] = .pending
            pending.append(ticket)
        }
        feed(at: now, into: &effects)
    }

    mutating func acknowledged(_ ids: [Int], at now: UInt64, into effects: inout [ManagerEffect]) {
        heard(at: now)
        for id in ids where standing[id] == .finished { standing[id] = nil }
        if !ids.isEmpty { effects.append(.releaseResults(ids)) }
    }

    /// Gives waiting tasks to idle workers, and ahead to busy ones while tasks are short.
    mutating func feed(at now: UInt64, into effects: inout [ManagerEffect]) {
        if placesByNeeds { return feedByNeeds(at: now, into: &effects) }
        while !pending.isEmpty, let index = idle.popLast() {
            send(pending.removeFirst(), to: index, at: now, into: &effects)
        }
        let depth = pace.depth
        guard depth > 1, !pending.isEmpty else { return }
        var refusals = 0
        while refusals < workers.count, let next = pending.first {
            if mayWriteAhead(next, to: cursor, depth: depth, at: now) {
                send(pending.removeFirst(), to: cursor, at: now, into: &effects)
                refusals = 0
            } else {
                refusals += 1
            }
            cursor = (cursor + 1) % workers.count
        }
    }

    /// Fills up one worker after it answered.
    mutating func refill(_ index: Int, at now: UInt64, into effects: inout [ManagerEffect]) {
        if workers[index].queue.isEmpty {
            guard let next = pending.popFirst() else {
                idle.append(index)
                return
            }
            send(next, to: index, at: now, into: &effects)
        }
        let depth = pace.depth
        while let next = pending.first, mayWriteAhead(next, to: index, depth: depth, at: now) {
            send(pending.removeFirst(), to: index, at: now, into: &effects)
        }
    }

    private func mayWriteAhead(_ ticket: TaskTicket, to index: Int, depth: Int, at now: UInt64) -> Bool {
        let worker = workers[index]
        guard worker.standing == .ready, worker.queue.count < depth, let last = worker.queue.last else { return false }
        guard stops.isEmpty || !isStopping(index) else { return false }
        // Behind a task that is known not to be short nothing is written, whatever the mean says.
        return last.group == ticket.group && Double(now &- worker.frontSince) < TaskPace.writeAheadLimit
    }

    private mutating func send(
        _ ticket: TaskTicket, to index: Int, at now: UInt64, into effects: inout [ManagerEffect]
    ) {
        if workers[index].queue.isEmpty {
            workers[index].frontSince = now
            workers[index].recallAfter = 0
        }
        workers[index].queue.append(ticket)
        standing[ticket.id] = .sent(worker: index)
        effects.append(.write(task: ticket.id, worker: index))
    }

    /// Puts tasks back to the front of those that wait, in their order.
    mutating func putBack(_ tickets: some BidirectionalCollection<TaskTicket>) {
        for ticket in tickets.reversed() {
            if placesByNeeds { release(ticket.id) }
            standing[ticket.id] = .pending
            pending.prepend(ticket)
        }
    }

    /// Notes that a task has a result, which an Apus interchange will acknowledge.
    mutating func markFinished(_ id: Int) {
        if placesByNeeds { forgetNeeds(id) }
        standing[id] = peer == .apus ? .finished : nil
    }
}
