import DequeModule

extension ManagerState {
    mutating func start(_ index: Int, into effects: inout [ManagerEffect]) {
        workers[index] = WorkerRecord()
        workers[index].standing = .starting
        effects.append(.startWorker(index))
    }

    mutating func workerReady(_ index: Int, at now: UInt64, into effects: inout [ManagerEffect]) {
        guard workers[index].standing == .starting else {
            return reject(index, "said twice that it is ready", into: &effects)
        }
        workers[index].standing = .ready
        readyCount += 1
        idle.append(index)
        if firstReady == nil { firstReady = now }
        registerIfDue(at: now, into: &effects)
        feed(at: now, into: &effects)
        announceIfChanged(into: &effects)
    }

    mutating func workerResult(_ index: Int, _ task: Int, at now: UInt64, into effects: inout [ManagerEffect]) {
        finishFront(index, task, at: now, into: &effects) { _ in .forwardResult(task: task) }
    }

    /// Notes that the task a worker runs has ended, says so, and gives the worker the next.
    mutating func finishFront(
        _ index: Int, _ task: Int, at now: UInt64, into effects: inout [ManagerEffect],
        _ report: (borrowing Self) -> ManagerEffect
    ) {
        guard workers[index].standing == .ready, workers[index].queue.first?.id == task else {
            if workers[index].standing == .killed { return }
            return reject(index, "answered task \(task), which is not the one it was to run", into: &effects)
        }
        workers[index].queue.removeFirst()
        workers[index].answered += 1
        earlyEnds = 0
        pace.record(now &- workers[index].frontSince)
        workers[index].frontSince = now
        workers[index].recallAfter = 0
        let placed = placesByNeeds
        markFinished(task)
        if !stops.isEmpty { stops[task] = nil }
        effects.append(report(self))
        if !stops.isEmpty { stopFront(of: index, at: now, into: &effects) }
        if placed {
            // What it had may be what others wait for.
            if workers[index].queue.isEmpty { idle.append(index) }
            feed(at: now, into: &effects)
        } else {
            refill(index, at: now, into: &effects)
        }
        announceIfChanged(into: &effects)
    }

    mutating func workerReturned(
        _ index: Int, _ tasks: [Int], at now: UInt64, into effects: inout [ManagerEffect]
    ) {
        if workers[index].standing == .killed || tasks.isEmpty { return }
        // Usually all but the first. A worker that is just between two tasks gives back the first as well, and a frame
        // that was still coming in stays behind the returned ones.
        let wanted = Set(tasks)
        let queue = workers[index].queue
        let returned = queue.filter { wanted.contains($0.id) }
        guard returned.count == tasks.count else {
            return reject(index, "gave back tasks that it does not have", into: &effects)
        }
        workers[index].queue.removeAll { wanted.contains($0.id) }
        if workers[index].queue.isEmpty { idle.append(index) }
        if workers[index].queue.first != queue.first { workers[index].frontSince = now }
        if !stops.isEmpty { stopFront(of: index, at: now, into: &effects) }
        putBack(withoutStopped(Array(returned), into: &effects))
        feed(at: now, into: &effects)
    }

    mutating func workerEnded(_ index: Int, _ ending: String, at now: UInt64, into effects: inout [ManagerEffect]) {
        let worker = workers[index]
        guard worker.standing != .absent else { return }
        workers[index] = WorkerRecord()
        // A killed one was taken out of the count when it was killed.
        if worker.standing == .ready {
            readyCount -= 1
            idle.removeAll { $0 == index }
        }
        effects.append(.log("worker \(index) ended: \(ending)"))

        if worker.queue.isEmpty, worker.answered == 0 {
            earlyEnds += 1
            guard earlyEnds < Self.earlyEndLimit else {
                let text = "\(earlyEnds) workers in a row ended before they could run a task; the last: \(ending)"
                return finish(.workersUnusable(text), into: &effects)
            }
        }
        var rest = worker.queue
        let wasKilled = worker.standing == .killed
        if let lost = rest.popFirst(),
            !answerStopped(lost.id, worker: index, wasKilled: wasKilled, ending, at: now, into: &effects)
        {
            markFinished(lost.id)
            effects.append(.reportLost(task: lost.id, worker: index, ending: ending))
        }
        putBack(withoutStopped(Array(rest), into: &effects))
        start(index, into: &effects)
        feed(at: now, into: &effects)
        announceIfChanged(into: &effects)
    }

    /// Kills a worker whose messages make no sense.
    private mutating func reject(_ index: Int, _ fault: String, into effects: inout [ManagerEffect]) {
        effects.append(.log("worker \(index) \(fault); it is killed"))
        condemn(index, into: &effects)
    }

    /// Kills a worker; what it held is dealt with when its end is seen.
    mutating func condemn(_ index: Int, into effects: inout [ManagerEffect]) {
        if workers[index].standing == .ready {
            readyCount -= 1
            idle.removeAll { $0 == index }
        }
        guard workers[index].standing != .absent else { return }
        workers[index].standing = .killed
        effects.append(.killWorker(index))
        announceIfChanged(into: &effects)
    }
}
