/// What one decoding holds: the document and the path to the value being decoded.
///
/// It stays on one thread and nothing calls out while a property is being changed, so the run-time checks of exclusive
/// access are left out of what is touched for every value.
final class DecodingState {
    let options: PickleDecoder
    let storage: PickleStorage
    let direct = DirectTypes.shared
    @safe @exclusivity(unchecked) var path: [any CodingKey]
    @safe @exclusivity(unchecked) var depth: Int
    @safe @exclusivity(unchecked) private var visited = 0
    /// Texts and blocks of at least this many bytes are made once, however often the pickle refers to them.
    static let sharedLength = 64
    private var texts: [UInt32: String] = [:]
    private var blocks: [UInt32: [UInt8]] = [:]
    /// The same as Foundation's type.
    var blobs: [UInt32: any Sendable] = [:]
    /// Keyed containers that may be used again; only while the root is being decoded, since they hold this object.
    @safe @exclusivity(unchecked) var spares = SpareContainers()
    private var plans: [ObjectIdentifier: Plan] = [:]
    @safe @exclusivity(unchecked) private var lastPlan: (id: ObjectIdentifier, plan: Plan)?

    private enum Plan {
        case plain
        case list(any ListDecodable.Type)
        case map(any MapDecodable.Type)
        case records(any RecordDecodable.Type)
    }

    init(_ options: PickleDecoder, _ storage: PickleStorage, path: [any CodingKey] = [], depth: Int = 0) {
        self.options = options
        self.storage = storage
        self.path = path
        self.depth = depth
    }

    @inline(__always)
    func node(_ index: UInt32) -> PickleNode { storage.nodes[Int(index)] }

    /// Decodes the root.
    func decodeRoot<T: Decodable>(_ type: T.Type, _ index: UInt32) throws -> T {
        spares.isOpen = true
        defer { spares = SpareContainers() }
        return try decode(type, index)
    }

    /// Decodes any value; scalars and arrays of scalars without asking them.
    func decode<T: Decodable>(_ type: T.Type, _ index: UInt32) throws -> T {
        let code = direct.code(of: type)
        if code != .other { return try decodeDirect(type, as: code, index) }
        visited += 1
        guard visited <= options.maximumValues else {
            throw corrupted("the pickle expands to more than \(options.maximumValues) values")
        }
        guard depth < options.maximumDepth else {
            throw corrupted("nesting deeper than \(options.maximumDepth)\(CodingPath.place(path))")
        }
        depth += 1
        defer { depth -= 1 }
        switch plan(of: type) {
        case .plain: break
        case .list(let list):
            // Blocks of numbers are read by the container, item by item.
            guard let range = listRange(index) else { break }
            guard let value = try list.decodeItems(range, self) as? T else { throw mismatch(type, index, "\(type)") }
            return value
        case .map(let map):
            guard let value = try map.decodePairs(index, self) as? T else { throw mismatch(type, index, "\(type)") }
            return value
        case .records(let records):
            guard case .asIs = options.keys else { break }
            guard let value = try records.decodeRecords(index, self) as? T else {
                throw mismatch(type, index, "\(type)")
            }
            return value
        }
        if !options.registry.isEmpty,
            let value = try options.registry.construct(type, of: PickleValue(storage, index))
        {
            return value
        }
        let count = path.count
        defer { if path.count > count { path.removeLast(path.count - count) } }
        return try type.init(from: DecoderView(state: self, index: index))
    }

    /// Decodes a value under a key.
    @inline(__always)
    func decode<T: Decodable>(_ type: T.Type, _ index: UInt32, under key: some CodingKey) throws -> T {
        let count = path.count
        path.append(key)
        defer { path.removeLast(path.count - count) }
        return try decode(type, index)
    }

    /// The items of a list, tuple or set that can be decoded one after the other.
    private func listRange(_ index: UInt32) -> ChildRange? {
        let value = PickleValue(storage, index)
        guard let range = value.itemRange, PythonTypes.numbers(value) == nil else { return nil }
        return range
    }

    /// Decodes the items of a list as an array, without a container between.
    func decodeItems<Element: Decodable>(_ type: Element.Type, _ range: ChildRange) throws -> [Element] {
        var result: [Element] = []
        guard range.count > 0 else { return result }
        let place = path.count
        path.append(PickleKey.position(0))
        defer { path.removeLast(path.count - place) }
        for (position, child) in range.indices.enumerated() {
            if position > 0 { path[place] = PickleKey.position(position) }
            result.append(try decode(type, storage.children[child]))
            // Room for all once the first has turned out to fit.
            if position == 0 { result.reserveCapacity(Int(range.count)) }
        }
        return result
    }

    private func plan<T: Decodable>(of type: T.Type) -> Plan {
        let id = ObjectIdentifier(type)
        if let lastPlan, lastPlan.id == id { return lastPlan.plan }
        let plan: Plan
        if let known = plans[id] {
            plan = known
        } else if let records = type as? any RecordDecodable.Type {
            plan = .records(records)
        } else if let list = type as? any ListDecodable.Type {
            plan = .list(list)
        } else if let map = type as? any MapDecodable.Type {
            plan = .map(map)
        } else {
            plan = .plain
        }
        plans[id] = plan
        lastPlan = (id, plan)
        return plan
    }

    // MARK: Errors

    func corrupted(_ text: String) -> any Error {
        DecodingError.dataCorrupted(.init(codingPath: path, debugDescription: text))
    }

    /// "expected Double at config.rate, found str "fast" (byte 12)".
    func mismatch(_ type: any Any.Type, _ index: UInt32, _ expected: String? = nil) -> any Error {
        let found = PickleValue(storage, index)
        let place = found.opcodeOffset.map { " (byte \($0))" } ?? ""
        let text = "expected \(expected ?? "\(type)")\(CodingPath.place(path)), found \(found.summary)\(place)"
        if found.isNone { return DecodingError.valueNotFound(type, .init(codingPath: path, debugDescription: text)) }
        return DecodingError.typeMismatch(type, .init(codingPath: path, debugDescription: text))
    }

    // MARK: Scalars

    @inline(__always)
    func bool(_ index: UInt32) throws -> Bool {
        let node = node(index)
        guard node.tag == .bool else { return try rareBool(index) }
        return node.payload != 0
    }

    @inline(__always)
    func integer<T: FixedWidthInteger>(_ type: T.Type, _ index: UInt32) throws -> T {
        let node = node(index)
        if node.tag == .int, let value = T(exactly: node.int) { return value }
        return try rareInteger(type, index)
    }

    @inline(never)
    private func rareInteger<T: FixedWidthInteger>(_ type: T.Type, _ index: UInt32) throws -> T {
        let value = PickleValue(storage, index)
        if let wide = value.uintValue, let value = T(exactly: wide) { return value }
        if node(index).tag == .float, let value = T(exactly: node(index).float) { return value }
        if let scalar = PythonTypes.number(value) { return try integer(type, scalar) }
        if let wide = PythonTypes.wideNumber(value), let value = T(exactly: wide) { return value }
        if let member = member(index) { return try member.0.integer(type, member.1) }
        throw mismatch(type, index)
    }

    @inline(__always)
    func double(_ index: UInt32) throws -> Double {
        let node = node(index)
        if node.tag == .float { return node.float }
        if let value = PickleValue(storage, index).doubleValue { return value }
        if let scalar = PythonTypes.number(PickleValue(storage, index)) { return try double(scalar) }
        if let member = member(index) { return try member.0.double(member.1) }
        throw mismatch(Double.self, index)
    }

    func integer<T: FixedWidthInteger>(_ type: T.Type, _ scalar: PythonTypes.Scalar) throws -> T {
        switch scalar.value {
        case .int(let value): if let value = T(exactly: value) { return value }
        case .double(let value): if let value = T(exactly: value) { return value }
        }
        throw mismatch(type, scalar.index)
    }

    func double(_ scalar: PythonTypes.Scalar) throws -> Double {
        switch scalar.value {
        case .int(let value): if let value = Double(exactly: value) { return value }
        case .double(let value): return value
        }
        throw mismatch(Double.self, scalar.index)
    }

    @inline(__always)
    func text(_ index: UInt32, of type: any Any.Type = String.self) throws -> String {
        let node = node(index)
        guard node.tag == .string else { return try rareText(index, of: type) }
        guard !node.flags.contains(.surrogates) else {
            throw corrupted("the text\(CodingPath.place(path)) has lone surrogates, which a Swift string cannot hold")
        }
        return string(index, node)
    }

    /// The text of a string node without surrogates.
    @inline(__always)
    func string(_ index: UInt32, _ node: PickleNode) -> String {
        node.length < Self.sharedLength ? storage.string(node) : sharedString(index, node)
    }

    @inline(never)
    private func sharedString(_ index: UInt32, _ node: PickleNode) -> String {
        if let known = texts[index] { return known }
        let text = storage.string(node)
        texts[index] = text
        return text
    }

    /// The bytes of a value; nil if it has none.
    func bytes(_ index: UInt32) -> [UInt8]? {
        if let known = blocks[index] { return known }
        let bytes = PickleValue(storage, index).bytesValue
        if let bytes, bytes.count >= Self.sharedLength { blocks[index] = bytes }
        return bytes
    }

    /// Counts values that are taken without asking their type.
    ///
    /// Without sharing there cannot be more than the input has bytes; with it there may be any number.
    func visit(_ count: Int) throws {
        visited += count
        guard visited <= max(options.maximumValues, storage.end) else {
            throw corrupted("the pickle expands to more than \(options.maximumValues) values")
        }
    }
}
