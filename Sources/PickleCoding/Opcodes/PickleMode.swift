/// What a writer cares about when several pickles say the same.
public enum PickleMode: Sendable, Hashable {
    /// The fewest bytes: only what is shared goes into the memo, and there are no frames.
    case compact
    /// Byte for byte what CPython's C pickler writes for the same plain value: memo, frames, batches and all.
    case cpython
    /// Equal content gives equal bytes: sorted keys and elements, no memo, no frames. Cycles are refused.
    case canonical
}
