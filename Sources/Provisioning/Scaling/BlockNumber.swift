public import WorkflowCore

/// The number of a block within one executor, counted from 0 and never reused.
///
/// Managers report it as text: ``id``.
public struct BlockNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number.
    public let rawValue: Int

    /// Names the block with this number.
    public init(_ rawValue: Int) { self.rawValue = rawValue }

    /// The block that a manager says it belongs to; `nil` when the text is no number.
    public init?(_ id: BlockID) {
        guard let number = Int(id.rawValue), number >= 0 else { return nil }
        rawValue = number
    }

    /// The name of the block, as managers report it.
    public var id: BlockID { BlockID(description) }

    /// The number, in text.
    public var description: String { String(rawValue) }

    /// Earlier blocks come first.
    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
