/// A view of one value in a document.
///
/// Small values can be written as literals; everything else comes from a ``PickleDocument``. A view keeps its document
/// alive, costs two words, and never copies what it shows until asked.
public struct PickleValue: Sendable {
    let storage: PickleStorage
    let index: UInt32

    @inline(__always)
    init(_ storage: PickleStorage, _ index: UInt32) {
        self.storage = storage
        self.index = index
    }

    @inline(__always)
    var node: PickleNode { storage.nodes[Int(index)] }

    /// What a value is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Plain values.
        case none, bool, int, float, string, bytes, byteArray
        /// Containers.
        case list, tuple, dict, set, frozenSet
        /// A class or function by name.
        case global
        /// A recorded call; nothing was called.
        case reduce
        /// A recorded instance; nothing was made.
        case newObject
        /// A value outside the pickle.
        case persistentID
        /// An out-of-band buffer.
        case buffer
        /// Values of Python's library.
        case complex, range, slice, orderedDict, defaultDict, counter, deque
        /// Values of Python's library.
        case dateTime, date, time, timeDelta, timeZone, decimal, fraction, path
    }

    /// What the value is.
    public var kind: Kind {
        switch node.tag {
        case .none: .none
        case .bool: .bool
        case .int, .bigInt: .int
        case .float: .float
        case .string: .string
        case .bytes: .bytes
        case .byteArray: .byteArray
        case .list: .list
        case .tuple: .tuple
        case .dict: .dict
        case .set: .set
        case .frozenSet: .frozenSet
        case .global: .global
        case .reduce: .reduce
        case .instance: .newObject
        case .persistentID: .persistentID
        case .buffer: .buffer
        case .known: KnownType(node)?.kind ?? .reduce
        }
    }

    // MARK: Plain values

    /// Whether the value is None.
    public var isNone: Bool { node.tag == .none }

    /// The value of a bool.
    public var boolValue: Bool? { node.tag == .bool ? node.payload != 0 : nil }

    /// The value of an int that fits.
    public var intValue: Int? { node.tag == .int ? node.int : nil }

    /// The value of an int that fits into 64 bits without a sign.
    public var uintValue: UInt64? {
        if node.tag == .int { return UInt64(exactly: node.int) }
        guard node.tag == .bigInt, node.length == 9 else { return nil }
        return storage.withPayload(node) { view in view[8] == 0 ? view.load(0, as: UInt64.self) : nil }
    }

    /// The value of a float or an int, the latter only if it is exact.
    public var doubleValue: Double? {
        switch node.tag {
        case .float: return node.float
        case .int: return Double(exactly: node.int)
        case .bigInt:
            let (value, exact) = storage.withPayload(node) { BigDecimal.double(ofTwosComplement: $0) }
            return exact ? value : nil
        default: return nil
        }
    }

    /// The text of a str; nil if it has lone surrogates, which a Swift string cannot hold.
    public var stringValue: String? {
        node.tag == .string && !node.flags.contains(.surrogates) ? storage.string(node) : nil
    }

    /// The decimal digits of an int of any size.
    public var integerText: String? {
        if node.tag == .int { return String(node.int) }
        guard node.tag == .bigInt else { return nil }
        return storage.withPayload(node) { BigDecimal.decimal(ofTwosComplement: $0) }
    }

    /// The content of bytes, a bytearray or a buffer, copied.
    public var bytesValue: [UInt8]? { unsafe withBytes { unsafe [UInt8]($0) } }

    /// Runs a closure over the content of bytes, a bytearray or a buffer, or the UTF-8 of a str, without copying it.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R? {
        switch node.tag {
        case .bytes, .byteArray, .string:
            return try storage.withPayload(node) { view in try unsafe view.withBytes(body) }
        case .buffer:
            return try PickleSource.array(storage.buffers[node.start]).withView { view in
                try unsafe view.withBytes(body)
            }
        default: return nil
        }
    }

    /// Where the content of a str or bytes lies in the source; nil if it was decoded from another form.
    public var sourceRange: Range<Int>? {
        switch node.tag {
        case .bytes, .byteArray, .string:
            return node.flags.contains(.side) ? nil : node.start..<(node.start + node.length)
        default: return nil
        }
    }

    // MARK: Names and records

    /// Module and qualified name of a class or function.
    public var global: (module: String, name: String)? {
        guard node.tag == .global else { return nil }
        return (storage.lossyString(node.pair.0), storage.lossyString(node.pair.1))
    }

    var record: CallRecord? {
        switch node.tag {
        case .reduce, .instance, .known: storage.records[Int(node.low)]
        default: nil
        }
    }

    /// What a recorded call or instance calls: usually a name.
    public var callee: PickleValue? { record.map { PickleValue(storage, $0.callee) } }

    /// The arguments of a recorded call or instance.
    public var arguments: [PickleValue]? { record.flatMap { PickleValue(storage, $0.arguments).items } }

    /// The keyword arguments of a recorded instance, a dict.
    public var keywordArguments: PickleValue? {
        guard let record, record.keywords != CallRecord.absent, !node.isReconstructed else { return Optional.none }
        return PickleValue(storage, record.keywords)
    }

    /// The state given to a recorded call or instance by BUILD.
    public var state: PickleValue? {
        guard let record, record.state != CallRecord.absent else { return Optional.none }
        return PickleValue(storage, record.state)
    }

    var extra: RecordExtra? {
        record.flatMap { $0.extra == CallRecord.absent ? nil : storage.extras[Int($0.extra)] }
    }

    /// All states given by BUILD, in order.
    public var states: [PickleValue] {
        guard let state else { return [] }
        return [state] + (extra.map { values($0.states) } ?? [])
    }

    /// Items appended to a recorded call or instance, as subclasses of list are filled.
    public var appendedItems: [PickleValue] { extra.map { values($0.items) } ?? [] }

    /// Pairs set on a recorded call or instance, as subclasses of dict are filled.
    public var setPairs: [(key: PickleValue, value: PickleValue)] { extra.map { pairs(in: $0.pairs) } ?? [] }

    /// Elements added to a recorded call or instance, as subclasses of set are filled.
    public var addedElements: [PickleValue] { extra.map { values($0.adds) } ?? [] }

    /// The id of a value outside the pickle.
    public var persistentID: PickleValue? {
        // Not with `?:`, where `nil` would be taken for the literal of None.
        guard node.tag == .persistentID else { return Optional.none }
        return PickleValue(storage, UInt32(truncatingIfNeeded: node.payload))
    }

    /// Whether two views show the same object of the same document.
    public func isIdentical(to other: PickleValue) -> Bool { storage === other.storage && index == other.index }

    func values(_ range: ChildRange) -> [PickleValue] {
        storage.children[range.indices].map { PickleValue(storage, $0) }
    }

    func pairs(in range: ChildRange) -> [(key: PickleValue, value: PickleValue)] {
        stride(from: range.indices.lowerBound, to: range.indices.upperBound, by: 2).map { place in
            (PickleValue(storage, storage.children[place]), PickleValue(storage, storage.children[place + 1]))
        }
    }
}

extension KnownType {
    var kind: PickleValue.Kind {
        switch self {
        case .complex: .complex
        case .range: .range
        case .slice: .slice
        case .orderedDict: .orderedDict
        case .defaultDict: .defaultDict
        case .counter: .counter
        case .deque: .deque
        case .dateTime: .dateTime
        case .date: .date
        case .time: .time
        case .timeDelta: .timeDelta
        case .timeZone: .timeZone
        case .decimal: .decimal
        case .fraction: .fraction
        case .path: .path
        }
    }
}
