import SystemSupport
import WireProtocol
import WorkflowCore

extension ManagerService {
    func perform(_ effect: ManagerEffect) {
        switch effect {
        case .startWorker(let index): startWorker(index)
        case .killWorker(let index): workers[index]?.process.signalGroup(9)
        case .write(let task, let index): write(task, to: index)
        case .recall(let index): workers[index]?.recallBell.ring()
        case .forwardResult(let task): forward(currentResult, of: task)
        case .reportLost(let task, let index, let ending): reportLost(task, index, ending)
        case .register(let held, let capacity):
            log.write("registering with capacity \(capacity) and \(held.count) tasks held")
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
