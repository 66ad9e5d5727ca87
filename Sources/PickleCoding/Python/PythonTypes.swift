/// Values of Python's library, seen through their records.
///
/// What one opcode makes is recognised while reading; what takes several, a UUID or a NumPy array, is recognised here, when
/// somebody looks.
enum PythonTypes {
    /// A number that stands for a value.
    struct Scalar {
        let index: UInt32
        let value: PackedNumbers.Value
    }

    /// The names of the types and functions that are recognised here.
    static let names: Set<PickleName> = {
        var names: Set<PickleName> = [
            PickleName(module: "uuid", name: "UUID"), PickleName(module: "functools", name: "partial"),
            PickleName(module: "numpy", name: "dtype"), PickleName(module: "numpy", name: "ndarray"),
            PickleName(module: "array", name: "array"), PickleName(module: "array", name: "_array_reconstructor"),
        ]
        for package in ["numpy.core", "numpy._core"] {
            names.insert(PickleName(module: package + ".multiarray", name: "scalar"))
            names.insert(PickleName(module: package + ".multiarray", name: "_reconstruct"))
            names.insert(PickleName(module: package + ".numeric", name: "_frombuffer"))
        }
        return names
    }()

    /// Whether a value is a name.
    static func isName(_ value: PickleValue?, _ module: StaticString, _ name: StaticString) -> Bool {
        guard let value, value.node.tag == .global else { return false }
        let (first, last) = value.node.pair
        return matches(value.storage, first, module) && matches(value.storage, last, name)
    }

    private static func matches(_ storage: PickleStorage, _ index: UInt32, _ text: StaticString) -> Bool {
        let node = storage.nodes[Int(index)]
        guard node.length == text.utf8CodeUnitCount else { return false }
        return storage.withPayload(node) { view in
            unsafe view == ByteView(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }
    }

    // MARK: Small values

    /// The text of a Decimal.
    static func decimal(_ value: PickleValue) -> String? {
        value.kind == .decimal ? value.arguments?.first?.stringValue : nil
    }

    /// The 8-4-4-4-12 text of a UUID, and its `is_safe` if it has one.
    static func uuidParts(_ value: PickleValue) -> (text: String, isSafe: UInt32?)? {
        guard value.node.tag == .instance, isName(value.callee, "uuid", "UUID"), value.arguments?.isEmpty == true,
            value.keywordArguments == nil, value.extra == nil, let state = value.state, state.node.tag == .dict,
            let number = state["int"], number.kind == .int
        else { return nil }
        let safe = state["is_safe"]
        guard state.count == (safe == nil ? 1 : 2), safe?.kind ?? .int == .int else { return nil }
        var bytes: [UInt8]
        if let small = number.intValue {
            guard small >= 0 else { return nil }
            bytes = (0..<8).map { UInt8(truncatingIfNeeded: small >> (8 * $0)) }
        } else {
            bytes = number.storage.withPayload(number.node) { $0.array }
            guard let last = bytes.last, last < 0x80 else { return nil }
            if bytes.count == 17, last == 0 { bytes.removeLast() }
        }
        guard bytes.count <= 16 else { return nil }
        bytes += [UInt8](repeating: 0, count: 16 - bytes.count)
        var text = ""
        for (position, byte) in bytes.reversed().enumerated() {
            if [4, 6, 8, 10].contains(position) { text += "-" }
            text += String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }
        return (text, safe?.index)
    }

    /// The 8-4-4-4-12 text of a UUID.
    static func uuid(_ value: PickleValue) -> String? { uuidParts(value)?.text }

    /// The parts of a `functools.partial`: function, arguments, keywords and attributes.
    static func partial(
        _ value: PickleValue
    ) -> (function: PickleValue, arguments: PickleValue, keywords: PickleValue, state: PickleValue)? {
        guard value.node.tag == .reduce, isName(value.callee, "functools", "partial"), value.arguments?.count == 1,
            value.extra == nil, let state = value.state, state.node.tag == .tuple, state.count == 4,
            let function = state[0], let arguments = state[1], let keywords = state[2], let attributes = state[3],
            arguments.node.tag == .tuple, keywords.node.tag == .dict, attributes.isNone || attributes.node.tag == .dict
        else { return nil }
        return (function, arguments, keywords, attributes)
    }

    /// The duration of a timedelta.
    static func timeDelta(_ value: PickleValue?) -> TimeDelta? {
        guard let value, value.kind == .timeDelta, let parts = value.arguments, parts.count == 3,
            let days = parts[0].intValue, let seconds = parts[1].intValue, let rest = parts[2].intValue
        else { return nil }
        return TimeDelta(days: days, seconds: seconds, microseconds: rest)
    }

    /// The packed bytes of a date or time.
    static func packedBytes(_ value: PickleValue) -> [UInt8] {
        guard let first = value.arguments?.first else { return [] }
        if let text = first.stringValue { return text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
        return first.bytesValue ?? []
    }

    /// The seconds since 1970 of a datetime with a fixed offset.
    static func secondsSince1970(_ value: PickleValue) -> Double? {
        guard value.kind == .dateTime, let time = PackedTime.dateTime(packedBytes(value)),
            let zone = value.arguments?.dropFirst().first, zone.kind == .timeZone,
            let offset = timeDelta(zone.arguments?.first)
        else { return nil }
        return time.secondsSince1970 - offset.inSeconds
    }

    /// The attributes of an instance: its state, if that is a dict.
    static func attributes(_ value: PickleValue) -> PickleValue? {
        guard let state = value.state else { return nil }
        if state.kind == .dict { return state }
        // A class with slots: (attributes or None, slots).
        if state.kind == .tuple, state.count == 2, state[0]?.isNone == true, let slots = state[1], slots.kind == .dict {
            return slots
        }
        return nil
    }
}
