import TestSupport
import Testing

@testable import Provisioning

@Suite("The blocks of an executor", .paced)
struct ScalingStateTests {
    private typealias Action = ScalingState.Action

    private func numbers(_ range: Range<Int>) -> [BlockNumber] { ScalingProbe.numbers(range) }
    private func block(_ number: Int) -> BlockNumber { BlockNumber(number) }

    // MARK: Starting

    @Test("the initial blocks are started once, whatever the strategy", arguments: ScalingStrategy.allCases)
    func initial(strategy: ScalingStrategy) {
        var probe = ScalingProbe {
            $0.strategy = strategy
            $0.initialBlocks = 3
        }
        #expect(probe.take(.tick) == [.start(numbers(0..<3))])
        #expect(probe.take(.tick, at: 5).isEmpty)
    }

    @Test("the strategy none starts nothing for tasks")
    func noStrategy() {
        var probe = ScalingProbe {
            $0.strategy = .none
            $0.initialBlocks = 1
        }
        probe.take(.load(100))
        #expect(probe.take(.tick) == [.start([block(0)])])
        probe.run(0..<1)
        #expect(probe.take(.tick, at: 1000).isEmpty)
    }

    @Test("when the last block of the strategy none has ended, waiting tasks fail instead of waiting for ever")
    func noStrategyLeft() {
        var probe = ScalingProbe {
            $0.strategy = .none
            $0.initialBlocks = 1
        }
        probe.take(.load(1))
        probe.take(.tick)
        probe.run(0..<1)
        probe.take(.managers([]))
        probe.take(.job(block(0), .over(BlockEnd(.timeout))))
        let actions = probe.take(.tick, at: 5)
        #expect(actions.count == 1)
        #expect(probe.state.fault?.contains("use simple or auto") == true)
    }

    @Test("a block counts from the moment it is asked for, so slow schedulers are not asked twice (issue 1632)")
    func requestedCounts() {
        var probe = ScalingProbe { $0.workersPerNode = 4 }
        probe.take(.load(10))
        #expect(probe.take(.tick) == [.start(numbers(0..<3))])
        for second in stride(from: 5, to: 300, by: 5) { #expect(probe.take(.tick, at: second).isEmpty) }
    }

    @Test("a held or unknown job keeps its place among the blocks (issues 868, 2255)")
    func heldCounts() {
        var probe = ScalingProbe { $0.maxBlocks = 2 }
        probe.take(.load(10))
        probe.take(.tick)
        probe.take(.started(block(0)))
        probe.take(.started(block(1)))
        probe.take(.job(block(0), .init(JobStatus(.held))))
        probe.take(.job(block(1), .init(JobStatus(.unknown))))
        #expect(probe.take(.tick, at: 60).isEmpty)
    }

    @Test("the minimum is kept though there is nothing to do (issue 3071)")
    func minimum() {
        var probe = ScalingProbe { $0.minBlocks = 2 }
        #expect(probe.take(.tick) == [.start(numbers(0..<2))])
        probe.run(0..<2, tasks: 0)
        probe.take(.managers([]))
        probe.take(.job(block(0), .over(BlockEnd(.timeout))))
        #expect(probe.take(.tick, at: 5) == [.start([block(2)])])
    }

    @Test("after a failed start one block is tried at a time, at growing distances (issue 2851)")
    func backOff() {
        var probe = ScalingProbe { $0.errorHandler = .none }
        probe.take(.load(10))
        #expect(probe.take(.tick, at: 0) == [.start(numbers(0..<10))])
        // Ten that fail together count once.
        for number in 0..<10 { probe.take(.notStarted(block(number), "queue is closed"), at: 1) }
        #expect(probe.take(.tick, at: 5).isEmpty)
        #expect(probe.take(.tick, at: 6) == [.start([block(10)])])
        probe.take(.notStarted(block(10), "queue is closed"), at: 7)
        #expect(probe.take(.tick, at: 16).isEmpty)
        #expect(probe.take(.tick, at: 17) == [.start([block(11)])])
        // Waiting in the queue is no proof yet; a manager that registers is.
        probe.take(.started(block(11)))
        #expect(probe.take(.tick, at: 100).isEmpty)
        probe.take(.managers([ScalingProbe.managers(11, tasks: 1)]))
        #expect(probe.take(.tick, at: 105) == [.start(numbers(12..<21))])
    }

    @Test("the worker count of a node replaces the guess")
    func learned() {
        var probe = ScalingProbe()
        probe.take(.load(3))
        #expect(probe.take(.tick) == [.start(numbers(0..<3))])
        probe.take(.workersPerNode(8))
        probe.take(.load(20))
        // 3 blocks of 8 are 24 slots.
        #expect(probe.take(.tick).isEmpty)
    }

    // MARK: Ending

    @Test("an idle executor is given back after the idle time, all blocks at once, down to the minimum")
    func idle() {
        var probe = ScalingProbe {
            $0.strategy = .simple
            $0.minBlocks = 1
        }
        probe.take(.load(4))
        probe.take(.tick)
        probe.run(0..<4)
        probe.take(.load(0), at: 100)
        probe.take(.managers((0..<4).map { ScalingProbe.managers($0) }))
        #expect(probe.take(.tick, at: 100).isEmpty)
        #expect(probe.take(.tick, at: 220).isEmpty)
        #expect(probe.take(.tick, at: 221) == [.hold(numbers(0..<3))])
    }

    @Test("a task resets the idle time")
    func idleReset() {
        var probe = ScalingProbe { $0.strategy = .simple }
        probe.take(.load(1))
        probe.take(.tick)
        probe.run(0..<1)
        probe.take(.load(0), at: 10)
        probe.take(.managers([ScalingProbe.managers(0)]))
        probe.take(.tick, at: 10)
        probe.take(.load(1), at: 125)
        probe.take(.load(0), at: 126)
        #expect(probe.take(.tick, at: 131).isEmpty)
        #expect(probe.take(.tick, at: 252) == [.hold([block(0)])])
    }

    @Test("the simple strategy ends no single block while others work; auto does, all of them together (issue 2195)")
    func single() {
        for strategy in [ScalingStrategy.simple, .auto] {
            var probe = ScalingProbe { $0.strategy = strategy }
            probe.take(.load(8))
            probe.take(.tick)
            probe.run(0..<8)
            probe.take(.load(1), at: 10)
            let managers = (0..<8).map { ScalingProbe.managers($0, tasks: $0 == 3 ? 1 : 0, idle: 130) }
            probe.take(.managers(managers), at: 140)
            let expected: [ScalingState.Action] =
                strategy == .simple ? [] : [.hold([0, 1, 2, 4, 5, 6, 7].map { block($0) })]
            #expect(probe.take(.tick, at: 140) == expected)
        }
    }

    @Test("a block is idle when all its managers are, since the last of them became idle")
    func wholeBlocks() {
        var probe = ScalingProbe { $0.nodesPerBlock = 2 }
        probe.take(.load(4))
        probe.take(.tick)
        probe.run(0..<2)
        probe.take(.load(1), at: 10)
        // Block 0: one manager idle for long, one busy. Block 1: idle for 200 s and 50 s.
        let first = [
            ScalingProbe.managers(0, idle: 200), ScalingProbe.managers(0, tasks: 1),
            ScalingProbe.managers(1, idle: 200), ScalingProbe.managers(1, idle: 50),
        ]
        probe.take(.managers(first), at: 210)
        #expect(probe.take(.tick, at: 210).isEmpty)
        #expect(probe.take(.tick, at: 280).isEmpty)
        #expect(probe.take(.tick, at: 281) == [.hold([block(1)])])
    }

    @Test("the longest idle block goes first")
    func longest() {
        var probe = ScalingProbe()
        probe.take(.load(4))
        probe.take(.tick)
        probe.run(0..<4)
        probe.take(.load(2), at: 10)
        let idle = [300, 500, 400, 200]
        probe.take(.managers((0..<4).map { ScalingProbe.managers($0, idle: idle[$0]) }), at: 600)
        #expect(probe.take(.tick, at: 600) == [.hold([block(1), block(2)])])
    }

    @Test("blocks that still wait are given back too, the latest first, once they have long been superfluous (2627)")
    func pending() {
        var probe = ScalingProbe()
        probe.take(.load(5))
        probe.take(.tick)
        for number in 0..<5 { probe.take(.started(block(number))) }
        probe.take(.managers([ScalingProbe.managers(0, tasks: 1)]), at: 1000)
        // Long in the queue, but wanted until now: a moment without load does not cost the place in the queue.
        probe.take(.load(2), at: 1000)
        #expect(probe.take(.tick, at: 1000).isEmpty)
        probe.take(.load(5), at: 1050)
        probe.take(.tick, at: 1050)
        probe.take(.load(2), at: 1060)
        #expect(probe.take(.tick, at: 1060).isEmpty)
        #expect(probe.take(.tick, at: 1180).isEmpty)
        #expect(probe.take(.tick, at: 1181) == [.hold([block(4), block(3), block(2)])])
    }

    @Test("a block is cancelled only when its hold is confirmed and it then has no task (issue 2769)")
    func drain() {
        var probe = ScalingProbe { $0.strategy = .simple }
        probe.take(.load(1))
        probe.take(.tick)
        probe.run(0..<1)
        probe.take(.load(0), at: 10)
        probe.take(.managers([ScalingProbe.managers(0)]))
        probe.take(.tick, at: 10)
        #expect(probe.take(.tick, at: 140) == [.hold([block(0)])])
        // The list was made before the hold: it says nothing.
        #expect(probe.take(.managers([ScalingProbe.managers(0)]), at: 141).isEmpty)
        // A task had slipped in; it is waited for.
        probe.take(.held([block(0)]), at: 142)
        #expect(probe.take(.managers([ScalingProbe.managers(0, tasks: 1)]), at: 143).isEmpty)
        #expect(probe.take(.tick, at: 5000).isEmpty)
        #expect(probe.take(.managers([ScalingProbe.managers(0)]), at: 5001) == [.cancel([block(0)])])
        probe.take(.job(block(0), .over(BlockEnd(.cancelled))), at: 5002)
        #expect(probe.state.living.isEmpty)
        #expect(probe.state.ends == [.scaledIn])
    }

    @Test("running tasks are ended only by a drain limit that somebody set")
    func drainLimit() {
        var probe = ScalingProbe {
            $0.strategy = .simple
            $0.drainLimit = ScalingProbe.seconds(30)
        }
        probe.take(.load(1))
        probe.take(.tick)
        probe.run(0..<1)
        probe.take(.load(0), at: 10)
        probe.take(.managers([ScalingProbe.managers(0)]))
        probe.take(.tick, at: 10)
        probe.take(.tick, at: 140)
        probe.take(.held([block(0)]))
        probe.take(.managers([ScalingProbe.managers(0, tasks: 1)]), at: 150)
        #expect(probe.take(.tick, at: 170).isEmpty)
        #expect(probe.take(.tick, at: 171) == [.cancel([block(0)])])
    }

    @Test("a draining block still counts against the maximum, and not as slots")
    func draining() {
        var probe = ScalingProbe { $0.maxBlocks = 2 }
        probe.take(.load(2))
        probe.take(.tick)
        probe.run(0..<2)
        probe.take(.load(1), at: 10)
        probe.take(.managers([ScalingProbe.managers(0, tasks: 1), ScalingProbe.managers(1, idle: 200)]), at: 210)
        #expect(probe.take(.tick, at: 210) == [.hold([block(1)])])
        probe.take(.load(5), at: 211)
        #expect(probe.take(.tick, at: 211).isEmpty)
        probe.take(.held([block(1)]))
        probe.take(.managers([ScalingProbe.managers(0, tasks: 1), ScalingProbe.managers(1)]), at: 212)
        probe.take(.job(block(1), .over(BlockEnd(.cancelled))), at: 213)
        // Its managers are connected, but it is being cancelled: over is over.
        #expect(probe.state.living.count == 1)
        #expect(probe.take(.tick, at: 214) == [.start([block(2)])])
    }

    @Test("a cancel without effect is repeated, and so is a hold")
    func repeated() {
        var probe = ScalingProbe { $0.strategy = .simple }
        probe.take(.load(1))
        probe.take(.tick)
        probe.run(0..<1)
        probe.take(.load(0), at: 10)
        probe.take(.managers([ScalingProbe.managers(0)]))
        probe.take(.tick, at: 10)
        #expect(probe.take(.tick, at: 140) == [.hold([block(0)])])
        #expect(probe.take(.tick, at: 199).isEmpty)
        #expect(probe.take(.tick, at: 200) == [.hold([block(0)])])
        probe.take(.held([block(0)]), at: 201)
        #expect(probe.take(.managers([]), at: 202) == [.cancel([block(0)])])
        #expect(probe.take(.tick, at: 261).isEmpty)
        #expect(probe.take(.tick, at: 262) == [.cancel([block(0)])])
    }
}
