/// Decides from the ends of blocks when an executor is beyond hope.
///
/// An executor that is given up fails all its tasks and ends its blocks; that is for good.
public struct BlockErrorHandler: Sendable {
    /// One block, as a handler sees it.
    public struct Block: Sendable {
        /// Its number; later blocks have larger ones.
        public var id: BlockNumber
        /// How it ended; `nil` while it lives.
        public var end: BlockEnd.Reason?

        /// A block.
        public init(id: BlockNumber, end: BlockEnd.Reason?) {
            self.id = id
            self.end = end
        }

        /// Whether it failed, went missing, or could not be started.
        public var failed: Bool { end == .failed || end == .missing || end == .notStarted }
    }

    /// What the executor looks like when a handler is asked.
    public struct Situation: Sendable {
        /// Every block there ever was, oldest first.
        public var blocks: [Block]
        /// How many blocks were started first.
        public var initialBlocks: Int

        /// A situation.
        public init(blocks: [Block], initialBlocks: Int) {
            self.blocks = blocks
            self.initialBlocks = initialBlocks
        }
    }

    private let body: @Sendable (Situation) -> String?

    /// A handler of one's own: it returns why the executor is given up, or `nil` to go on.
    public init(_ body: @escaping @Sendable (Situation) -> String?) { self.body = body }

    /// Gives up when all blocks failed, and there were at least as many as the initial ones.
    public static var simple: Self {
        Self { situation in
            let count = situation.blocks.count
            guard count >= max(1, situation.initialBlocks), situation.blocks.allSatisfy(\.failed) else { return nil }
            return "all \(count) blocks failed"
        }
    }

    /// Gives up when the last `threshold` blocks failed.
    public static func windowed(_ threshold: Int = 3) -> Self {
        Self { situation in
            let window = situation.blocks.suffix(threshold)
            guard threshold > 0, window.count == threshold, window.allSatisfy(\.failed) else { return nil }
            return "the last \(threshold) blocks failed"
        }
    }

    /// Never gives up.
    public static var none: Self { Self { _ in nil } }

    /// Asks the handler.
    package func verdict(on situation: Situation) -> String? { body(situation) }
}
