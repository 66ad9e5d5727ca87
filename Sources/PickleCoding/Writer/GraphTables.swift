/// Which values are reached once and which more often: a set while few are reached, then one byte for each value.
struct ReachedTwice {
    private var few: [UInt32: Bool] = [:]
    private var all: ContiguousArray<UInt8> = []
    private static let fewest = 64

    /// Notes one more use of a value; gives whether it is the first.
    @inline(__always)
    mutating func reach(_ index: UInt32, of count: Int) -> Bool {
        if all.isEmpty { return reachFew(index, of: count) }
        let times = all[Int(index)]
        if times == 0 {
            all[Int(index)] = 1
            return true
        }
        all[Int(index)] = 2
        return false
    }

    @inline(never)
    private mutating func reachFew(_ index: UInt32, of count: Int) -> Bool {
        let isNew = few.updateValue(few[index] != nil, forKey: index) == nil
        if few.count > Self.fewest {
            all = ContiguousArray(repeating: 0, count: count)
            for (index, twice) in few { all[Int(index)] = twice ? 2 : 1 }
            few = [:]
        }
        return isNew
    }

    /// Whether a value is reached more than once.
    @inline(__always)
    func contains(_ index: UInt32) -> Bool { all.isEmpty ? few[index] == true : all[Int(index)] == 2 }
}

/// The memo indices of values: a dictionary while few have one, then an array.
struct MemoPlaces {
    private var few: [UInt32: Int] = [:]
    private var all: ContiguousArray<Int32> = []
    private let total: Int
    private static let fewest = 64

    init(count: Int) { total = count }

    subscript(index: UInt32) -> Int? {
        @inline(__always) get {
            if all.isEmpty { return few.isEmpty ? nil : few[index] }
            let place = all[Int(index)]
            return place < 0 ? nil : Int(place)
        }
        set {
            guard let newValue else { return }
            if all.isEmpty {
                few[index] = newValue
                guard few.count > Self.fewest else { return }
                all = ContiguousArray(repeating: -1, count: total)
                for (index, place) in few { all[Int(index)] = Int32(truncatingIfNeeded: place) }
                few = [:]
            } else {
                all[Int(index)] = Int32(truncatingIfNeeded: newValue)
            }
        }
    }
}
