import SystemSupport
import WireProtocol
import WorkflowCore

extension ManagerService {
    func perform(_ effect: ManagerEffect) {
        switch effect {
        case .startWorker(let index): startWorker(index)
        case .killWorker(let index): if let worker = workers[index] { kill(worker) }
        case .write(let task, let index): write(task, to: index)
        case .writePlaced(let task, let index, let grant): writePlaced(task, to: index, grant)
        case .recall(let index): control(index, .recall)
        case .cancelRunning(let task, let index):
            log.write("task \(task): worker \(index) is asked to stop it")
            control(index, .cancel, PackedIDs.encode([task]))
        case .forwardResult(let task): forward(currentResult, of: task)
        case .reportLost(let task, let index, let ending): reportLost(task, index, ending)
        case .reportUnfinished(let task, let reason): reportUnfinished(task, reason)
        case .reportStopped(let task, let how): reportStopped(task, how)
        case .register(let held, let capacity):
            log.write("registering with capacity \(capacity) and \(Counted.text(held.count, "task")) held")
            transmit(registration(holding: held, capacity: capacity).encode())
        case .resendResult(let task): if let bytes = unacknowledged[task] { transmit(bytes) }
        case .releaseResults(let ids): for id in ids { unacknowledged[id] = nil }
        case .announce(let capacity): transmit(ManagerMessage.encodeCapacity(capacity))
        case .sendHeartbeat: transmit(ManagerMessage.heartbeatBytes)
        case .sendDrain:
            log.write("the drain period is over; asking to be drained")
            transmit(ManagerMessage.drainBytes)
        case .log(let text): log.write(text)
        case .finish(let ending): self.ending = ending
        }
    }

    private func write(_ task: Int, to index: Int) {
        guard let worker = workers[index], let task = held[task], let payload = task.payload else {
            return log.write("task \(task) has no bytes or no worker \(index); this should not be")
        }
        if echo != nil, appOfWorker[index] != task.app {
            // Lines that were written before belong to the app before.
            showLines(of: index, atEnd: true)
            appOfWorker[index] = task.app
        }
        worker.outgoing.append(.task, payload)
        touched.insert(index)
    }

    private func forward(_ bytes: [UInt8], of task: Int) {
        held[task] = nil
        if state.peer == .apus { unacknowledged[task] = bytes }
        transmit(bytes)
    }

    /// Tells a worker something beside its tasks.
    private func control(_ index: Int, _ kind: WorkerFrame.Kind, _ body: [UInt8] = []) {
        guard let worker = workers[index], !worker.control.send(kind, body) else { return }
        // Its buffer holds thousands of these frames: such a worker was stopped, or is out of its mind.
        log.write("worker \(index) does not read what it is told; it is killed")
        worker.process.signalGroup(9)
    }

    private func reportStopped(_ task: Int, _ how: StoppedTask) {
        let report = StopReport(host: host, app: held[task]?.appName ?? "unknown", grace: configuration.cancelGrace)
        log.write("task \(task) (\(report.app)) \(report.text(how))")
        forward(ResultEnvelope.encode(taskID: task, kind: .exception, payload: report.payload(how)), of: task)
    }

    /// Reports a task of a manager that is about to end; worded as the interchange words it, so that the executor asks the
    /// scheduler why.
    private func reportUnfinished(_ task: Int, _ reason: String) {
        let error = ExecutionError(
            .managerLost, "manager \(configuration.uid) on \(host), which had task \(task), is lost: \(reason)")
        log.write("task \(task) is given up: \(reason)")
        forward(
            ResultEnvelope.encode(taskID: task, kind: .exception, payload: FailureBuffer.encode(error)), of: task)
    }

    private func reportLost(_ task: Int, _ index: Int, _ ending: String) {
        let title = held[task]?.title(task) ?? "task \(task)"
        let error = LossReport.error(index: index, host: host, task: title, ending: ending)
        log.write("task \(task) is lost: \(error.message)")
        let payload =
            state.peer == .apus
            ? FailureBuffer.encode(error) : FailureBuffer.workerLost(index: index, host: host)
        forward(ResultEnvelope.encode(taskID: task, kind: .exception, payload: payload), of: task)
    }
}
