import Glibc
import SystemSupport
import WireProtocol
import WorkflowCore
import ZeroMQ

extension ManagerService {
    func startWorker(_ index: Int) {
        outputs[index].processBegins()
        do {
            let worker = try WorkerProcess(configuration, output: outputs[index], bindings[index], node: node)
            workers[index] = worker
            try poller.add(descriptor: worker.descriptor, .read, id: WatchID.stream(index))
            try poller.add(descriptor: worker.process.processDescriptor, .read, id: WatchID.process(index))
            let message = WorkerConfigurationMessage(
                runID: configuration.runID, managerID: configuration.uid, blockID: configuration.blockID,
                index: index, workerCount: workerCount, host: host,
                workingDirectory: configuration.workingDirectory ?? "", environment: nil,
                monitoring: configuration.monitoring, echo: echo != nil)
            worker.outgoing.append(.configuration, .bytes(try message.encode()))
            touched.insert(index)
            log.write("worker \(index): process \(worker.process.pid) started")
        } catch {
            // A program that cannot be started will not start the second time either.
            handle(.workerUnusable(index, "worker \(index) on \(host) cannot be started: \(error)"))
        }
    }

    func readWorker(_ index: Int, _ readiness: Readiness) {
        guard index < workers.count, let worker = workers[index] else { return }
        if readiness.writable { touched.insert(index) }
        guard readiness.readable, !worker.hasClosed else { return }
        if !read(worker, index, all: false) { close(worker, index) }
    }

    /// Reads frames; false when the stream has ended or makes no sense.
    private func read(_ worker: WorkerProcess, _ index: Int, all: Bool) -> Bool {
        do {
            return try worker.incoming.read(from: worker.descriptor, all: all) { kind, body in
                try take(kind, body, from: index)
            }
        } catch {
            log.write("worker \(index): \(error); it is killed")
            worker.process.signalGroup(9)
            return false
        }
    }

    /// A worker that closed its stream ends, or is ended: without the stream it is of no use.
    private func close(_ worker: WorkerProcess, _ index: Int) {
        worker.hasClosed = true
        poller.remove(id: WatchID.stream(index))
        worker.process.signal(9)
    }

    private func take(_ kind: UInt32, _ body: [UInt8], from index: Int) throws {
        switch WorkerFrame.Kind(rawValue: kind) {
        case .result:
            let envelope = try body.withUnsafeBytes { bytes throws(WireError) in try ResultEnvelope.parse(bytes) }
            currentResult = body
            if echo != nil { touched.insert(index) }
            if envelope.kind == .exception, state.isWarned(envelope.taskID) {
                handle(.workerGaveUp(index, task: envelope.taskID))
            } else {
                handle(.workerResult(index, task: envelope.taskID))
            }
        case .monitoring: transmit(body)
        case .ready: ready(try WorkerReadyMessage.decode(body), index)
        case .overdue:
            let message = try OverdueMessage.decode(body)
            log.write(
                "task \(message.task): its walltime of \(message.limit) s is over; worker \(index) asked it to stop")
            handle(
                .workerOverdue(index, task: message.task, limit: message.limit, elapsed: message.elapsed))
        case .configuration, .task, .placedTask, .stop, .cancel, .recall, nil:
            throw WireError(.unknownMessage, "a frame of kind \(kind) from a worker")
        case .returned:
            let tasks = try body.withUnsafeBytes { bytes throws(WireError) in try PackedIDs.decode(bytes) }
            log.write("worker \(index) gives back \(Counted.text(tasks.count, "task")) from behind a long one")
            handle(.workerReturned(index, tasks: tasks))
        }
    }

    private func ready(_ message: WorkerReadyMessage, _ index: Int) {
        if let failure = message.failure {
            return handle(.workerUnusable(index, "worker \(index) on \(host) cannot run tasks: \(failure)"))
        }
        if fingerprint.isEmpty {
            fingerprint = message.fingerprint
            rows = message.rows
        }
        guard fingerprint == message.fingerprint else {
            let missing = rows.filter { !message.rows.contains($0) }.prefix(5).joined(separator: "; ")
            let more = message.rows.filter { !rows.contains($0) }.prefix(5).joined(separator: "; ")
            return handle(
                .workerUnusable(
                    index,
                    "worker \(index) on \(host) knows other tasks than this manager: the worker lacks [\(missing)] and has "
                        + "[\(more)] besides; declare the same apps in every process, whatever its role"))
        }
        log.write("worker \(index): ready with \(Counted.text(message.rows.count, "task"))")
        handle(.workerReady(index))
    }

    /// The process has ended: everything it had written counts, then its end.
    func workerEnded(_ index: Int) {
        guard index < workers.count, let worker = workers[index], let status = worker.process.poll() else { return }
        if status == .signalled(SIGTERM), deferredEnds[index] == nil {
            // A scheduler that ends a job tells all its processes, in any order: when the manager is told as well, that is
            // the reason, and not a worker that was lost.
            deferredEnds[index] = now &+ Self.ownSignalTime
            poller.remove(id: WatchID.process(index))
            return
        }
        deferredEnds[index] = nil
        if !worker.hasClosed { _ = read(worker, index, all: true) }
        poller.remove(id: WatchID.stream(index))
        poller.remove(id: WatchID.process(index))
        if echo != nil { showLines(of: index, atEnd: true) }
        workers[index] = nil
        let (fatal, lines) = outputs[index].errorTail()
        let report = LossReport(
            index: index, processID: worker.process.pid, host: host, status: status, fatal: fatal, lines: lines,
            errorPath: outputs[index].errorPath)
        handle(.workerEnded(index, report.ending))
    }

    /// Deals with workers that were told to end, when the manager was not.
    func takeDeferredEnds() {
        for (index, moment) in deferredEnds where moment <= now { workerEnded(index) }
    }

    /// Writes what is due to workers; what does not fit now waits for the poller.
    func flushWorkers() {
        for index in touched {
            guard let worker = workers[index], !worker.hasClosed else { continue }
            do throws(SystemError) {
                // A worker that has closed is dealt with when its end is seen.
                _ = try worker.outgoing.flush(to: worker.descriptor)
            } catch {
                log.write("worker \(index): \(error); it is killed")
                worker.process.signalGroup(9)
            }
            let awaitsRoom = !worker.outgoing.isEmpty
            if !awaitsRoom, let running = state.workers[index].queue.first { held[running.id]?.release() }
            guard awaitsRoom != worker.awaitsRoom else { continue }
            worker.awaitsRoom = awaitsRoom
            do throws(ZeroMQError) {
                try poller.setInterest(id: WatchID.stream(index), awaitsRoom ? [.read, .write] : .read)
            } catch {
                log.write("worker \(index): \(error)")
            }
        }
        touched.removeAll(keepingCapacity: true)
    }

    /// Ends every worker: SIGTERM to all, a common time, SIGKILL.
    func stopWorkers() {
        for worker in workers { worker?.process.signalGroup(15) }
        let deadline = Monotonic.deadline(after: Self.teardownTime)
        for (index, worker) in workers.enumerated() {
            guard let worker else { continue }
            poller.remove(id: WatchID.stream(index))
            poller.remove(id: WatchID.process(index))
            let left = deadline > Monotonic.nanoseconds ? deadline - Monotonic.nanoseconds : 0
            worker.process.teardown([.terminate(allowed: .nanoseconds(left))])
            if echo != nil { showLines(of: index, atEnd: true) }
            workers[index] = nil
        }
    }

    // MARK: Echo

    /// Shows what workers wrote: those that answered in this round, and at a tick all that run something.
    func echoOutput(atTick: Bool) {
        for index in workers.indices where touched.contains(index) || (atTick && !state.workers[index].queue.isEmpty) {
            showLines(of: index, atEnd: false)
        }
        echo?.flush()
    }

    func showLines(of index: Int, atEnd: Bool) {
        let lines = outputs[index].newLines(atEnd: atEnd)
        if !lines.isEmpty { echo?.add(lines, app: apps.names[appOfWorker[index]]) }
    }
}
