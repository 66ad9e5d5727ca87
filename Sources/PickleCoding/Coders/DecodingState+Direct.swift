extension DecodingState {
    /// Decodes a value whose type is in the table; the type has been compared before, so that the bits can be taken.
    @inline(__always)
    func decodeDirect<T: Decodable>(_ type: T.Type, as code: DirectType, _ index: UInt32) throws -> T {
        switch code {
        case .int: return unsafe unsafeBitCast(try integer(Int.self, index), to: T.self)
        case .double: return unsafe unsafeBitCast(try double(index), to: T.self)
        case .string: return unsafe unsafeBitCast(try text(index), to: T.self)
        case .bool: return unsafe unsafeBitCast(try bool(index), to: T.self)
        default: return try decodeRare(type, as: code, index)
        }
    }

    @inline(never)
    private func decodeRare<T: Decodable>(_ type: T.Type, as code: DirectType, _ index: UInt32) throws -> T {
        switch code {
        case .int8: return unsafe unsafeBitCast(try integer(Int8.self, index), to: T.self)
        case .int16: return unsafe unsafeBitCast(try integer(Int16.self, index), to: T.self)
        case .int32: return unsafe unsafeBitCast(try integer(Int32.self, index), to: T.self)
        case .int64: return unsafe unsafeBitCast(try integer(Int64.self, index), to: T.self)
        case .uint: return unsafe unsafeBitCast(try integer(UInt.self, index), to: T.self)
        case .uint8: return unsafe unsafeBitCast(try integer(UInt8.self, index), to: T.self)
        case .uint16: return unsafe unsafeBitCast(try integer(UInt16.self, index), to: T.self)
        case .uint32: return unsafe unsafeBitCast(try integer(UInt32.self, index), to: T.self)
        case .uint64: return unsafe unsafeBitCast(try integer(UInt64.self, index), to: T.self)
        case .float: return unsafe unsafeBitCast(Float(try double(index)), to: T.self)
        case .uint8s:
            if node(index).tag != .string, let bytes = bytes(index) {
                return unsafe unsafeBitCast(bytes, to: T.self)
            }
            return unsafe unsafeBitCast(try integers(UInt8.self, index), to: T.self)
        case .ints: return unsafe unsafeBitCast(try integers(Int.self, index), to: T.self)
        case .int8s: return unsafe unsafeBitCast(try integers(Int8.self, index), to: T.self)
        case .int16s: return unsafe unsafeBitCast(try integers(Int16.self, index), to: T.self)
        case .int32s: return unsafe unsafeBitCast(try integers(Int32.self, index), to: T.self)
        case .int64s: return unsafe unsafeBitCast(try integers(Int64.self, index), to: T.self)
        case .uints: return unsafe unsafeBitCast(try integers(UInt.self, index), to: T.self)
        case .uint16s: return unsafe unsafeBitCast(try integers(UInt16.self, index), to: T.self)
        case .uint32s: return unsafe unsafeBitCast(try integers(UInt32.self, index), to: T.self)
        case .uint64s: return unsafe unsafeBitCast(try integers(UInt64.self, index), to: T.self)
        case .floats: return unsafe unsafeBitCast(try floats(Float.self, index), to: T.self)
        case .doubles: return unsafe unsafeBitCast(try floats(Double.self, index), to: T.self)
        case .strings: return unsafe unsafeBitCast(try list(index) { try text($0) }, to: T.self)
        case .bools: return unsafe unsafeBitCast(try bools(index) ?? list(index) { try bool($0) }, to: T.self)
        case .stringToString: return unsafe unsafeBitCast(try map(index) { try text($0) }, to: T.self)
        case .stringToInt: return unsafe unsafeBitCast(try map(index) { try integer(Int.self, $0) }, to: T.self)
        case .stringToDouble: return unsafe unsafeBitCast(try map(index) { try double($0) }, to: T.self)
        case .value: return unsafe unsafeBitCast(PickleValue(storage, index), to: T.self)
        default: return try FoundationBridge.decode(type, as: code, index, self)
        }
    }

    /// Decodes the items of a list, tuple or set.
    @inline(__always)
    private func list<Element>(_ index: UInt32, _ decode: (UInt32) throws -> Element) throws -> [Element] {
        let value = PickleValue(storage, index)
        guard let range = value.itemRange ?? PythonTypes.listOfArray(value)?.itemRange ?? places(value) else {
            throw mismatch([Element].self, index, "a list")
        }
        try visit(Int(range.count))
        var result: [Element] = []
        result.reserveCapacity(Int(range.count))
        let count = path.count
        do {
            for place in range.indices { result.append(try decode(storage.children[place])) }
        } catch {
            // Once more, now with the position on the path.
            path.append(PickleKey(result.count))
            defer { path.removeLast(path.count - count) }
            result.append(try decode(storage.children[Int(range.start) + result.count]))
            throw error
        }
        return result
    }

    /// Decodes a dict with str keys.
    @inline(__always)
    private func map<Value>(_ index: UInt32, _ decode: (UInt32) throws -> Value) throws -> [String: Value] {
        let view = PickleValue(storage, index)
        guard let range = view.pairRange?.range else { throw mismatch([String: Value].self, index, "a dict") }
        try visit(Int(range.count))
        var result = [String: Value](minimumCapacity: Int(range.count) / 2)
        for place in stride(from: range.indices.lowerBound, to: range.indices.upperBound, by: 2) {
            let key = try text(storage.children[place])
            let valueIndex = storage.children[place + 1]
            let value: Value
            do {
                value = try decode(valueIndex)
            } catch {
                // Once more, now with the key on the path.
                path.append(PickleKey(stringValue: key))
                defer { path.removeLast() }
                value = try decode(valueIndex)
            }
            guard result.updateValue(value, forKey: key) == nil else {
                throw corrupted("two keys of the dict\(CodingPath.place(path)) are equal in Swift: \(key)")
            }
        }
        return result
    }

    private func integers<Element: FixedWidthInteger & PackedElement>(
        _ type: Element.Type, _ index: UInt32
    ) throws -> [Element] {
        if let numbers = PythonTypes.numbers(PickleValue(storage, index)) {
            try visit(numbers.count)
            if let result = numbers.elements(as: type, { Element(exactly: $0) }, { Element(exactly: $0) }) {
                return result
            }
            throw mismatch([Element].self, index)
        }
        return try list(index) { try integer(type, $0) }
    }

    private func floats<Element: BinaryFloatingPoint & PackedElement>(
        _ type: Element.Type, _ index: UInt32
    ) throws -> [Element] {
        if let numbers = PythonTypes.numbers(PickleValue(storage, index)) {
            try visit(numbers.count)
            if let result = numbers.elements(as: type, { Element(exactly: $0) }, { Element($0) }) { return result }
            throw mismatch([Element].self, index)
        }
        return try list(index) { Element(try double($0)) }
    }

    /// The bytes of a list of small ints, for `Data`.
    func packed(_ index: UInt32, of type: any Any.Type) throws -> [UInt8] { try integers(UInt8.self, index) }

    /// A document with the numbers of a block as plain values, for types that read them one by one.
    func unpacked(_ numbers: PackedNumbers, _ index: UInt32) throws -> DecodingState {
        var nodes = ContiguousArray<PickleNode>()
        var children = ContiguousArray<UInt32>()
        nodes.reserveCapacity(numbers.count)
        children.reserveCapacity(numbers.count)
        let complete = numbers.forEach { value in
            children.append(UInt32(truncatingIfNeeded: nodes.count))
            switch value {
            case .int(let value): nodes.append(PickleNode(.int, payload: UInt64(bitPattern: Int64(value))))
            case .double(let value): nodes.append(PickleNode(.float, payload: value.bitPattern))
            }
        }
        guard complete else { throw mismatch([Any].self, index, "a list") }
        let storage = PickleStorage(source: .array([]), side: [], nodes: nodes, children: children)
        return DecodingState(options, storage, path: path, depth: depth)
    }
}

/// An array whose elements can be decoded.
protocol ListDecodable {
    static func decodeItems(_ range: ChildRange, _ state: DecodingState) throws -> Self
}

extension Array: ListDecodable where Element: Decodable {
    static func decodeItems(_ range: ChildRange, _ state: DecodingState) throws -> Self {
        try state.decodeItems(Element.self, range)
    }
}

/// A dictionary whose keys and values can be decoded.
protocol MapDecodable {
    static func decodePairs(_ index: UInt32, _ state: DecodingState) throws -> Self
}

extension Dictionary: MapDecodable where Key: Decodable, Value: Decodable {
    static func decodePairs(_ index: UInt32, _ state: DecodingState) throws -> Self {
        let value = PickleValue(state.storage, index)
        let range: ChildRange
        if let pairs = value.pairRange {
            range = pairs.range
        } else if let items = value.itemRange, items.count % 2 == 0 {
            range = items
        } else {
            throw state.mismatch(Self.self, index, "a dict")
        }
        var result = Self(minimumCapacity: Int(range.count) / 2)
        for place in stride(from: range.indices.lowerBound, to: range.indices.upperBound, by: 2) {
            let keyIndex = state.storage.children[place]
            let key = try state.decode(Key.self, keyIndex)
            let item = try state.decode(
                Value.self, state.storage.children[place + 1], under: PickleKey(describing: key))
            guard result.updateValue(item, forKey: key) == nil else {
                let text = "two keys of the dict\(CodingPath.place(state.path)) are equal in Swift: \(key)"
                throw state.corrupted(text)
            }
        }
        return result
    }
}
