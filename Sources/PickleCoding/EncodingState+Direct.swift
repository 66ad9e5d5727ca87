extension EncodingState {
    /// Writes a value whose type is in the table; the type has been compared before, so that the bits can be taken.
    @inline(__always)
    func encodeDirect<T: Encodable>(_ value: T, as type: DirectType) throws -> Bool {
        switch type {
        case .other: return false
        case .int: writer.int(unsafe unsafeBitCast(value, to: Int.self))
        case .double: try write(unsafe unsafeBitCast(value, to: Double.self), under: PickleKey(0))
        case .string: writer.string(unsafe unsafeBitCast(value, to: String.self))
        case .bool: writer.bool(unsafe unsafeBitCast(value, to: Bool.self))
        default: return try encodeRare(value, as: type)
        }
        return true
    }

    @inline(never)
    private func encodeRare<T: Encodable>(_ value: T, as type: DirectType) throws -> Bool {
        switch type {
        case .int8: writer.int(Int(unsafe unsafeBitCast(value, to: Int8.self)))
        case .int16: writer.int(Int(unsafe unsafeBitCast(value, to: Int16.self)))
        case .int32: writer.int(Int(unsafe unsafeBitCast(value, to: Int32.self)))
        case .int64: writer.int(Int(unsafe unsafeBitCast(value, to: Int64.self)))
        case .uint8: writer.int(Int(unsafe unsafeBitCast(value, to: UInt8.self)))
        case .uint16: writer.int(Int(unsafe unsafeBitCast(value, to: UInt16.self)))
        case .uint32: writer.int(Int(unsafe unsafeBitCast(value, to: UInt32.self)))
        case .uint64: writer.uint(unsafe unsafeBitCast(value, to: UInt64.self))
        case .uint: writer.uint(UInt64(unsafe unsafeBitCast(value, to: UInt.self)))
        case .float: try write(Double(unsafe unsafeBitCast(value, to: Float.self)), under: PickleKey(0))
        case .uint8s: writer.bytes(unsafe unsafeBitCast(value, to: [UInt8].self))
        case .ints: writeIntegers(unsafe unsafeBitCast(value, to: [Int].self))
        case .int8s: writeIntegers(unsafe unsafeBitCast(value, to: [Int8].self))
        case .int16s: writeIntegers(unsafe unsafeBitCast(value, to: [Int16].self))
        case .int32s: writeIntegers(unsafe unsafeBitCast(value, to: [Int32].self))
        case .int64s: writeIntegers(unsafe unsafeBitCast(value, to: [Int64].self))
        case .uint16s: writeIntegers(unsafe unsafeBitCast(value, to: [UInt16].self))
        case .uint32s: writeIntegers(unsafe unsafeBitCast(value, to: [UInt32].self))
        case .uint64s: writeIntegers(unsafe unsafeBitCast(value, to: [UInt64].self))
        case .uints: writeIntegers(unsafe unsafeBitCast(value, to: [UInt].self))
        case .floats: try writeFloats(unsafe unsafeBitCast(value, to: [Float].self)) { Double($0) }
        case .doubles: try writeFloats(unsafe unsafeBitCast(value, to: [Double].self)) { $0 }
        case .strings: writeList(unsafe unsafeBitCast(value, to: [String].self)) { $0.string($1) }
        case .bools: writeList(unsafe unsafeBitCast(value, to: [Bool].self)) { $0.bool($1) }
        case .value: try writer.value(unsafe unsafeBitCast(value, to: PickleValue.self))
        case .data, .date, .url, .uuid, .decimal: try FoundationBridge.encode(value, as: type, into: self)
        default: return false
        }
        return true
    }

    @inline(__always)
    private func writeList<Element>(_ items: [Element], _ write: (inout PickleWriter, Element) -> Void) {
        writer.emptyList()
        guard !items.isEmpty else { return }
        writer.mark()
        for item in items { write(&writer, item) }
        writer.appends()
    }

    private func writeIntegers<Element: FixedWidthInteger & PackedElement>(_ items: [Element]) {
        if case .packed = options.numericArrays { return writer.packed(items) }
        writeList(items) { writer, item in
            if let value = Int(exactly: item) {
                writer.int(value)
            } else {
                writer.uint(UInt64(truncatingIfNeeded: item))
            }
        }
    }

    private func writeFloats<Element: BinaryFloatingPoint & PackedElement>(
        _ items: [Element], _ double: (Element) -> Double
    ) throws {
        if case .refuse = options.floats, let item = items.first(where: { !$0.isFinite }) {
            throw notFinite(double(item), path)
        }
        if case .packed = options.numericArrays { return writer.packed(items) }
        writeList(items) { $0.double(double($1)) }
    }
}

extension PickleWriter {
    /// Writes numbers as the tagged block `("apus.array", typecode, bytes)`, little-endian.
    mutating func packed<Element: PackedElement>(_ items: [Element]) {
        string("apus.array")
        string(Element.typeCode)
        // Every machine that Swift on Linux and macOS runs on is little-endian.
        unsafe items.withUnsafeBytes { unsafe bytes($0) }
        tuple3()
    }
}

/// A dictionary whose keys and values can be encoded.
protocol MapEncodable {
    func encodePairs(into state: EncodingState) throws
}

extension Dictionary: MapEncodable where Key: Encodable, Value: Encodable {
    func encodePairs(into state: EncodingState) throws {
        let start = state.writer.count
        let level = state.open()
        state.writer.emptyDict()
        if !isEmpty { state.writer.mark() }
        for (key, value) in self {
            let place = state.writer.count
            if state.options.isCanonical { state.levels[level].entries.append(place) }
            try state.encode(key)
            if !state.isHashable(at: place) {
                // A key that Python could not hash: the whole becomes a list of keys and values, as Swift itself does.
                state.levels.removeLast()
                state.writer.storage.truncate(to: start)
                return try encodeAlternating(into: state)
            }
            try state.encode(value, under: PickleKey(describing: key))
        }
        if state.options.isCanonical { state.writer.storage.sortParts(starts: state.levels[level].entries) }
        state.levels.removeLast()
        if !isEmpty { state.writer.setItems() }
    }

    private func encodeAlternating(into state: EncodingState) throws {
        let level = state.open()
        state.writer.emptyList()
        state.writer.mark()
        for (key, value) in self {
            if state.options.isCanonical { state.levels[level].entries.append(state.writer.count) }
            try state.encode(key)
            try state.encode(value, under: PickleKey(describing: key))
        }
        if state.options.isCanonical { state.writer.storage.sortParts(starts: state.levels[level].entries) }
        state.levels.removeLast()
        state.writer.appends()
    }
}

/// A set whose elements can be encoded.
protocol SetEncodable {
    func encodeElements(into state: EncodingState) throws
}

extension Set: SetEncodable where Element: Encodable {
    func encodeElements(into state: EncodingState) throws {
        let start = state.writer.count
        let level = state.open()
        state.writer.emptySet()
        if !isEmpty { state.writer.mark() }
        var hashable = true
        for element in self {
            let place = state.writer.count
            if state.options.isCanonical { state.levels[level].entries.append(place) }
            try state.encode(element)
            hashable = hashable && state.isHashable(at: place)
        }
        if state.options.isCanonical { state.writer.storage.sortParts(starts: state.levels[level].entries) }
        state.levels.removeLast()
        if hashable {
            if !isEmpty { state.writer.addItems() }
        } else {
            state.writer.storage.overwrite(PickleOpcode.emptyList.rawValue, at: start)
            state.writer.appends()
        }
    }
}

extension EncodingState {
    /// Whether the value written from a place on can be a key in Python: no list, dict or set.
    func isHashable(at place: Int) -> Bool {
        switch PickleOpcode(rawValue: writer.storage[place]) {
        case .emptyList, .emptyDict, .emptySet: false
        default: true
        }
    }
}

extension PickleKey {
    /// A key of a dictionary, for paths.
    init(describing key: some Any) {
        if let text = key as? String { self.init(stringValue: text) } else { self.init(stringValue: "\(key)") }
    }
}
