import SystemSupport
import WireProtocol
import WorkflowCore
import ZeroMQ

// Doing what the state says.

extension InterchangeLoop {
    /// Largest list of tasks sent to an Apus manager, so that nothing waits for a long copy.
    static let apusBatchBytes = 256 << 10
    /// Largest list of tasks sent to a stock pool.
    ///
    /// Parsl sends one list whatever its size; parts are as good.
    static let stockBatchBytes = 64 << 20

    /// Does everything in the buffer, and what follows from it.
    func perform(at now: UInt64) {
        while true {
            if !effects.list.isEmpty {
                for effect in effects.list { perform(effect, at: now) }
                effects.removeAll()
            }
            if !unwritable.isEmpty { failUnwritable(at: now) }
            guard !followUps.isEmpty else { return }
            let events = followUps
            followUps.removeAll(keepingCapacity: true)
            for event in events { state.handle(event, at: now, into: &effects) }
        }
    }

    private func perform(_ effect: InterchangeEffect, at now: UInt64) {
        switch effect {
        case .dispatch(let identity, let range, let retained):
            dispatch(effects.tasks[range], to: identity, retained: retained)
        case .forwardResult(let handle, let retained):
            forwardResult(handle, retained: retained)
        case .dropResult(let identity, let taskID, let reason):
            let level: InterchangeLogLevel = [.endedBefore, .cancelled].contains(reason) ? .debug : .warning
            log.log(level, "dropped a result of task \(taskID) from manager \(identity): \(reason)")
        case .dropTask(let handle, let id):
            log.log(.warning, "task \(id) came twice: ignored")
            store.release(handle)
        case .failTask(let handle, let id, let lost, let retained):
            report(handle, id, lost, retained: retained)
        case .failUnplaceable(let handle, let id, let text, let retained):
            log.log(.warning, "task \(id) is answered: \(text)")
            let failure = FailureBuffer.encode(ExecutionError(.resourcesUnavailable, text))
            let message = Message(adopting: ResultEnvelope.encode(taskID: id, kind: .exception, payload: failure))
            if retained { store.keep(message.shared(), under: handle) } else { store.release(handle) }
            sendToExecutor(message)
        case .releaseResult(let handle), .releaseTask(let handle):
            store.release(handle)
        case .answerCancelled(let id, let place):
            let failure = FailureBuffer.encode(ExecutionError(.cancelled, place.text))
            sendToExecutor(Message(adopting: ResultEnvelope.encode(taskID: id, kind: .exception, payload: failure)))
        case .cancelTasks(let identity, let ids):
            log.log(
                .info,
                "manager \(identity) is asked to stop \(ids.count == 1 ? "task \(ids[0])" : "\(ids.count) tasks")")
            send(Message(adopting: InterchangeMessage.encodeCancel(ids)), to: identity)
        case .resendResult(let handle):
            if let box = store.kept(handle) { sendToExecutor(box.message.shared()) }
        case .replyMissing(let ids):
            reply(CommandReply.missing(ids))
        case .forwardMonitoring:
            forwardMonitoring(currentPayload)
        case .heartbeat(let identity):
            send(Message(copying: InterchangeMessage.heartbeatBytes), to: identity)
        case .acknowledge(let identity, let ids):
            send(Message(adopting: InterchangeMessage.encodeAcknowledged(ids)), to: identity)
        case .shutdown(let identity):
            send(Message(copying: InterchangeMessage.shutdownBytes), to: identity)
        case .welcome(let identity):
            send(Message(copying: InterchangeMessage.encodeWelcome()), to: identity)
        case .refuse(let identity, let text):
            send(Message(adopting: InterchangeMessage.encodeRefused(text)), to: identity)
        case .checkReachable(let identity):
            let reached = send(Message(copying: InterchangeMessage.heartbeatBytes), to: identity)
            if reached { followUps.append(.reachable(identity)) }
        case .nodeInfo(let record):
            forwardMonitoring(encode(record, now))
        case .notice(let notice):
            sendToExecutor(Message(adopting: ExecutorMessage.encodeNotice(notice)))
        case .versionMismatch(let interchange, let manager):
            let failure = FailureBuffer.versionMismatch(interchange: interchange, manager: manager)
            sendToExecutor(
                Message(adopting: ResultEnvelope.encode(taskID: -1, kind: .exception, payload: failure)))
        case .finish:
            isFinishing = true
        case .log(let level, let text):
            log.log(level, text)
        }
    }

    // MARK: Managers

    /// Sends a frame to a manager; one that cannot be reached becomes a suspect.
    @discardableResult
    func send(_ message: consuming Message, to identity: ManagerIdentity) -> Bool {
        do throws(ZeroMQError) {
            // At a ROUTER that must deliver, an identity that is not connected is refused with its first frame.
            let begun = try identity.withUnsafeBytes { bytes throws(ZeroMQError) in
                try sockets.managers.trySend(copying: bytes, more: true)
            }
            guard begun else { return false }
            try sockets.managers.send(message)
            return true
        } catch {
            if error.code == .unreachable {
                followUps.append(.unreachable(identity))
            } else {
                log.log(.error, "a message to manager \(identity) was not sent: \(error)")
            }
            return false
        }
    }

    private func dispatch(_ tasks: ArraySlice<TaskHandle>, to identity: ManagerIdentity, retained: Bool) {
        let limit = retained ? Self.apusBatchBytes : Self.stockBatchBytes
        var start = tasks.startIndex
        while start < tasks.endIndex {
            // A large task goes alone; an Apus manager takes the executor's own message, which is not copied.
            if retained, let box = store.kept(tasks[start]) {
                send(box.message.shared(), to: identity)
                start += 1
                continue
            }
            var end = start
            var bytes = 0
            while end < tasks.endIndex {
                let size: Int
                if let small = store.small(tasks[end]) {
                    size = small.bytes.count
                } else if !retained, let box = store.kept(tasks[end]) {
                    size = box.message.count
                } else {
                    break
                }
                if end > start, bytes + size > limit { break }
                bytes += size
                end += 1
            }
            if end == start {
                log.log(.error, "the bytes of a task for manager \(identity) are gone")
                start += 1
                continue
            }
            sendBatch(tasks[start..<end], bytes: bytes, to: identity)
            start = end
        }
        log.log(.debug, "sent \(tasks.count) tasks to manager \(identity)")
        guard !retained else { return }
        for task in tasks { store.dropBytes(task) }
    }

    private func sendBatch(_ tasks: ArraySlice<TaskHandle>, bytes: Int, to identity: ManagerIdentity) {
        do throws(WireError) {
            var writer = TaskBatchWriter(reservingCapacity: bytes + tasks.count * 16 + 64)
            for task in tasks { try append(task, to: &writer) }
            send(Message(adopting: writer.finish()), to: identity)
        } catch {
            guard tasks.count == 1, let task = tasks.first else {
                // One of them spoils the list: each goes alone, and that one shows.
                for index in tasks.indices { sendBatch(tasks[index...index], bytes: bytes, to: identity) }
                return
            }
            log.log(.error, "a task for manager \(identity) cannot be passed on, and has failed: \(error)")
            unwritable.append((task: task, manager: identity, text: error.message))
        }
    }

    private func append(_ task: TaskHandle, to writer: inout TaskBatchWriter) throws(WireError) {
        if let small = store.small(task) {
            try writer.append(small.envelope, of: small.bytes)
        } else if let box = store.kept(task) {
            try box.message.withUnsafeBytes { bytes throws(WireError) in
                try writer.append(TaskEnvelope.parse(bytes), of: bytes)
            }
        }
    }

    /// Ends tasks that could not be written, as if their manager had answered with an error.
    private func failUnwritable(at now: UInt64) {
        let failed = unwritable
        unwritable = []
        for (task, manager, text) in failed {
            let id = store.taskID(task)
            let failure =
                state.speaksApus
                ? FailureBuffer.encode(ExecutionError(.peerError, "task \(id) cannot be passed on: \(text)"))
                : FailureBuffer.managerLost(manager: manager.description, host: "no host: \(text)")
            currentResult = Message(
                adopting: ResultEnvelope.encode(taskID: id, kind: .exception, payload: failure))
            handle(.result(manager, taskID: id, size: 0), at: now)
            currentResult = nil
        }
    }

    // MARK: The executor

    /// Queues a message for the executor; the socket connects, so there is always room.
    func sendToExecutor(_ message: consuming Message) {
        do throws(ZeroMQError) {
            try sockets.results.send(message)
        } catch {
            log.log(.error, "a message to the executor was not sent: \(error)")
        }
    }

    private func forwardResult(_ handle: TaskHandle, retained: Bool) {
        guard let message = currentResult.take() else { return }
        if retained {
            store.keep(message.shared(), under: handle)
        } else {
            store.release(handle)
        }
        sendToExecutor(message)
    }

    private func report(_ handle: TaskHandle, _ id: Int, _ lost: LostManager, retained: Bool) {
        let payload: [UInt8]
        if state.speaksApus {
            payload = FailureBuffer.encode(
                ExecutionError(
                    .managerLost,
                    "manager \(lost.identity) on \(lost.host), which had task \(id), is lost: \(lost.reason)"))
        } else {
            payload = FailureBuffer.managerLost(manager: lost.identity.description, host: lost.host)
        }
        let message = Message(adopting: ResultEnvelope.encode(taskID: id, kind: .exception, payload: payload))
        if retained {
            store.keep(message.shared(), under: handle)
        } else {
            store.release(handle)
        }
        sendToExecutor(message)
    }

    // MARK: Monitoring

    private func forwardMonitoring(_ payload: [UInt8]) {
        if let hub = sockets.hub {
            do throws(ZeroMQError) {
                try hub.send(Message(copying: payload))
            } catch {
                log.log(.error, "a monitoring record was not sent: \(error)")
            }
        }
        if state.executorMonitors {
            sendToExecutor(Message(adopting: ExecutorMessage.encodeMonitoring(payload: payload)))
        }
    }

    private func encode(_ record: NodeRecord, _ now: UInt64) -> [UInt8] {
        let wall = WallClock.seconds
        func onTheWall(_ moment: UInt64) -> Double {
            wall - Double(now >= moment ? now - moment : 0) / 1e9
        }
        return NodeInfoMessage.encode(
            registration: record.registration, tasks: record.tasks, active: record.active, draining: record.draining,
            lastHeartbeat: onTheWall(record.lastHeartbeat), idleSince: record.idleSince.map(onTheWall),
            runID: start.runID, timestamp: wall)
    }
}
