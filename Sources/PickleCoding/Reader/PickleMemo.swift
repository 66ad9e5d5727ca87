/// The memo of the machine: dense while indices are, else a dictionary, so that no index makes a large array.
struct PickleMemo {
    private static let unset = UInt32.max
    private var dense = ContiguousArray<UInt32>()
    private var sparse: [UInt64: UInt32] = [:]
    /// How many entries are set; MEMOIZE uses it as the next index.
    private(set) var count = 0

    @inline(__always)
    subscript(index: UInt64) -> UInt32? {
        if index < UInt64(dense.count) {
            let value = dense[Int(truncatingIfNeeded: index)]
            return value == Self.unset ? nil : value
        }
        return sparse.isEmpty ? nil : sparse[index]
    }

    @inline(__always)
    mutating func set(_ value: UInt32, at index: UInt64) {
        if index == UInt64(dense.count), sparse.isEmpty {
            dense.append(value)
            count &+= 1
        } else {
            setElsewhere(value, at: index)
        }
    }

    @inline(never)
    private mutating func setElsewhere(_ value: UInt32, at index: UInt64) {
        if index < UInt64(dense.count) {
            if dense[Int(index)] == Self.unset { count += 1 }
            dense[Int(index)] = value
        } else if sparse.isEmpty, index < UInt64(2 * count + 64) {
            while UInt64(dense.count) < index { dense.append(Self.unset) }
            dense.append(value)
            count += 1
        } else if sparse.updateValue(value, forKey: index) == nil {
            count += 1
        }
    }
}
