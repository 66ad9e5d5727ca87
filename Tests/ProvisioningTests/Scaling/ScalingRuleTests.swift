import TestSupport
import Testing

@testable import Provisioning

/// The arithmetic of scaling, with numbers worked out by hand.
@Suite("The rules of scaling", .paced)
struct ScalingRuleTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var tasks: Int
        var blocks: Int
        var slots: Int
        var parallelism = 1.0
        var minBlocks = 0
        var maxBlocks = 100
        var rule: ScalingRule
        var testDescription: String { "\(tasks) tasks, \(blocks) blocks of \(slots), \(parallelism)" }
    }

    static let cases: [Case] = [
        // Nothing to do.
        Case(tasks: 0, blocks: 0, slots: 4, rule: .idleAtMinimum),
        Case(tasks: 0, blocks: 2, slots: 4, minBlocks: 2, rule: .idleAtMinimum),
        Case(tasks: 0, blocks: 1, slots: 4, minBlocks: 2, rule: .idleAtMinimum),
        Case(tasks: 0, blocks: 5, slots: 4, minBlocks: 2, rule: .idle(excess: 3)),
        // 10 × 1 − 0 = 10 slots missing, in blocks of 4: 2.5, rounded up.
        Case(tasks: 10, blocks: 0, slots: 4, rule: .start(3)),
        // 10 − 8 = 2 missing: half a block, rounded up.
        Case(tasks: 10, blocks: 2, slots: 4, rule: .start(1)),
        Case(tasks: 10, blocks: 0, slots: 4, maxBlocks: 2, rule: .start(2)),
        Case(tasks: 10, blocks: 2, slots: 4, maxBlocks: 2, rule: .atMaximum),
        // 10 × 0.5 = 5 slots wanted; 4 are there: one missing.
        Case(tasks: 10, blocks: 1, slots: 4, parallelism: 0.5, rule: .start(1)),
        // 8 slots for 10 tasks is a ratio of 0.8, enough for a parallelism of 0.5.
        Case(tasks: 10, blocks: 2, slots: 4, parallelism: 0.5, rule: .enough),
        // 7 × 0.3 = 2.1, rounded up to 3 slots before it is divided by 2: 1.5, so 2 blocks.
        Case(tasks: 7, blocks: 0, slots: 2, parallelism: 0.3, rule: .start(2)),
        Case(tasks: 8, blocks: 2, slots: 4, rule: .enough),
        // 14 tasks and one block of 48 workers: 34 slots too many are less than a block.
        Case(tasks: 14, blocks: 1, slots: 48, rule: .excess(0)),
        Case(tasks: 14, blocks: 2, slots: 48, rule: .excess(1)),
        // 20 slots − 6 tasks = 14, in blocks of 4: 3.5, rounded down.
        Case(tasks: 6, blocks: 5, slots: 4, rule: .excess(3)),
        Case(tasks: 6, blocks: 5, slots: 4, minBlocks: 3, rule: .excess(2)),
        Case(tasks: 1, blocks: 2, slots: 4, minBlocks: 3, rule: .excess(0)),
        // 20 − 6 × 0.5 = 17, in blocks of 4: 4.25.
        Case(tasks: 6, blocks: 5, slots: 4, parallelism: 0.5, rule: .excess(4)),
        // Parallelism 0 asks for one block, never for a second (https://github.com/Parsl/parsl/issues/97, 3566).
        Case(tasks: 10, blocks: 0, slots: 4, parallelism: 0, rule: .start(1)),
        Case(tasks: 10, blocks: 1, slots: 4, parallelism: 0, rule: .enough),
        // One block for few tasks stays: ended for parallelism 0, it would be started again for having no slots.
        Case(tasks: 3, blocks: 1, slots: 4, parallelism: 0, rule: .excess(0)),
        Case(tasks: 3, blocks: 4, slots: 4, parallelism: 0, rule: .excess(3)),
        Case(tasks: 10, blocks: 0, slots: 4, parallelism: 0, maxBlocks: 0, rule: .atMaximum),
        // Numbers that would not fit on the way.
        Case(tasks: .max, blocks: 0, slots: 1, maxBlocks: 5, rule: .start(5)),
    ]

    @Test("each case of the rules", arguments: cases)
    func rule(_ one: Case) {
        let rule = ScalingRule(
            ScalingRule.Numbers(
                tasks: one.tasks, blocks: one.blocks, minBlocks: one.minBlocks, maxBlocks: one.maxBlocks,
                slotsPerBlock: one.slots, parallelism: one.parallelism))
        #expect(rule == one.rule)
    }

    /// Applies the rule until it asks for nothing, and returns how the number of blocks went.
    private func settle(
        tasks: Int, blocks first: Int, slots: Int, parallelism: Double, _ excess: (ScalingRule.Numbers) -> Int
    ) -> [Int] {
        var blocks = first
        var path = [blocks]
        for _ in 0..<20 {
            let numbers = ScalingRule.Numbers(
                tasks: tasks, blocks: blocks, minBlocks: 0, maxBlocks: 1000, slotsPerBlock: slots,
                parallelism: parallelism)
            switch ScalingRule(numbers) {
            case .start(let count): blocks += count
            case .excess: blocks -= excess(numbers)
            case .idle(let count): blocks -= count
            case .idleAtMinimum, .atMaximum, .enough: break
            }
            path.append(blocks)
        }
        return path
    }

    private func turns(_ path: [Int]) -> Int {
        let steps = zip(path.dropFirst(), path).map { $0 - $1 }.filter { $0 != 0 }
        return zip(steps.dropFirst(), steps).count { ($0 > 0) != ($1 > 0) }
    }

    @Test("14 tasks and blocks of 48 workers come to rest; with ends rounded up they never did (issue 3696)")
    func oscillation() {
        let ours = settle(tasks: 14, blocks: 0, slots: 48, parallelism: 1) {
            guard case .excess(let count) = ScalingRule($0) else { return 0 }
            return count
        }
        #expect(turns(ours) == 0)
        #expect(ours.last == 1)
        // What https://github.com/Parsl/parsl/issues/3696 describes, to show that this test can see it.
        let theirs = settle(tasks: 14, blocks: 0, slots: 48, parallelism: 1) {
            let slots = Double($0.slots - $0.tasks)
            return min($0.blocks, Int((slots / Double($0.slotsPerBlock)).rounded(.up)))
        }
        #expect(turns(theirs) == 19)
    }

    @Test("whatever the numbers, the rule comes to rest without a turn", arguments: [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1])
    func rest(parallelism: Double) {
        for slots in [1, 2, 3, 7, 48, 128] {
            for tasks in [0, 1, 2, 3, 5, 10, 14, 29, 30, 47, 48, 49, 100, 333, 1000] {
                for blocks in [0, 1, 2, 5, 37, 900] {
                    let path = settle(tasks: tasks, blocks: blocks, slots: slots, parallelism: parallelism) {
                        guard case .excess(let count) = ScalingRule($0) else { return 0 }
                        return count
                    }
                    #expect(turns(path) == 0, "\(tasks) tasks, \(blocks) blocks of \(slots): \(path)")
                    #expect(path.suffix(2).first == path.last, "\(tasks) tasks, \(blocks) blocks of \(slots): \(path)")
                }
            }
        }
    }

    @Test("the workers of a node are guessed from what is known of it")
    func guess() {
        #expect(ScalingSettings.workersPerNode(cores: nil, memory: nil) == 1)
        #expect(ScalingSettings.workersPerNode(cores: 48, memory: nil) == 48)
        #expect(ScalingSettings.workersPerNode(cores: 48, memory: nil, coresPerWorker: 5) == 9)
        #expect(ScalingSettings.workersPerNode(cores: 4, memory: nil, coresPerWorker: 0.5) == 8)
        #expect(ScalingSettings.workersPerNode(cores: 48, memory: 64, memoryPerWorker: 4) == 16)
        #expect(ScalingSettings.workersPerNode(cores: 48, memory: 64, limit: 3) == 3)
        #expect(ScalingSettings.workersPerNode(cores: nil, memory: nil, limit: 7) == 7)
        #expect(ScalingSettings.workersPerNode(cores: 48, memory: nil, accelerators: 4) == 4)
        // A node too small for one worker still gets one.
        #expect(ScalingSettings.workersPerNode(cores: 2, memory: nil, coresPerWorker: 8) == 1)
    }
}
