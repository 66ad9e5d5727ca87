import InterchangeRuntime
import WireProtocol

/// A rule that was broken.
struct SimulationFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Interchange, managers and client in one process: a virtual clock, a hostile network, and one seed that decides all.
final class Simulation {
    /// Far more than a run takes: more means that something goes round in circles.
    private static let mostSteps = 1_000_000

    let seed: UInt64
    let time = VirtualTime()
    var generator: SeededGenerator
    private(set) var trace: [String] = []

    private(set) lazy var link: SimulatedLink = SimulatedLink(
        self,
        cameUp: { [unowned self] in if hasBegun { try client.reconnected() } },
        wentDown: {},
        deliver: { [unowned self] lane, message in
            switch lane {
            case .results, .replies: try client.receive(message)
            default: try interchange.receive(.client(message))
            }
        })
    private(set) lazy var interchange: SimulatedInterchange = SimulatedInterchange(
        self, seed: seed, selector: seed % 5 == 4 ? .blockID : .random)
    private(set) lazy var client: SimulatedClient = SimulatedClient(
        self, acknowledges: isApusExecutor, priorities: priorities)
    private var peers: [String: any SimulatedPeer] = [:]
    private var freeDescriptors: Set<Int32> = []
    private var nextDescriptor: Int32 = 20
    private var begun: [Int: String] = [:]
    private var mayNotBegin: Set<Int> = []
    private var nextManager = 0
    private var hasBegun = false
    private var isHostile = true

    // What the seed decides at the start.
    private let isApusExecutor: Bool
    private let taskCount: Int
    private let managerCount: Int
    private let priorities: [Double]
    private let hostileTime: UInt64
    private let slowness: Double
    private let stockShare: Int
    /// Of a hundred tasks, how many are cancelled.
    private let cancelShare: Int
    /// Whether some tasks have a walltime.
    private let hasWalltimes: Bool
    private let cancelGrace: UInt64

    init(seed: UInt64) {
        self.seed = seed
        var generator = SeededGenerator(seed: seed &* 0x9e37_79b9 &+ 77)
        isApusExecutor = Int.random(in: 0..<5, using: &generator) > 0
        taskCount = Int.random(in: 5...90, using: &generator)
        managerCount = Int.random(in: 1...4, using: &generator)
        priorities = Bool.random(using: &generator) ? [.infinity] : [.infinity, 1, 5, -2]
        hostileTime = .seconds(Double.random(in: 2...40, using: &generator))
        slowness = [0.5, 5, 50, 800][Int.random(in: 0..<4, using: &generator)]
        stockShare = Int.random(in: 0..<3, using: &generator)
        cancelShare = [0, 10, 40, 100][Int.random(in: 0..<4, using: &generator)]
        hasWalltimes = Bool.random(using: &generator)
        cancelGrace = [0, .milliseconds(30), .seconds(1)][Int.random(in: 0..<3, using: &generator)]
        self.generator = generator
    }

    // MARK: Chance

    func random(_ range: ClosedRange<Double>) -> Double { .random(in: range, using: &generator) }

    func networkDelay() -> UInt64 {
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: .milliseconds(random(5...200))
        case 1...5: .milliseconds(random(0.5...5))
        default: .milliseconds(random(0.02...0.3))
        }
    }

    func duration(of task: Int) -> UInt64 { .milliseconds(slowness * random(0.2...2)) }

    /// How long a task may run; `nil` for as long as it likes.
    func walltime(of id: Int) -> UInt64? { hasWalltimes && id % 7 == 3 ? .milliseconds(slowness * 0.8) : nil }

    /// Whether a task goes on when it is asked to stop.
    func isDeaf(_ id: Int) -> Bool { id % 3 == 0 }

    /// The same for every sending of a task.
    func size(of id: Int) -> Int { id % 11 == 0 ? 30_000 : 300 + id % 7 }

    // MARK: The world

    func note(_ text: @autoclosure () -> String) {
        trace.append("\(time.seconds) \(text())")
        if trace.count > 4000 { trace.removeFirst(2000) }
    }

    func takeDescriptor() -> Int32 {
        if let lowest = freeDescriptors.min() {
            freeDescriptors.remove(lowest)
            return lowest
        }
        nextDescriptor += 1
        return nextDescriptor
    }

    func giveBack(_ descriptor: Int32) { freeDescriptors.insert(descriptor) }

    func peer(_ name: String) -> (any SimulatedPeer)? { peers[name] }

    /// A task was cancelled where it could not have begun.
    func mayNotBegin(_ id: Int) { mayNotBegin.insert(id) }

    /// A worker begins a task: under one number it may do so once in the whole world.
    func begins(_ task: Int, at name: String) throws {
        if let earlier = begun[task] {
            throw SimulationFailure("task \(task) begins at \(name) and began before at \(earlier)")
        }
        if mayNotBegin.contains(task) {
            throw SimulationFailure("task \(task) begins at \(name) after it was cancelled in a queue")
        }
        begun[task] = name
    }

    /// Runs to the end.
    ///
    /// - Throws: ``SimulationFailure``, or the invariant that was broken.
    func run() throws {
        try link.connect()
        hasBegun = true
        if isApusExecutor { try interchange.hello(ExecutorHello(fingerprint: "", rows: [], monitoring: false)) }
        for _ in 0..<managerCount { planManager(after: .milliseconds(random(0...500))) }
        for task in 0..<taskCount {
            let moment = UInt64(random(0...1) * Double(hostileTime) / (task % 2 == 0 ? 1 : 10))
            time.schedule(after: moment) { [self] in try client.submit(task: task) }
            guard Int.random(in: 0..<100, using: &generator) < cancelShare else { continue }
            let delay: UInt64 = Bool.random(using: &generator) ? .milliseconds(random(0...20)) : .seconds(random(0...5))
            time.schedule(after: moment + delay) { [self] in try client.cancel(task: task) }
        }
        planMischief()
        planCare()
        time.schedule(after: hostileTime) { [self] in
            note("the network is kind from now on")
            isHostile = false
        }
        let limit = time.now + hostileTime + .seconds(2000)
        var quietUntil: UInt64?
        var steps = 0
        while try time.step() {
            steps += 1
            guard steps < Self.mostSteps else { throw SimulationFailure("no end after \(steps) steps") }
            // A call that is cancelled at an interchange which cannot be asked has ended; its task has not.
            if client.ends.count == taskCount, !isHostile, isApusExecutor || interchange.leftovers == nil {
                // Acknowledgements take a heartbeat or two.
                if quietUntil == nil { quietUntil = time.now + .seconds(60) }
            }
            if let quietUntil, time.now > quietUntil { break }
            guard time.now < limit else {
                let missing = (0..<taskCount).filter { client.ends[$0] == nil }
                throw SimulationFailure("tasks \(missing) never ended; \(interchange.leftovers ?? "")")
            }
        }
        try checkEnd()
    }

    private func checkEnd() throws {
        if let (task, count) = client.ends.first(where: { $0.value != 1 }) {
            throw SimulationFailure("task \(task) ended \(count) times")
        }
        guard client.outstandingCount == 0 else { throw SimulationFailure("the client still waits") }
        if let leftovers = interchange.leftovers { throw SimulationFailure("interchange: \(leftovers)") }
        for peer in peers.values.sorted(by: { $0.name < $1.name }) {
            if let leftovers = peer.leftovers { throw SimulationFailure(leftovers) }
        }
    }

    // MARK: Managers come

    private func planManager(after delay: UInt64) {
        time.schedule(after: delay) { [self] in
            nextManager += 1
            let name = "m\(nextManager)"
            let workers = Int.random(in: 1...4, using: &generator)
            let isStock = Int.random(in: 0..<4, using: &generator) < stockShare
            let peer: any SimulatedPeer
            if isStock {
                peer = SimulatedStockPool(self, name: "s\(nextManager)", workers: workers)
            } else {
                let drains = Int.random(in: 0..<6, using: &generator) == 0
                peer = SimulatedManager(
                    self, name: name, workers: workers, drainAfter: drains ? .seconds(random(1...20)) : nil,
                    byteCapacity: [20_000, 64 << 20][Int.random(in: 0..<2, using: &generator)], cancelGrace: cancelGrace
                )
            }
            note("\(peer.name) starts with \(workers) workers")
            peers[peer.name] = peer
            try peer.start()
        }
    }

    private var held: Set<String> = []

    /// The provider: replaces what has gone.
    private func planCare() {
        time.schedule(after: .seconds(1)) { [self] in
            let usable = peers.values.count { $0.isAlive && !held.contains($0.name) }
            if usable < managerCount { planManager(after: .milliseconds(random(50...1500))) }
            planCare()
        }
    }

    // MARK: Mischief

    private func planMischief() {
        time.schedule(after: .milliseconds(random(20...2500))) { [self] in
            guard isHostile else { return }
            try mischief()
            planMischief()
        }
    }

    private func mischief() throws {
        let alive = peers.values.filter(\.isAlive).sorted { $0.name < $1.name }
        let victim = alive.randomElement(using: &generator)
        switch Int.random(in: 0..<20, using: &generator) {
        case 0...6:
            guard let victim else { return }
            note("the connection of \(victim.name) breaks")
            try victim.link.cut(for: downTime())
        case 7...10:
            guard isApusExecutor else { return }
            note("the connection of the client breaks")
            try link.cut(for: downTime())
        case 11, 12: try victim?.kill()
        case 13, 14:
            victim?.pause(for: .seconds(random(0.05...1) * [1, 3, 20][Int.random(in: 0..<3, using: &generator)]))
        case 15:
            interchange.pause(for: .seconds(random(0.05...1) * [1, 3, 25][Int.random(in: 0..<3, using: &generator)]))
        case 16...18: try victim?.killWorker()
        default:
            guard let victim else { return }
            note("\(victim.name) is held")
            held.insert(victim.name)
            try interchange.receive(.hold(victim.name))
        }
    }

    private func downTime() -> UInt64 {
        Int.random(in: 0..<6, using: &generator) == 0 ? .seconds(random(0.5...4)) : .milliseconds(random(100...400))
    }
}
