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
        case .uint8s: unsafe unsafeBitCast(value, to: [UInt8].self).withUnsafeBytes { unsafe blob($0) }
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
        case .strings: writer.list(unsafe unsafeBitCast(value, to: [String].self))
        case .bools: writer.list(unsafe unsafeBitCast(value, to: [Bool].self)) { $0.bool($1) }
        case .stringToString where !options.isCanonical:
            writer.dict(unsafe unsafeBitCast(value, to: [String: String].self)) { $0.string($1) }
        case .stringToInt where !options.isCanonical:
            writer.dict(unsafe unsafeBitCast(value, to: [String: Int].self)) { $0.int($1) }
        case .stringToDouble where !options.isCanonical && !options.refusesNaN:
            writer.dict(unsafe unsafeBitCast(value, to: [String: Double].self)) { $0.double($1) }
        case .value: try writer.value(unsafe unsafeBitCast(value, to: PickleValue.self))
        case .data, .date, .url, .uuid, .decimal: try FoundationBridge.encode(value, as: type, into: self)
        default: return false
        }
        return true
    }

    private func writeIntegers<Element: FixedWidthInteger & PackedElement>(_ items: [Element]) {
        if case .packed = options.numericArrays { return packed(items) }
        writer.list(integers: items)
    }

    private func writeFloats<Element: BinaryFloatingPoint & PackedElement>(
        _ items: [Element], _ double: (Element) -> Double
    ) throws {
        if case .refuse = options.floats, let item = items.first(where: { !$0.isFinite }) {
            throw notFinite(double(item), path)
        }
        if case .packed = options.numericArrays { return packed(items) }
        writer.list(floats: items, double)
    }
}

extension EncodingState {
    /// Writes numbers as the tagged block `("apus.array", typecode, bytes)`, little-endian.
    func packed<Element: PackedElement>(_ items: [Element]) {
        writer.string("apus.array")
        writer.string(Element.typeCode)
        // Every machine that Swift on Linux and macOS runs on is little-endian.
        unsafe items.withUnsafeBytes { unsafe blob($0) }
        writer.tuple3()
    }

    /// Writes bytes, or keeps them beside the pickle if they are many.
    func blob(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= bufferThreshold else { return unsafe writer.bytes(bytes) }
        buffers.append(unsafe [UInt8](bytes))
        writer.opcode(.nextBuffer)
        writer.opcode(.readonlyBuffer)
    }
}

/// An array whose elements can be encoded.
protocol ListEncodable {
    func encodeItems(into state: EncodingState) throws
}

extension Array: ListEncodable where Element: Encodable {
    func encodeItems(into state: EncodingState) throws { try state.encodeItems(self) }
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
            if state.isCanonical { state.entries[level].append(place) }
            try state.encode(key)
            if !state.isHashable(at: place) {
                // A key that Python could not hash: the whole becomes a list of keys and values, as Swift itself does.
                state.leave()
                state.writer.storage.truncate(to: start)
                return try encodeAlternating(into: state)
            }
            try state.encode(value, under: PickleKey(describing: key))
        }
        if state.isCanonical { state.writer.storage.sortParts(starts: state.entries[level]) }
        state.leave()
        if !isEmpty { state.writer.setItems() }
    }

    private func encodeAlternating(into state: EncodingState) throws {
        let level = state.open()
        state.writer.emptyList()
        state.writer.mark()
        for (key, value) in self {
            if state.isCanonical { state.entries[level].append(state.writer.count) }
            try state.encode(key)
            try state.encode(value, under: PickleKey(describing: key))
        }
        if state.isCanonical { state.writer.storage.sortParts(starts: state.entries[level]) }
        state.leave()
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
            if state.isCanonical { state.entries[level].append(place) }
            try state.encode(element)
            hashable = hashable && state.isHashable(at: place)
        }
        if state.isCanonical { state.writer.storage.sortParts(starts: state.entries[level]) }
        state.leave()
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
