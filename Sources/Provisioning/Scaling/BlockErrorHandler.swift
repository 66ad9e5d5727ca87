/// Decides from the ends of blocks when an executor is beyond hope.
///
/// An executor that is given up fails all its tasks and ends its blocks; that is for good.
public struct BlockErrorHandler: Sendable, Equatable {
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
        /// Rounds of starts in a row that came to nothing, since a manager last registered.
        ///
        /// Blocks that are asked for together are one round.
        public var failedStarts: Int

        /// A situation.
        public init(blocks: [Block], initialBlocks: Int, failedStarts: Int = 0) {
            self.blocks = blocks
            self.initialBlocks = initialBlocks
            self.failedStarts = failedStarts
        }
    }

    private enum Kind: Sendable, Equatable {
        case simple, none
        case windowed(Int), failedStarts(Int)
        case own(Own)
    }

    /// A handler of one's own is equal to itself alone.
    private final class Own: Sendable, Equatable {
        let body: @Sendable (Situation) -> String?

        init(_ body: @escaping @Sendable (Situation) -> String?) { self.body = body }

        static func == (left: Own, right: Own) -> Bool { left === right }
    }

    private let kind: Kind

    private init(kind: Kind) { self.kind = kind }

    /// A handler of one's own: it returns why the executor is given up, or `nil` to go on.
    ///
    /// It is asked every few seconds on the executor's own thread, so it must be quick.
    public init(_ body: @escaping @Sendable (Situation) -> String?) { kind = .own(Own(body)) }

    /// Gives up when all blocks failed, and there were at least as many as the initial ones; Parsl's default.
    ///
    /// With one initial block that is its first failure. Once a block has worked and ended well, it never gives up.
    public static var simple: Self { Self(kind: .simple) }

    /// Gives up when the last `threshold` blocks failed, whether or not they had worked before.
    public static func windowed(_ threshold: Int = 3) -> Self { Self(kind: .windowed(threshold)) }

    /// Gives up when `limit` starts in a row came to nothing and no block is left; the default.
    ///
    /// A start came to nothing when the scheduler refused it, or when its job was over before a manager registered. One
    /// bad moment of a scheduler is survived, and no workflow waits for workers that cannot come.
    public static func failedStarts(_ limit: Int = 3) -> Self { Self(kind: .failedStarts(limit)) }

    /// Never gives up.
    public static var none: Self { Self(kind: .none) }

    /// What is wrong with the handler; `nil` when it can work.
    package var fault: String? {
        switch kind {
        case .windowed(let count) where count < 1: "windowed(\(count)) looks at no block; use at least 1"
        case .failedStarts(let count) where count < 1: "failedStarts(\(count)) gives up before a start; use at least 1"
        default: nil
        }
    }

    /// Asks the handler.
    package func verdict(on situation: Situation) -> String? {
        switch kind {
        case .none: return nil
        case .own(let own): return own.body(situation)
        case .simple:
            let count = situation.blocks.count
            guard count >= max(1, situation.initialBlocks), situation.blocks.allSatisfy(\.failed) else { return nil }
            return count == 1 ? "its only block failed" : "all \(count) blocks failed"
        case .windowed(let threshold):
            let window = situation.blocks.suffix(threshold)
            guard threshold > 0, window.count == threshold, window.allSatisfy(\.failed) else { return nil }
            return "the last \(threshold) blocks failed"
        case .failedStarts(let limit):
            guard situation.failedStarts >= limit, situation.blocks.allSatisfy({ $0.end != nil }) else { return nil }
            return "\(situation.failedStarts) starts of blocks in a row came to nothing, and no block is left"
        }
    }
}
