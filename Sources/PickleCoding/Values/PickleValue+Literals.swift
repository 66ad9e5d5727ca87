extension PickleValue {
    /// Builds a value; building fails only beyond the limits of a document, which literals do not reach.
    private static func building(_ body: (inout PickleMachine) throws(PickleError) -> UInt32) -> PickleValue {
        do throws(PickleError) {
            var machine = PickleMachine()
            let root = try body(&machine)
            return try machine.value(root)
        } catch {
            preconditionFailure("a value cannot be built: \(error)")
        }
    }

    /// None.
    public static let none = PickleValue(PickleStorage(node: PickleNode(.none), side: []), 0)

    /// Makes an int.
    public init(_ value: Int) {
        self.init(PickleStorage(node: PickleNode(.int, payload: UInt64(bitPattern: Int64(value)))), 0)
    }

    /// Makes a bool.
    public init(_ value: Bool) { self.init(PickleStorage(node: PickleNode(.bool, payload: value ? 1 : 0)), 0) }

    /// Makes a float.
    public init(_ value: Double) { self.init(PickleStorage(node: PickleNode(.float, payload: value.bitPattern)), 0) }

    /// Makes a str.
    public init(_ value: String) {
        let bytes = [UInt8](value.utf8)
        let flags: PickleNode.Flags = bytes.allSatisfy { $0 < 0x80 } ? .ascii : []
        let node = PickleNode(.string, start: 0, length: bytes.count, flags: flags)
        self.init(PickleStorage(source: .array(bytes), side: [], nodes: [node]), 0)
    }

    /// Makes bytes.
    public init(bytes: [UInt8]) {
        let node = PickleNode(.bytes, start: 0, length: bytes.count)
        self.init(PickleStorage(source: .array(bytes), side: [], nodes: [node]), 0)
    }

    /// Makes a list.
    public init(list items: [PickleValue]) { self = Self.container(.list, items) }

    /// Makes a tuple.
    public init(tuple items: [PickleValue]) { self = Self.container(.tuple, items) }

    /// Makes a dict; of equal keys the last value counts.
    public init(dict pairs: [(PickleValue, PickleValue)]) { self = Self.container(.dict, pairs.flatMap { [$0, $1] }) }

    /// Makes a name of a class or function.
    public init(global name: PickleName) {
        self = Self.building { machine throws(PickleError) in
            let module = try machine.sideText(name.module)
            let last = try machine.sideText(name.name)
            return try machine.add(PickleNode(.global, payload: UInt64(module) | UInt64(last) << 32))
        }
    }

    /// Makes a record of a call: `callee(*arguments)`.
    public init(calling callee: PickleValue, _ arguments: [PickleValue]) {
        self = Self.building { machine throws(PickleError) in
            let callee = try machine.adopt(callee)
            var items: [UInt32] = []
            for argument in arguments { items.append(try machine.adopt(argument)) }
            let tuple = try machine.addContainer(.tuple, items)
            return try machine.newRecord(.reduce, CallRecord(callee: callee, arguments: tuple))
        }
    }

    private static func container(_ tag: PickleNode.Tag, _ items: [PickleValue]) -> PickleValue {
        building { machine throws(PickleError) in
            var indices: [UInt32] = []
            indices.reserveCapacity(items.count)
            for item in items { indices.append(try machine.adopt(item)) }
            return try machine.addContainer(tag, indices)
        }
    }
}

extension PickleValue: ExpressibleByIntegerLiteral {
    /// Makes an int.
    public init(integerLiteral value: Int) { self.init(value) }
}

extension PickleValue: ExpressibleByFloatLiteral {
    /// Makes a float.
    public init(floatLiteral value: Double) { self.init(value) }
}

extension PickleValue: ExpressibleByStringLiteral {
    /// Makes a str.
    public init(stringLiteral value: String) { self.init(value) }
}

extension PickleValue: ExpressibleByBooleanLiteral {
    /// Makes a bool.
    public init(booleanLiteral value: Bool) { self.init(value) }
}

extension PickleValue: ExpressibleByArrayLiteral {
    /// Makes a list.
    public init(arrayLiteral elements: PickleValue...) { self.init(list: elements) }
}

extension PickleValue: ExpressibleByDictionaryLiteral {
    /// Makes a dict.
    public init(dictionaryLiteral elements: (PickleValue, PickleValue)...) { self.init(dict: elements) }
}

extension PickleValue: ExpressibleByNilLiteral {
    /// Makes None.
    public init(nilLiteral: ()) { self = .none }
}
