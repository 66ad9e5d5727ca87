import WorkflowCore

/// What a kernel holds behind its lock.
struct KernelContent {
    var state = KernelState()
    var calls = TaskSlots<any KernelCall>()
    var idleWaiters: [IdleWaiter] = []
    /// Futures that failed, and nobody may have looked at them.
    var failures: [any DependencySource] = []
    var retried = 0

    // What only some calls need stands in tables of its own, so that it costs the others nothing.

    /// What the bodies of join apps returned.
    var joins: [TaskID: JoinedCalls] = [:]
    /// What the bodies of join apps have called.
    var children: [TaskID: [TaskID]] = [:]
    /// Bodies of join apps that run.
    var joinBodies: [TaskID: Task<Void, Never>] = [:]
    /// What has gone wrong with calls about which a retry handler is asked.
    var histories: [TaskID: RetryHistory] = [:]
    /// Those who wait for the calls that there were at one moment.
    var batches: [Batch] = []
    /// The bounds of executors, when there are any.
    var rooms: [ExecutorRoom] = []

    /// Somebody who waits until no call is left.
    struct IdleWaiter {
        var number: Int
        var continuation: UnsafeContinuation<Bool, Never>
    }

    /// Somebody who waits for the calls that there were at one moment.
    struct Batch {
        var left: Set<TaskID>
        var continuation: UnsafeContinuation<Void, Never>
    }

    /// Forgets a call that has ended; returns those who can go on now.
    mutating func forget(_ call: any KernelCall) -> [UnsafeContinuation<Void, Never>] {
        let task = call.taskID
        _ = calls.remove(task)
        if !joins.isEmpty { joins[task] = nil }
        if !children.isEmpty { children[task] = nil }
        if !joinBodies.isEmpty { joinBodies[task] = nil }
        if !histories.isEmpty { histories[task] = nil }
        if batches.isEmpty, rooms.isEmpty { return [] }
        return goingOn(after: call)
    }

    private mutating func goingOn(after call: any KernelCall) -> [UnsafeContinuation<Void, Never>] {
        var woken: [UnsafeContinuation<Void, Never>] = []
        for index in batches.indices.reversed() where batches[index].left.remove(call.taskID) != nil {
            if batches[index].left.isEmpty { woken.append(batches.remove(at: index).continuation) }
        }
        if let index = call.executorIndex, !rooms.isEmpty, let next = rooms[index].leave() { woken.append(next) }
        return woken
    }

    /// Adds a failure to those that are reported at the end, when nobody looks at them.
    mutating func note(failure: any Error, of call: any KernelCall) {
        // Who takes calls back does not want to hear of them; and more than a thousand nobody reads.
        guard failures.count < Self.keptFailures, !CallCancelled.isCause(of: failure) else { return }
        failures.append(call.outcomeFuture)
    }

    private static let keptFailures = 1000
}
