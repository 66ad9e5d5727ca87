/// What the decoder takes from values of Python's library and from instances of classes.
extension DecodingState {
    /// What a member of a registered enum stands for, with the state to read it by.
    func member(_ index: UInt32) -> (DecodingState, UInt32)? {
        guard let value = options.registry.memberValue(of: PickleValue(storage, index)) else { return nil }
        // A member that stands for a member for ever would not end.
        var options = options
        options.registry = PickleRegistry()
        return (DecodingState(options, value.storage, path: path, depth: depth), value.index)
    }

    @inline(never)
    func rareBool(_ index: UInt32) throws -> Bool {
        let value = PickleValue(storage, index)
        if let (element, data) = PythonTypes.numpyScalar(value), element.code == "b1", let byte = data.bytesValue?.first
        {
            return byte != 0
        }
        if let member = member(index) { return try member.0.bool(member.1) }
        throw mismatch(Bool.self, index)
    }

    @inline(never)
    func rareText(_ index: UInt32, of type: any Any.Type) throws -> String {
        if let path = PickleValue(storage, index).pathText { return path }
        if let member = member(index) { return try member.0.text(member.1, of: type) }
        throw mismatch(type, index)
    }

    /// Bools of a NumPy array, or nil.
    func bools(_ index: UInt32) -> [Bool]? {
        guard let numbers = PythonTypes.numbers(PickleValue(storage, index)), numbers.family == UInt8(ascii: "b") else {
            return nil
        }
        var result: [Bool] = []
        result.reserveCapacity(numbers.count)
        _ = numbers.forEach { value in if case .int(let int) = value { result.append(int != 0) } }
        return result
    }

    /// The fields of an instance whose dict alone does not say them all: slots, or places that the registry names.
    func fields(_ value: PickleValue) -> [String: UInt32]? {
        guard value.node.tag == .instance || value.node.tag == .reduce else { return nil }
        let fields: [(name: String, value: PickleValue)]?
        if let names = options.registry.fieldNames(of: value) {
            fields = value.fields(named: names)
        } else if value.state?.kind == .tuple {
            fields = value.attributes
        } else {
            fields = nil
        }
        return fields.map { Dictionary($0.map { ($0.name, $0.value.index) }, uniquingKeysWith: { $1 }) }
    }

    /// The items of an instance that has only places, if the registry names them.
    func places(_ value: PickleValue) -> ChildRange? {
        guard value.state == nil, let names = options.registry.fieldNames(of: value), let range = value.placeRange,
            Int(range.count) == names.count
        else { return nil }
        return range
    }

    /// A NumPy array of several dimensions as lists of rows, or nil if the numbers do not lie row by row.
    func rows(_ value: PickleValue) throws -> (state: DecodingState, items: ChildRange)? {
        guard let array = PythonTypes.numpyArray(value), array.shape.count > 1 else { return nil }
        guard let lists = try PythonTypes.lists(of: array) else { return nil }
        return (DecodingState(options, lists.storage, path: path, depth: depth), lists.node.children)
    }
}

extension PythonTypes {
    /// An array of several dimensions as lists of tagged blocks, one for each row; nil if the rows do not lie in a block.
    static func lists(of array: NumberArray) throws(PickleError) -> PickleValue? {
        guard !array.isFortran, let code = PackedNumbers.typeCode(of: array.element), let width = array.shape.last,
            let content = array.block.bytesValue
        else { return nil }
        let outer = array.shape.dropLast()
        var count = 1
        for length in outer {
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            // Rows of nothing take no bytes, so that there could be any number of them.
            guard !overflow, product <= max(content.count, 64) else { return nil }
            count = product
        }
        var machine = PickleMachine()
        machine.side = content
        let tag = try machine.sideText("apus.array")
        let typeCode = try machine.sideText(code)
        let size = width * array.element.size
        var level: [UInt32] = []
        level.reserveCapacity(count)
        for row in 0..<count {
            let block = try machine.add(PickleNode(.bytes, start: row * size, length: size, flags: .side))
            level.append(try machine.addContainer(.tuple, [tag, typeCode, block]))
        }
        for length in outer.dropFirst().reversed() {
            let groups = length == 0 ? 0 : level.count / length
            var next: [UInt32] = []
            for group in 0..<groups {
                next.append(try machine.addContainer(.list, Array(level[group * length..<(group + 1) * length])))
            }
            level = next
        }
        return try machine.value(try machine.addContainer(.list, level))
    }
}

extension PackedNumbers {
    /// The code by which a tagged block names the type of its elements; nil if it has none.
    static func typeCode(of element: PythonTypes.ElementType) -> String? {
        guard element.order != UInt8(ascii: ">") else { return nil }
        return [
            "i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q", "f4": "f",
            "f8": "d",
        ][element.code]
    }
}
