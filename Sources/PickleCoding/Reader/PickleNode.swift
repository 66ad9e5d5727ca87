/// One value of a document: sixteen bytes, with references by index.
struct PickleNode: BitwiseCopyable, Sendable {
    enum Tag: UInt8, BitwiseCopyable, Sendable {
        case none, bool, int, bigInt, float, string, bytes, byteArray, list, tuple, dict, set, frozenSet
        /// A name; payload: module node, name node.
        case global
        /// A recorded call or instance; `low` is the index of the record.
        case reduce, instance
        /// A call of a known type; `small` says which, `low` is the index of the record.
        case known
        /// Payload: the node of the id.
        case persistentID
        /// Payload: the number of the buffer.
        case buffer
    }

    struct Flags: OptionSet, BitwiseCopyable, Sendable {
        let rawValue: UInt8
        /// Cannot be a key.
        static let unhashable = Flags(rawValue: 1)
        /// Text with lone surrogates, which a Swift string cannot hold.
        static let surrogates = Flags(rawValue: 2)
        /// The payload lies in the side bytes, not in the source.
        static let side = Flags(rawValue: 4)
        /// A buffer that was made read-only.
        static let readOnly = Flags(rawValue: 8)
        /// Text in which every character is one byte.
        static let ascii = Flags(rawValue: 16)
        /// The id came as a line of text (PERSID).
        static let textID = Flags(rawValue: 32)
        /// A call made by INST or OBJ, whose arguments have no tuple of their own.
        static let frozen = Flags(rawValue: 64)
    }

    var tag: Tag
    var flags: Flags = []
    var small: UInt16 = 0
    var low: UInt32 = 0
    var payload: UInt64 = 0

    init(_ tag: Tag, flags: Flags = [], small: UInt16 = 0, low: UInt32 = 0, payload: UInt64 = 0) {
        self.tag = tag
        self.flags = flags
        self.small = small
        self.low = low
        self.payload = payload
    }

    /// Text, bytes or a long integer at a place in the source or the side bytes.
    @inline(__always)
    init(_ tag: Tag, start: Int, length: Int, flags: Flags = []) {
        self.init(
            tag, flags: flags, small: UInt16(truncatingIfNeeded: length >> 32), low: UInt32(truncatingIfNeeded: length),
            payload: UInt64(truncatingIfNeeded: start))
    }

    var start: Int { Int(truncatingIfNeeded: payload) }
    var length: Int { Int(small) << 32 | Int(low) }
    var int: Int { Int(truncatingIfNeeded: payload) }
    var float: Double { Double(bitPattern: payload) }

    /// The children of a container; `low` is the capacity while reading and afterwards the place of the key table plus one.
    var children: ChildRange {
        get {
            ChildRange(
                start: UInt32(truncatingIfNeeded: payload), count: UInt32(truncatingIfNeeded: payload >> 32),
                capacity: low)
        }
        set {
            payload = UInt64(newValue.start) | UInt64(newValue.count) << 32
            low = newValue.capacity
        }
    }

    /// The two node indices of a name.
    var pair: (UInt32, UInt32) { (UInt32(truncatingIfNeeded: payload), UInt32(truncatingIfNeeded: payload >> 32)) }

    /// In `small` of an instance: it was made by `copyreg._reconstructor`, and `keywords` of its record is the base class.
    static let reconstructed: UInt16 = 1

    var isReconstructed: Bool { tag == .instance && small == Self.reconstructed }

    var isHashable: Bool { !flags.contains(.unhashable) }
}

/// A run of node indices in the document's list of children.
struct ChildRange: BitwiseCopyable, Sendable {
    var start: UInt32 = 0
    var count: UInt32 = 0
    var capacity: UInt32 = 0

    var indices: Range<Int> { Int(start)..<(Int(start) + Int(count)) }
}

/// How an object was to be built.
struct CallRecord: BitwiseCopyable, Sendable {
    static let absent = UInt32.max

    var callee: UInt32
    var arguments: UInt32
    /// A dict of keyword arguments.
    var keywords: UInt32 = absent
    /// The first BUILD.
    var state: UInt32 = absent
    /// The index of further parts.
    var extra: UInt32 = absent
}

/// The rarer parts of a record.
struct RecordExtra: BitwiseCopyable, Sendable {
    /// States after the first.
    var states = ChildRange()
    var items = ChildRange()
    var pairs = ChildRange()
    var adds = ChildRange()
    /// The key table of `pairs` for mappings of a known type, plus one.
    var table: UInt32 = 0
    /// The bound of a deque, or -1.
    var bound: Int = -1
}
