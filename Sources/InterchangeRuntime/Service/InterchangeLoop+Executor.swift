import SystemSupport
import WireProtocol
import WorkflowCore
import ZeroMQ

// What comes from the executor: tasks, commands, acknowledgements.

extension InterchangeLoop {
    @discardableResult
    func readTasks(_ now: UInt64) throws(ZeroMQError) -> Int {
        var count = 0
        let logsEach = log.isEnabled(.debug)
        while count < Self.messagesPerTurn, let message = try sockets.tasks.receive() {
            count += 1
            if message.hasMore {
                try sockets.tasks.discardRest()
                log.log(.warning, "a task message of several frames: dropped")
                continue
            }
            let envelope: TaskEnvelope
            do throws(WireError) {
                let parsed = try message.withUnsafeBytes { bytes throws(WireError) in
                    try TaskChannelMessage.parse(bytes)
                }
                switch parsed {
                case .task(let task): envelope = task
                case .cancel(let ids):
                    log.log(.info, "the executor cancels \(ids.count == 1 ? "task \(ids[0])" : "\(ids.count) tasks")")
                    handle(.cancel(ids), at: now)
                    continue
                }
            } catch {
                refuse(message, error)
                continue
            }
            let size = message.count
            memory.note(size)
            let handle = store.add(message, envelope)
            let event: InterchangeEvent =
                if let needs = envelope.needs {
                    .demandingTaskArrived(handle, id: envelope.taskID, priority: envelope.priority, size: size, needs)
                } else {
                    .taskArrived(handle, id: envelope.taskID, priority: envelope.priority, size: size)
                }
            state.handle(event, at: now, into: &effects)
            if !effects.list.isEmpty {
                perform(at: now)
            } else if logsEach {
                log.log(.debug, "Put task \(envelope.taskID) onto pending_task_queue")
            }
        }
        return count
    }

    /// Answers a task message that cannot be read, so that its executor does not wait for ever.
    private func refuse(_ message: borrowing Message, _ error: WireError) {
        guard let taskID = message.withUnsafeBytes({ TaskEnvelope.taskID(in: $0) }) else {
            log.log(.error, "a task message of \(message.count) bytes cannot be read, and was dropped: \(error)")
            return
        }
        let text =
            "the message of task \(taskID), \(message.count) bytes, cannot be read by the interchange: \(error); "
            + "its executor and the interchange may be of different versions"
        log.log(.error, text)
        let failure =
            state.speaksApus
            ? FailureBuffer.encode(ExecutionError(.peerError, text)) : FailureBuffer.runtimeError(text)
        sendToExecutor(Message(adopting: ResultEnvelope.encode(taskID: taskID, kind: .exception, payload: failure)))
    }

    @discardableResult
    func readCommands(_ now: UInt64) throws(ZeroMQError) -> Int {
        var count = 0
        while count < Self.messagesPerTurn, let message = try sockets.commands.receive() {
            count += 1
            let command: InterchangeCommand
            if message.hasMore {
                try sockets.commands.discardRest()
                command = .unknown("a request of several frames")
            } else {
                command = message.withUnsafeBytes { InterchangeCommand.parse($0) }
            }
            answer(command, now)
        }
        return count
    }

    private func answer(_ command: InterchangeCommand, _ now: UInt64) {
        switch command {
        case .workerBinds:
            reply(CommandReply.port(sockets.workerPort))
        case .connectedBlocks:
            reply(CommandReply.blocks(state.connectedBlocks))
        case .managers:
            reply(CommandReply.managers(state.managerSummaries(at: now)))
        case .managersPackages:
            reply(CommandReply.packages(state.managerPackages))
        case .hold(let manager):
            handle(.hold(ManagerIdentity(manager)), at: now)
            reply(CommandReply.none())
        case .hello(let hello):
            log.log(.info, "the executor speaks the Apus extensions, version \(hello.version)")
            handle(.hello(hello), at: now)
            reply(CommandReply.helloAccepted())
        case .resume(let outstanding):
            log.log(.info, "the executor connected again and waits for \(outstanding.count) tasks")
            handle(.resume(outstanding: outstanding), at: now)  // replies by an effect
        case .blocks(let hold):
            // One reply for both: what it lists was so after the hold.
            if !hold.isEmpty { handle(.holdBlocks(hold), at: now) }
            reply(CommandReply.blockSummaries(state.blockSummaries(at: now)))
        case .inspect(let tasks):
            reply(state.inspection(of: tasks, at: now).encode())
        case .unknown(let text):
            log.log(.error, "unknown command: \(text)")
            reply(CommandReply.none())
        }
    }

    /// Answers the request being handled; every request needs exactly one reply.
    func reply(_ bytes: [UInt8]) {
        do throws(ZeroMQError) {
            try sockets.commands.send(Message(adopting: bytes))
        } catch {
            log.log(.error, "a command was not answered: \(error)")
        }
    }

    @discardableResult
    func readAcknowledgements(_ now: UInt64) throws(ZeroMQError) -> Int {
        var count = 0
        while count < Self.messagesPerTurn, let message = try sockets.results.receive() {
            count += 1
            if message.hasMore {
                try sockets.results.discardRest()
                log.log(.warning, "an acknowledgement of several frames: dropped")
                continue
            }
            do throws(WireError) {
                let ids = try message.withUnsafeBytes { bytes throws(WireError) in
                    try ExecutorAcknowledgement.parse(bytes)
                }
                handle(.acknowledged(ids), at: now)
            } catch {
                log.log(.warning, "a message on the results channel cannot be read, and was dropped: \(error)")
            }
        }
        return count
    }
}
