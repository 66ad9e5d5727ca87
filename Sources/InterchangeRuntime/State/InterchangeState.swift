import HeapModule
package import WireProtocol

/// What the interchange knows and decides, without any I/O: events and the time go in, effects come out.
///
/// It deals in numbers, sizes and handles; the bytes of tasks and results are somebody else's. The cost of an event does
/// not depend on how many managers there are or how many tasks are queued: the queue is a list with a heap beside it
/// (``TaskLedger``), numbers are found without hashing (``IdentifierTable``), candidates stand in buckets (``CandidatePool``), and silence is found by a heap of timers in which
/// each manager has at most one entry of a kind, moved on only when it comes up.
///
/// Time is nanoseconds on a clock that stops while the machine sleeps.
package struct InterchangeState: Sendable {
    let settings: InterchangeSettings
    var ledger = TaskLedger()
    /// Managers by slot; a free slot keeps the record of its last use.
    var managers: ContiguousArray<ManagerRecord> = []
    /// How often each slot was freed.
    var generations: ContiguousArray<UInt32> = []
    var freeSlots: [Int] = []
    var slots: [ManagerIdentity: Int] = [:]
    /// Start times of managers that were held when they were lost: a hold outlives a broken connection.
    var heldWhenLost: [ManagerIdentity: Double] = [:]
    /// Blocks whose managers get no tasks, those to come included.
    var heldBlocks: Set<String> = []
    /// Start times of managers that were drained and told to end, should a registration of theirs come late.
    var drained: [ManagerIdentity: Double] = [:]
    var descriptors: [Int32: ManagerIdentity] = [:]
    /// Managers whose connection is not known by its descriptor.
    var unlocated: Set<Int> = []
    /// Those of them that are not in doubt: a connection of unknown descriptor that closes may be theirs.
    var unwatched: Set<Int> = []
    /// Managers that are in doubt.
    var suspectCount = 0
    /// The most that were in doubt at once since the last time that none was.
    var stormSize = 0
    /// Results passed on and not yet acknowledged to their managers, by slot.
    var acknowledgements: ContiguousArray<[Int]> = []
    var candidates = CandidatePool()
    var timers = Heap<ManagerTimer>()
    var generator: SeededGenerator
    /// What an Apus executor said of itself; nil for a stock one.
    var hello: ExecutorHello? {
        didSet {
            retainsResults = hello != nil
            monitors = settings.monitors || executorMonitors
        }
    }
    // Asked for each result, so they are stored: to ask a method that changes nothing, Swift copies the whole state.
    /// Whether results are kept until the executor acknowledges them.
    private(set) var retainsResults = false
    /// Whether records of managers are wanted by anybody.
    private(set) var monitors: Bool
    /// Tasks in flight that were cancelled.
    var cancels: [Int: CancelStanding] = [:]
    /// The block of each accepted registration, in order.
    package private(set) var connectedBlocks: [BlockLabel] = []
    var registrationCount = 0
    /// What the demanding tasks in flight asked for.
    var demandsInFlight: [Int: TaskNeeds] = [:]
    /// Managers that have changed since demanding tasks were handed out.
    var freedSlots: [Int] = []
    /// Where the next look for a manager with room begins.
    var demandCursor = 0
    /// When all managers may be looked at again.
    var nextSlowLook: UInt64 = 0
    /// Managers that get a batch at the end of this turn.
    var touched: [Int] = []

    /// An interchange without managers and tasks.
    package init(settings: InterchangeSettings) {
        self.settings = settings
        monitors = settings.monitors
        generator = SeededGenerator(seed: settings.seed)
        candidates.packs = settings.selector == .packed
    }

    /// Takes note of one event and appends what is to be done to `effects`.
    package mutating func handle(_ event: InterchangeEvent, at now: UInt64, into effects: inout InterchangeEffects) {
        switch event {
        case .taskArrived(let handle, let id, let priority, let size):
            if !ledger.enqueue(handle, id: id, priority: priority, size: size) {
                effects.list.append(.dropTask(handle, id: id))
            }
        case .demandingTaskArrived(let handle, let id, let priority, let size, let needs):
            queue(handle, id, priority, size, needs, into: &effects)
        case .turnEnded:
            handOut(at: now, into: &effects)
        case .result(let identity, let id, let size):
            finish(id, size: size, at: identity, now: now, into: &effects)
        case .heartbeat(let identity):
            heartbeat(of: identity, at: now, into: &effects)
        case .monitoring(let identity):
            guard heard(identity, at: now) != nil else { return logUnknown(identity, "monitoring", into: &effects) }
            effects.list.append(.forwardMonitoring)
        case .registration(let identity, let arrival):
            register(identity, arrival, at: now, into: &effects)
        case .drainRequested(let identity):
            guard let slot = heard(identity, at: now) else { return logUnknown(identity, "drain", into: &effects) }
            drain(slot, at: now, into: &effects)
        case .capacity(let identity, let capacity):
            guard let slot = heard(identity, at: now), managers[slot].isApus else {
                return logUnknown(identity, "capacity", into: &effects)
            }
            managers[slot].maxCapacity = capacity
            refresh(slot)
        case .hold(let identity):
            hold(identity, at: now, into: &effects)
        case .holdBlocks(let blocks):
            hold(blocks: blocks, at: now, into: &effects)
        case .hello(let hello):
            present(hello, at: now, into: &effects)
        case .resume(let outstanding):
            resume(outstanding, into: &effects)
        case .acknowledged(let ids):
            for id in ids {
                guard let handle = ledger.release(id) else { continue }
                effects.list.append(.releaseResult(handle))
            }
        case .cancel(let ids):
            cancel(ids, at: now, into: &effects)
        case .disconnected(let descriptor):
            disconnected(descriptor, at: now, into: &effects)
        case .located(let identity, let descriptor):
            locate(identity, descriptor)
        case .reachable(let identity):
            confirm(identity, isReachable: true, at: now, into: &effects)
        case .unreachable(let identity):
            confirm(identity, isReachable: false, at: now, into: &effects)
        case .wokeLate:
            forgive(at: now)
        case .tick:
            runTimers(at: now, into: &effects)
        case .ending:
            // With a stock executor the pools end as Parsl ends them: by its provider, or by their own threshold.
            for slot in slotsInOrder where retainsResults || managers[slot].isApus {
                effects.list.append(.shutdown(managers[slot].identity))
            }
        }
        if !ledger.buried.isEmpty {
            for handle in ledger.takeBuried() { effects.list.append(.releaseTask(handle)) }
        }
    }

    /// When ``InterchangeEvent/tick`` is due next; nil when nothing waits for time to pass.
    package var nextDeadline: UInt64? {
        guard let demand = demandDeadline else { return timers.min?.deadline }
        return min(demand, timers.min?.deadline ?? .max)
    }

    /// Tasks that wait for a manager.
    package var queuedCount: Int { ledger.queuedCount + ledger.demands.count }

    /// Managers that are registered.
    package var managerCount: Int { slots.count }

    /// Whether ``InterchangeEvent/located(_:descriptor:)`` is of use for some manager.
    package var wantsDescriptors: Bool { !unlocated.isEmpty }

    /// Whether the executor speaks the Apus extensions.
    package var speaksApus: Bool { hello != nil }

    /// Whether the executor wants monitoring records itself.
    package var executorMonitors: Bool { hello?.monitoring == true }

    /// Notes that a manager sent something; nil for one that is not registered.
    mutating func heard(_ identity: ManagerIdentity, at now: UInt64) -> Int? {
        guard let slot = slots[identity] else { return nil }
        managers[slot].lastHeard = now
        return slot
    }

    func logUnknown(_ identity: ManagerIdentity, _ kind: String, into effects: inout InterchangeEffects) {
        effects.list.append(.log(.warning, "\(kind) message of unregistered manager \(identity): ignored"))
    }

    mutating func remember(block: BlockLabel) {
        connectedBlocks.append(block)
    }

    /// Makes a manager a candidate or not, by what its record says.
    mutating func refresh(_ slot: Int) {
        if !ledger.demands.isEmpty { freedSlots.append(slot) }
        guard managers[slot].canTake, !managers[slot].isByteBlocked else {
            candidates.remove(slot)
            return
        }
        let order: CandidatePool.Order
        if settings.selector == .blockID {
            order = .block
        } else {
            order = managers[slot].isApus ? .level : .random
        }
        let block = order == .block ? managers[slot].registration.blockID.text : ""
        candidates.insert(slot, order: order, level: managers[slot].level, block: block)
    }

    /// Appends a record of a manager for the hub, if anybody wants it.
    mutating func reportNode(_ slot: Int, into effects: inout InterchangeEffects) {
        if monitors { report(slot, into: &effects) }
    }

    /// Notes that the tasks of a manager have changed, and appends a record when it is busy now and was idle, or is idle and
    /// was busy.
    ///
    /// What changes in between is told with its next heartbeat: a record lists all its tasks, and one for each result would
    /// cost a multiple of the result. An Apus executor is told nothing of tasks by these records, and gets them with
    /// heartbeats alone.
    mutating func reportLoad(_ slot: Int, into effects: inout InterchangeEffects) {
        guard monitors else { return }
        if settings.monitors, managers[slot].wasReportedBusy != (managers[slot].inFlight > 0) {
            report(slot, into: &effects)
        } else {
            managers[slot].isReportDue = true
        }
    }

    /// Appends the record of a manager whose tasks have changed since the last one.
    mutating func reportDue(_ slot: Int, into effects: inout InterchangeEffects) {
        if managers[slot].isReportDue { reportNode(slot, into: &effects) }
    }

    private mutating func report(_ slot: Int, into effects: inout InterchangeEffects) {
        managers[slot].wasReportedBusy = managers[slot].inFlight > 0
        managers[slot].isReportDue = false
        let manager = managers[slot]
        effects.list.append(
            .nodeInfo(
                NodeRecord(
                    registration: manager.registration, tasks: tasksInFlight(at: slot), active: manager.active,
                    draining: manager.draining, lastHeartbeat: manager.lastHeartbeat, idleSince: manager.idleSince)))
    }

    /// The numbers of a manager's tasks in flight, oldest hand-over first.
    func tasksInFlight(at slot: Int) -> [Int] {
        var ids: [Int] = []
        ids.reserveCapacity(managers[slot].inFlight)
        var index = managers[slot].head
        while index >= 0 {
            let record = ledger.records[Int(index)]
            ids.append(record.id)
            index = record.next
        }
        return ids
    }

    /// Tells an Apus executor about a manager.
    func notify(
        _ kind: ExecutorNotice.Kind, _ registration: Registration, _ text: String,
        into effects: inout InterchangeEffects
    ) {
        guard hello != nil else { return }
        effects.list.append(
            .notice(
                ExecutorNotice(
                    kind: kind, manager: registration.uid, blockID: registration.blockID.text,
                    workerCount: registration.workerCount, text: text)))
    }
}
