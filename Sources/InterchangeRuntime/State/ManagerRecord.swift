import WireProtocol

/// What the state knows of one registered manager.
///
/// Looked at several times for each task, so all that is not a plain number is behind one reference: copying the texts
/// of a registration, which the compiler does where it looks at a field, cost more than all the rest.
struct ManagerRecord: Sendable {
    /// What is looked at when something happens to the manager itself.
    private final class Card: Sendable {
        let identity: ManagerIdentity
        let registration: Registration

        init(_ identity: ManagerIdentity, _ registration: Registration) {
            self.identity = identity
            self.registration = registration
        }
    }

    private var card: Card
    /// Which registration this is, counted: the order in which managers are listed.
    let order: Int
    /// Whether it speaks the Apus extensions.
    private(set) var isApus: Bool
    /// Whether it can be asked to stop tasks.
    private(set) var canCancel: Bool
    /// What its node has for tasks that ask for more than a worker; `nil` where that is not known.
    private(set) var resources: NodeCapacity?
    /// Its worker processes, at least 1: what the level and the byte window count with.
    var workers = 1
    /// How many tasks it takes.
    var maxCapacity = 0
    /// How many bytes of tasks it takes; unlimited for a stock pool.
    var byteCapacity = Int.max

    /// Whether it is given tasks; false once held.
    var active = true
    /// Whether it ends when it has nothing left.
    var draining = false
    /// Tasks in flight.
    var inFlight = 0
    /// Bytes of tasks in flight.
    var bytes = 0
    /// The tasks in flight, in the order of the hand-overs.
    var head: Int32 = -1
    var tail: Int32 = -1
    /// The first task of the batch being collected; -1 outside.
    var batch: Int32 = -1
    /// The next task did not fit into its window of bytes; looked at again when a result comes.
    var isByteBlocked = false

    /// When it registered or sent a heartbeat: what records and reports say.
    var lastHeartbeat: UInt64
    /// When it sent anything: what decides about its loss.
    var lastHeard: UInt64
    /// Nanoseconds of silence after which it is lost.
    var threshold: UInt64
    /// Since when it has had nothing to do.
    var idleSince: UInt64?
    /// When it wants to be drained.
    var drainAt: UInt64?
    /// Its connection is gone; when it is not back by then it is lost.
    var suspectUntil: UInt64?
    /// The descriptor of its connection, as a hint.
    var descriptor: Int32?
    /// Which timers are set, so that each is set once.
    var armed: ManagerTimer.Kinds = []

    /// What its tasks in flight asked for, those that asked for more than a worker.
    var demands = Demands()

    /// Whether the last record of it for monitoring showed it with tasks.
    var wasReportedBusy = false
    /// Whether the number of its tasks has changed since that record.
    var isReportDue = false

    /// Bytes of results passed on and not yet acknowledged to it.
    var acknowledgementBytes = 0
    /// How many there were when it was told the last time.
    var acknowledgementCount = 0

    init(identity: ManagerIdentity, order: Int, registration: Registration, now: UInt64) {
        card = Card(identity, registration)
        self.order = order
        isApus = registration.apus != nil
        canCancel = Self.canCancel(registration)
        resources = registration.apus?.capacity
        lastHeartbeat = now
        lastHeard = now
        threshold = 0
        idleSince = now
    }

    /// Its routing identity.
    var identity: ManagerIdentity { card.identity }

    /// What it said of itself, at its latest registration.
    var registration: Registration {
        get { card.registration }
        set {
            card = Card(card.identity, newValue)
            isApus = newValue.apus != nil
            canCancel = Self.canCancel(newValue)
            resources = newValue.apus?.capacity
        }
    }

    private static func canCancel(_ registration: Registration) -> Bool {
        registration.apus.map { $0.version >= WireExtensions.cancellation } ?? false
    }

    /// Whether it may be given one more task, bytes aside.
    ///
    /// One whose connection is in doubt is given none.
    var canTake: Bool { active && !draining && inFlight + demands.extraLoad < maxCapacity && suspectUntil == nil }

    /// Whether a task of this size fits into its window of bytes.
    ///
    /// One task a worker always fits.
    func fits(_ size: Int) -> Bool {
        inFlight < workers || size <= byteCapacity - bytes
    }

    /// How full it is.
    var level: Int { LoadLevels.level(inFlight: inFlight + demands.extraLoad, workers: workers) }
}

/// A moment at which something about a manager must be looked at.
struct ManagerTimer: Comparable, Sendable {
    enum Kind: UInt8, Sendable {
        case silence
        case drain
        case suspicion
    }

    /// Some kinds.
    struct Kinds: OptionSet, Sendable {
        let rawValue: UInt8

        init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The set of one.
        init(_ kind: Kind) { rawValue = 1 << kind.rawValue }
    }

    let deadline: UInt64
    let slot: Int32
    /// The slot's use for which it was set; slots are used again.
    let generation: UInt32
    let kind: Kind

    static func < (left: ManagerTimer, right: ManagerTimer) -> Bool { left.deadline < right.deadline }
    static func == (left: ManagerTimer, right: ManagerTimer) -> Bool { left.deadline == right.deadline }
}
