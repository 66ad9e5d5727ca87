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
        markFinished(task)
        effects.append(.forwardResult(task: task))
        refill(index, at: now, into: &effects)
        announceIfChanged(into: &effects)
    }

    mutating func workerReturned(
        _ index: Int, _ tasks: [Int], at now: UInt64, into effects: inout [ManagerEffect]
    ) {
        if workers[index].standing == .killed || tasks.isEmpty { return }
        // What it gives back are the newest frames, in order; the first one of the queue it is running.
        let queue = workers[index].queue
        guard tasks.count < queue.count, queue.suffix(tasks.count).map(\.id) == tasks else {
            return reject(index, "gave back tasks that it had no right to give back", into: &effects)
        }
        workers[index].queue.removeLast(tasks.count)
        putBack(queue.suffix(tasks.count))
        feed(at: now, into: &effects)
    }

    mutating func workerEnded(_ index: Int, _ ending: String, at now: UInt64, into effects: inout [ManagerEffect]) {
        let worker = workers[index]
        guard worker.standing != .absent else { return }
        workers[index] = WorkerRecord()
        if worker.standing == .ready || worker.standing == .killed { readyCount -= worker.standing == .ready ? 1 : 0 }
        if worker.standing == .ready { idle.removeAll { $0 == index } }
        effects.append(.log("worker \(index) ended: \(ending)"))

        if worker.queue.isEmpty, worker.answered == 0 {
            earlyEnds += 1
            guard earlyEnds < Self.earlyEndLimit else {
                let text = "\(earlyEnds) workers in a row ended before they could run a task; the last: \(ending)"
                return finish(.workersUnusable(text), into: &effects)
            }
        }
        var rest = worker.queue
        if let lost = rest.popFirst() {
            markFinished(lost.id)
            effects.append(.reportLost(task: lost.id, worker: index, ending: ending))
        }
        putBack(rest)
        start(index, into: &effects)
        feed(at: now, into: &effects)
        announceIfChanged(into: &effects)
    }

    /// Kills a worker whose messages make no sense; what it held is dealt with when its end is seen.
    private mutating func reject(_ index: Int, _ fault: String, into effects: inout [ManagerEffect]) {
        effects.append(.log("worker \(index) \(fault); it is killed"))
        if workers[index].standing == .ready {
            readyCount -= 1
            idle.removeAll { $0 == index }
        }
        guard workers[index].standing != .absent else { return }
        workers[index].standing = .killed
        effects.append(.killWorker(index))
    }
}
