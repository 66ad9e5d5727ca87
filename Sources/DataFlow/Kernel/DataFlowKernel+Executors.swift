import SystemSupport
import WorkflowCore

/// Which executor runs a call, and whether it has room for it.
extension DataFlowKernel {
    /// The executor for a call: of those it may run on, the one with the fewest unfinished calls for a worker.
    ///
    /// - Throws: `WorkflowError` when a label is not known.
    func executorIndex(for options: AppOptions, app: String) throws(WorkflowError) -> Int {
        if options.executors.isEmpty { return 0 }
        var indices: [Int] = []
        for label in options.executors {
            guard let index = executorIndices[label] else {
                throw WorkflowError(
                    .unknownExecutor,
                    "app '\(app)' is to run on executor '\(label)'; there are: "
                        + executors.map { "'\($0.label)'" }.joined(separator: ", "))
            }
            indices.append(index)
        }
        if indices.count == 1 { return indices[0] }
        let unfinished = content.withLock { content in indices.map { content.rooms[$0].unfinished } }
        let loads = zip(indices, unfinished).map { index, count in
            (index: index, load: Double(count) / Double(max(1, executors[index].snapshot.workers)))
        }
        return loads.min { $0.load < $1.load }?.index ?? indices[0]
    }

    /// Takes a place for a call; why there is none.
    func enterRoom(_ index: Int, app: String) -> WorkflowError? {
        let force = SubmitScope.isInside
        let (entered, limit) = content.withLock { content in
            (content.rooms[index].enter(force: force), content.rooms[index].limit ?? 0)
        }
        if entered { return nil }
        return WorkflowError(
            .tooManyUnfinished,
            "app '\(app)' was called while executor '\(executors[index].label)' has \(limit) unfinished calls, which is "
                + "its bound (maxUnfinishedTasks); `try await \(app).submit(…)` waits for room")
    }

    /// Takes a place for a call that another one needs, whether there is room or not.
    func enterRoom(of label: String) -> Int {
        let index = executorIndices[label] ?? 0
        if countsRooms { _ = content.withLock { $0.rooms[index].enter(force: true) } }
        return index
    }

    /// Takes a place for a call, and waits until there is one.
    ///
    /// - Throws: `CancellationError` when the Swift task is cancelled meanwhile.
    func waitForRoom(_ index: Int) async throws {
        let ticket = RoomTicket()
        let force = SubmitScope.isInside
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
                let goesOn = content.withLock { content in
                    if ticket.isCancelled { return true }
                    ticket.hasPlace = content.rooms[index].enter(force: force)
                    if !ticket.hasPlace { content.rooms[index].wait(ticket, continuation) }
                    return ticket.hasPlace
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            let waiting = content.withLock { content in
                ticket.isCancelled = true
                return content.rooms[index].giveUp(ticket)
            }
            waiting?.resume()
        }
        guard content.withLock({ _ in ticket.hasPlace }) else { throw CancellationError() }
    }
}
