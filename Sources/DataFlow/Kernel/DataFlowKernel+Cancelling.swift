import Synchronization
import SystemSupport
import WorkflowCore

/// Calls that are taken back.
extension DataFlowKernel {
    /// Takes a call back: what waits fails at once, what an executor has is stopped there.
    func cancel(_ task: TaskID, by origin: CallCancelled.Origin) { takeBack(.cancelled(task, by: origin)) }

    /// Takes a call back that nobody awaits any more, unless another call depends on it.
    func cancelIfUnwanted(_ task: TaskID, by origin: CallCancelled.Origin) {
        takeBack(.unwanted(task, by: origin))
    }

    /// Fails every call that no executor has yet.
    package func cancelWaiting(by origin: CallCancelled.Origin = .workflowEnd) { end(.cancelWaiting(by: origin)) }

    /// Fails every call that no executor has yet, and has the others stopped.
    package func cancelAll(by origin: CallCancelled.Origin = .workflowEnd) { end(.cancelAll(by: origin)) }

    private func end(_ event: KernelState.Event) {
        takeBack(event)
        // Those who waited for room go on, and their calls are taken back like all others.
        let woken = content.withLock { content in
            content.rooms.indices.flatMap { content.rooms[$0].open() }
        }
        for continuation in woken { continuation.resume() }
    }

    private func takeBack(_ event: KernelState.Event) {
        var effects: [KernelState.Effect] = []
        content.withLock { content in
            content.state.handle(event, into: &effects)
            // Before any executor is asked: see `handOver`.
            stopping.store(content.state.stoppingCount, ordering: .sequentiallyConsistent)
        }
        perform(&effects)
    }

    /// Whether calls are taken back because everything ends.
    var isEnding: Bool { closed.isSet || content.withLock { $0.state.isEnding } }

    /// Fails a call at once, and lets go of what it waited for.
    func takeBack(
        _ call: any KernelCall, _ origin: CallCancelled.Origin, _ effects: inout [KernelState.Effect]
    ) {
        let (joined, children) = content.withLock { content in
            (content.joins[call.taskID]?.dependencies ?? [], content.children[call.taskID] ?? [])
        }
        let error = CallCancelled(app: call.definition.name, task: call.taskID, origin: origin)
        fail(call, .failure(error), &effects)
        for future in call.dependencies where future.owner != id { future.withdraw(call) }
        if !children.isEmpty { release(children, origin, &effects) }
        for future in joined where future.owner != id {
            future.withdraw(call)
            SubmitThreads.shared.run { future.cancelIfUnwanted(by: origin) }
        }
    }

    /// Takes back what the body of a join app has called, as far as nobody else wants it: the newest first, since it may
    /// depend on the older ones.
    ///
    /// Into the same list of effects: join apps may stand in each other by the thousand.
    private func release(
        _ children: [TaskID], _ origin: CallCancelled.Origin, _ effects: inout [KernelState.Effect]
    ) {
        content.withLock { content in
            for child in children.reversed() where content.calls[child]?.outcomeFuture.hasNoWaiters == true {
                content.state.handle(.unwanted(child, by: origin), into: &effects)
            }
            stopping.store(content.state.stoppingCount, ordering: .sequentiallyConsistent)
        }
    }

    /// Notes that the body of a join app makes a call.
    func note(_ task: TaskID, madeBy parent: TaskID) {
        content.withLock { content in
            if content.state.holds(parent) { content.children[parent, default: []].append(task) }
        }
    }

    /// Has a call stopped where it is.
    func stop(_ call: any KernelCall, _ effects: inout [KernelState.Effect]) {
        if call.isCached, memoizer.withdraw(call.taskID) {
            // It ran nowhere: it waited for an equal call.
            let origin = content.withLock { $0.state.stopOrigin(of: call.taskID) } ?? .program
            return settle(
                call, .failure(CallCancelled(app: call.definition.name, task: call.taskID, origin: origin)), &effects)
        }
        if let index = call.executorIndex {
            executors[index].cancel(call)
        } else {
            content.withLock { $0.joinBodies[call.taskID] }?.cancel()
        }
    }

    /// Whether a launched call was taken back.
    func isStopped(_ call: any KernelCall) -> Bool {
        content.withLock { $0.state.stopOrigin(of: call.taskID) } != nil
    }

    /// Has a call stopped that was taken back while it was handed over.
    func stopIfCancelled(_ call: any KernelCall) {
        guard isStopped(call) else { return }
        var effects: [KernelState.Effect] = []
        stop(call, &effects)
        perform(&effects)
    }

    /// Where a call is; `nil` when it has ended.
    func status(of task: TaskID) -> CallStatus? {
        let (place, call) = content.withLock { ($0.state.place(of: task), $0.calls[task]) }
        switch place?.phase {
        case .waiting?: return .waiting
        case .joining?: return .joining
        case .launched? where call?.isRunning == true: return .running
        case .launched?: return (place?.tries ?? 0) > 0 ? .retrying : .launched
        // Its outcome is about to be stored.
        case .settling?: return .launched
        case nil: return nil
        }
    }
}
