/// What a pickle may cost before it is refused.
///
/// Every limit is checked before memory is taken.
public struct PickleLimits: Sendable {
    /// The largest input in bytes.
    public var maxBytes: Int
    /// The most values on the stack of the machine.
    public var maxStack: Int
    /// The most entries of the memo.
    public var maxMemo: Int
    /// How deep values may be nested.
    public var maxDepth: Int
    /// The most values in one document.
    public var maxNodes: Int
    /// The most digits of an integer in text form; conversion is quadratic, and CPython draws the line here too.
    public var maxTextDigits: Int
    /// The longest module or attribute name in bytes.
    public var maxNameLength: Int

    /// Makes limits; the defaults suit files and messages of a cluster.
    public init(
        maxBytes: Int = 1 << 40, maxStack: Int = 10_000_000, maxMemo: Int = 100_000_000, maxDepth: Int = 10_000,
        maxNodes: Int = 500_000_000, maxTextDigits: Int = 4_300, maxNameLength: Int = 4 << 20
    ) {
        self.maxBytes = maxBytes
        self.maxStack = maxStack
        self.maxMemo = maxMemo
        self.maxDepth = maxDepth
        self.maxNodes = maxNodes
        self.maxTextDigits = maxTextDigits
        self.maxNameLength = maxNameLength
    }
}
