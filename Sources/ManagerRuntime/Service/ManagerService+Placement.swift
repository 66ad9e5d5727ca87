import Glibc
import SystemSupport
import WireProtocol
import WorkflowCore

// Tasks that ask for more than a worker: what their workers are told, and what they may use of the memory.

/// A running task whose memory is watched.
struct WatchedMemory {
    var worker: Int
    var limit: Int
    /// What the worker and all below it had in use when the task began.
    var before: UInt64
}

extension ManagerService {
    /// How often the memory of tasks with a limit is looked at.
    static let memoryPause: UInt64 = 200_000_000

    /// Sends a task to a worker together with what of the node it has.
    func writePlaced(_ id: Int, to index: Int, _ grant: NodePool.Grant) {
        guard let worker = workers[index], let task = held[id], let payload = task.payload else {
            return log.write("task \(id) has no bytes or no worker \(index); this should not be")
        }
        if echo != nil, appOfWorker[index] != task.app {
            showLines(of: index, atEnd: true)
            appOfWorker[index] = task.app
        }
        do {
            let prefix = try PlacedTask.prefix(placement(grant, task.layout))
            worker.outgoing.append(.placedTask, prefix: prefix, payload)
            touched.insert(index)
        } catch {
            log.write("task \(id): its placement cannot be written: \(error)")
        }
        if grant.needs.memory > 0 {
            watchedMemory[id] = WatchedMemory(
                worker: index, limit: grant.needs.memory,
                before: ProcessFamily.residentBytes(of: worker.process.pid))
        }
    }

    /// What a task finds in its environment.
    private func placement(_ grant: NodePool.Grant, _ layout: RankLayout?) -> PlacementMessage {
        var result = PlacementMessage()
        let needs = grant.needs
        if needs.cores > 0 {
            result.variables["APUS_TASK_CORES"] = "\(needs.cores)"
            result.variables["OMP_NUM_THREADS"] = "\(needs.cores)"
        }
        if !grant.processors.isEmpty {
            result.processors = grant.processors
            result.variables.merge(WorkerBinding.threads(grant.processors)) { $1 }
        }
        if needs.memory > 0 { result.variables["APUS_TASK_MEMORY"] = "\(needs.memory)" }
        if !grant.devices.isEmpty {
            let names = grant.devices.map { configuration.accelerators.names[$0] }
            result.variables.merge(Accelerators.variables(names)) { $1 }
        }
        if needs.nodes > 0, let launcher = configuration.mpiLauncher {
            let names = grant.nodes.map { blockNodes[$0] }
            let layout = layout ?? RankLayout(ranksPerNode: 1, ranks: names.count)
            result.variables.merge(MPIPrefix.variables(launcher, layout, nodes: names)) { $1 }
        }
        return result
    }

    /// Looks at the memory of tasks with a limit, when that is due.
    func watchMemory() {
        guard now >= nextMemoryLook else { return }
        nextMemoryLook = now &+ Self.memoryPause
        for (id, watched) in watchedMemory {
            guard case .sent(watched.worker) = state.standing[id], let worker = workers[watched.worker] else {
                watchedMemory[id] = nil
                continue
            }
            let used = ProcessFamily.residentBytes(of: worker.process.pid)
            guard used > watched.before, used - watched.before > UInt64(watched.limit) else { continue }
            watchedMemory[id] = nil
            handle(.memoryExceeded(watched.worker, task: id, reached: Int(used - watched.before)))
        }
    }

    /// Kills a worker and everything below it, also what has a process group of its own.
    func kill(_ worker: WorkerProcess) {
        // The number of one that has ended may be another's by now.
        guard worker.process.poll() == nil else { return }
        let family = ProcessFamily.descendants(of: worker.process.pid)
        worker.process.signalGroup(SIGKILL)
        for pid in family { _ = Glibc.kill(pid, SIGKILL) }
    }
}
