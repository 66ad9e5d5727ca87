@testable import Provisioning

/// A batch system, its nodes and a load, in virtual time, around a real scaling state.
///
/// Everything that can be slow or wrong is: submissions, queues, starts, status answers, cancels, managers that never
/// come or go silent, walltimes, and a scheduler that is out of order for a while.
struct ScalingSimulation {
    struct Trouble {
        /// Chances out of a thousand.
        var submitFails = 0
        var neverRegisters = 0
        var jobFails = 0
        var goesSilent = 0
        var cancelFails = 0
        var statusFails = 0
        /// A status answer says of a job that it is over, though it runs.
        var statusLies = 0
        /// Seconds after which the scheduler has forgotten a job that is over.
        var memory = Int.max
        var statusPeriod = 60
        var longestQueue = 300
        var longestSubmit = 20
        var walltime: Int?
        /// Seconds in which the scheduler refuses everything.
        var outage: Range<Int>?
    }

    private struct Job {
        var takenAt: Int
        var startsAt: Int
        var registersAt: Int?
        var silentAt: Int?
        var endsAt: Int?
        var end: BlockEnd.Reason = .completed
        var cancelAt: Int?
        var isHeld = false
        var tasks = 0
        var idleSince = 0
        var over = false
        var overAt = 0

        func registered(_ now: Int) -> Bool {
            guard let registersAt, now >= registersAt, !over else { return false }
            return silentAt.map { now < $0 } ?? true
        }
    }

    private var random: SeededRandom
    private let trouble: Trouble
    private(set) var state: ScalingState
    private var jobs: [BlockNumber: Job] = [:]
    private var submissions: [(at: Int, block: BlockNumber)] = []
    private(set) var now = 0
    private(set) var load = 0
    private var armedLoad: Int?
    private var endedBefore = 0
    /// What went wrong.
    private(set) var complaints: [String] = []
    private(set) var started = 0
    private(set) var mostLiving = 0
    private(set) var lostTasks = 0
    private(set) var lastActionAt = 0

    init(seed: UInt64, trouble: Trouble = Trouble(), _ settings: ScalingSettings) {
        random = SeededRandom(seed: seed)
        self.trouble = trouble
        state = ScalingState(settings)
    }

    private mutating func chance(_ perThousand: Int) -> Bool { random.next(below: 1000) < perThousand }

    private mutating func send(_ event: ScalingState.Event) {
        var actions: [ScalingState.Action] = []
        let before = state.living.count
        state.handle(event, at: UInt64(now) * 1_000_000_000, into: &actions)
        // With thousands of blocks a look at all of them after each event would take minutes.
        if event == .tick || state.living.count < 100 {
            if let fault = state.checkInvariants() { complaints.append("\(now) s: \(fault)") }
            mostLiving = max(mostLiving, state.living.count { !$0.value.isStray })
        }
        // A block that ended by itself, or came back, changes what there is; that is no oscillation.
        if state.living.count != before {
            let endedByItself = state.ends.count { $0 != nil && $0 != .scaledIn }
            if endedByItself != endedBefore { armedLoad = nil }
            endedBefore = endedByItself
        }
        for action in actions { perform(action) }
    }

    private mutating func perform(_ action: ScalingState.Action) {
        lastActionAt = now
        switch action {
        case .start(let blocks):
            if let armedLoad { complaints.append("\(now) s: started after an end at load \(armedLoad), now \(load)") }
            started += blocks.count
            for block in blocks { submissions.append((now + random.next(below: trouble.longestSubmit + 1), block)) }
        case .hold(let blocks):
            // A block that was taken for ended and replaced is ended for that, not for want of load.
            if blocks.contains(where: { state.living[$0]?.isStray == false }) { armedLoad = load }
            for block in blocks { jobs[block]?.isHeld = true }
            send(.held(blocks))
        case .cancel(let blocks):
            // A block that is given up for its silence may be replaced at once.
            if blocks.contains(where: { state.living[$0]?.silenced == true }) { armedLoad = nil }
            for block in blocks where !chance(trouble.cancelFails) && !isOut {
                let at = now + random.next(below: 30)
                let earlier = jobs[block]?.cancelAt ?? .max
                jobs[block]?.cancelAt = min(earlier, at)
            }
        case .fail: break
        }
    }

    private var isOut: Bool { trouble.outage?.contains(now) ?? false }

    /// Lets one second pass with this many tasks.
    mutating func step(load newLoad: Int) {
        if let armed = armedLoad, newLoad > armed { armedLoad = nil }
        if newLoad != load {
            load = newLoad
            send(.load(load))
        }
        answerSubmissions()
        advanceJobs()
        if now % 5 == 0 {
            placeTasks()
            send(.managers(snapshot()))
            send(.tick)
        }
        if now % trouble.statusPeriod == 0, !isOut, !chance(trouble.statusFails) { reportStatus() }
        now += 1
    }

    private mutating func answerSubmissions() {
        let due = submissions.filter { $0.at <= now }
        guard !due.isEmpty else { return }
        submissions.removeAll { $0.at <= now }
        for (_, block) in due {
            if isOut || chance(trouble.submitFails) {
                send(.notStarted(block, "simulated refusal"))
                continue
            }
            let start = now + 1 + random.next(below: trouble.longestQueue + 1)
            var job = Job(takenAt: now, startsAt: start)
            if !chance(trouble.neverRegisters) { job.registersAt = start + 1 + random.next(below: 30) }
            if chance(trouble.goesSilent) { job.silentAt = start + 60 + random.next(below: 600) }
            if let walltime = trouble.walltime {
                job.endsAt = start + walltime
                job.end = .timeout
            }
            if chance(trouble.jobFails) {
                job.endsAt = start + random.next(below: 20)
                job.end = .failed
            }
            jobs[block] = job
            send(.started(block))
        }
    }

    private mutating func advanceJobs() {
        for (block, var job) in jobs where !job.over {
            let tasks = job.registered(now) ? job.tasks : 0
            if let cancelAt = job.cancelAt, now >= cancelAt {
                job.over = true
                job.end = .cancelled
            } else if let endsAt = job.endsAt, now >= endsAt {
                job.over = true
            } else {
                continue
            }
            // Ended with tasks: only walltimes and failures may do that.
            if job.end == .cancelled { lostTasks += tasks }
            job.overAt = now
            jobs[block] = job
        }
    }

    /// Spreads the load over the registered managers, up to one task a worker.
    private mutating func placeTasks() {
        var left = load
        let slots = state.settings.slotsPerBlock
        for block in jobs.keys.sorted() {
            guard var job = jobs[block], !job.over else { continue }
            let had = job.tasks
            // A held block keeps what it had as long as the load lasts, and gets nothing more.
            let tasks = job.registered(now) ? min(left, job.isHeld ? had : slots) : 0
            left -= tasks
            job.tasks = tasks
            if tasks > 0 { job.idleSince = now } else if had > 0 || !job.registered(now) { job.idleSince = now }
            jobs[block] = job
        }
    }

    private func snapshot() -> [ScalingState.BlockManagers] {
        jobs.filter { $0.value.registered(now) }.map { block, job in
            let idle = UInt64(now - job.idleSince) * 1_000_000_000
            return .init(block: block, count: 1, tasks: job.tasks, idle: idle)
        }
    }

    private mutating func reportStatus() {
        for block in state.living.keys.sorted() {
            guard let job = jobs[block] else { continue }
            if job.over {
                send(.job(block, now - job.overAt > trouble.memory ? .absent : .over(BlockEnd(job.end))))
                if state.living[block] == nil { jobs[block] = nil }
            } else if chance(trouble.statusLies) {
                send(.job(block, chance(500) ? .unknown : .over(BlockEnd(.completed))))
            } else {
                send(.job(block, now >= job.startsAt ? .running : .waiting))
            }
        }
    }

    /// Lets a second pass for each of these loads; other tests get their turn now and then.
    mutating func run(_ loads: [Int]) async {
        for load in loads {
            step(load: load)
            if now % 50 == 0 { await Task.yield() }
        }
    }

    /// Ends the executor and gives it some time; everything must be over then.
    mutating func finish() async {
        send(.stop(afterTasks: false))
        let limit = now + 4000
        while !state.isFinished, now < limit { await run([0]) }
        if !state.isFinished { complaints.append("blocks did not end: \(state.living.keys.sorted())") }
        let alive = jobs.filter { !$0.value.over && !wasLied($0.key) }
        if !alive.isEmpty { complaints.append("jobs still run: \(alive.keys.sorted())") }
    }

    /// A job of which the scheduler says that it is over, and which never registers, cannot be known to live.
    private func wasLied(_ block: BlockNumber) -> Bool { trouble.statusLies > 0 && state.living[block] == nil }
}

/// The same numbers for the same seed (splitmix64).
struct SeededRandom {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(below limit: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(max(1, limit)))
    }
}
