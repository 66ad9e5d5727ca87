// The arithmetic of scaling, apart from time and from single blocks. It is Parsl's, so that a configuration that was
// tuned there behaves the same here. What matters is the rounding: blocks to start are rounded up and blocks to end
// are rounded down, so that an ended block never leaves fewer slots than the rule would start again
// (https://github.com/Parsl/parsl/issues/3696 was one wrong rounding).

/// What the numbers of an executor call for.
package enum ScalingRule: Equatable, Sendable {
    /// No tasks, and no more blocks than the minimum.
    case idleAtMinimum
    /// No tasks, and this many blocks beyond the minimum.
    case idle(excess: Int)
    /// More tasks than slots, and as many blocks as are allowed.
    case atMaximum
    /// More tasks than slots: this many blocks are wanted.
    case start(Int)
    /// More slots than tasks: this many whole blocks are not needed.
    case excess(Int)
    /// As many slots as tasks call for.
    case enough

    /// The numbers a rule looks at.
    package struct Numbers: Equatable, Sendable {
        /// Tasks that have been submitted and not ended.
        package var tasks: Int
        /// Blocks that run or are to run, without those that are being ended.
        package var blocks: Int
        /// Blocks that are kept.
        package var minBlocks: Int
        /// Blocks that are allowed.
        package var maxBlocks: Int
        /// Workers of one block: workers of a node times nodes of a block.
        package var slotsPerBlock: Int
        /// Slots wanted for each task, from 0 to 1.
        package var parallelism: Double

        /// Numbers.
        package init(
            tasks: Int, blocks: Int, minBlocks: Int, maxBlocks: Int, slotsPerBlock: Int, parallelism: Double
        ) {
            self.tasks = tasks
            self.blocks = blocks
            self.minBlocks = minBlocks
            self.maxBlocks = maxBlocks
            self.slotsPerBlock = slotsPerBlock
            self.parallelism = parallelism
        }

        /// Workers that are there or to come.
        package var slots: Int { blocks * slotsPerBlock }
    }

    /// Applies the rules.
    package init(_ numbers: Numbers) {
        let blocks = numbers.blocks
        let slots = Double(numbers.slots)
        let wanted = Double(numbers.tasks) * numbers.parallelism
        if numbers.tasks <= 0 {
            self = blocks <= numbers.minBlocks ? .idleAtMinimum : .idle(excess: blocks - numbers.minBlocks)
        } else if slots / Double(numbers.tasks) < numbers.parallelism {
            guard blocks < numbers.maxBlocks else {
                self = .atMaximum
                return
            }
            let count = ((wanted - slots).rounded(.up) / Double(numbers.slotsPerBlock)).rounded(.up)
            // The cap comes before the conversion: a million tasks and one worker a block must not overflow.
            self = .start(Int(min(count, Double(numbers.maxBlocks - blocks))))
        } else if numbers.slots == 0 {
            // Only with a parallelism of 0: tasks, and nothing to run them.
            self = blocks < numbers.maxBlocks ? .start(1) : .atMaximum
        } else if numbers.slots > numbers.tasks {
            let count = ((slots - wanted).rounded(.down) / Double(numbers.slotsPerBlock)).rounded(.down)
            // One block is kept while there are tasks. Only a parallelism of 0 would call for none, and the case above
            // would start it again.
            let most = max(0, blocks - max(1, numbers.minBlocks))
            self = .excess(Int(min(count, Double(most))))
        } else {
            self = .enough
        }
    }
}
