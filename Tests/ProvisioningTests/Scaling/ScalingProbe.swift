import Testing

@testable import Provisioning

/// A scaling state under test: events go in with seconds, invariants are checked after each.
struct ScalingProbe {
    var state: ScalingState
    var now: UInt64 = 0
    var actions: [ScalingState.Action] = []

    init(_ change: (inout ScalingSettings) -> Void = { _ in }) {
        var settings = ScalingSettings()
        settings.maxBlocks = 10
        settings.initialBlocks = 0
        settings.strategy = .auto
        change(&settings)
        state = ScalingState(settings)
    }

    static func seconds(_ count: Int) -> UInt64 { UInt64(count) * 1_000_000_000 }

    /// Takes an event at a second and returns what it called for.
    @discardableResult
    mutating func take(
        _ event: ScalingState.Event, at second: Int? = nil, _ location: SourceLocation = #_sourceLocation
    ) -> [ScalingState.Action] {
        if let second { now = Self.seconds(second) }
        actions = []
        state.handle(event, at: now, into: &actions)
        #expect(state.checkInvariants() == nil, sourceLocation: location)
        return actions
    }

    /// Starts blocks and lets a manager of each register.
    mutating func run(_ blocks: Range<Int>, tasks: Int = 1) {
        for number in blocks {
            take(.started(BlockNumber(number)))
            take(.job(BlockNumber(number), .running))
        }
        take(.managers(blocks.map { Self.managers($0, tasks: tasks) }))
    }

    static func managers(_ block: Int, count: Int = 1, tasks: Int = 0, idle: Int = 0) -> ScalingState.BlockManagers {
        .init(block: BlockNumber(block), count: count, tasks: tasks, idle: seconds(idle))
    }

    static func numbers(_ range: Range<Int>) -> [BlockNumber] { range.map { BlockNumber($0) } }
}
