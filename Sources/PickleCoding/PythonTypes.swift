/// Values of Python's library, seen through their records.
enum PythonTypes {
    /// A number that stands for a value.
    struct Scalar {
        let index: UInt32
        let value: PackedNumbers.Value
    }

    /// The text of a Decimal.
    static func decimal(_ value: PickleValue) -> String? {
        value.kind == .decimal ? value.arguments?.first?.stringValue : nil
    }

    /// The 8-4-4-4-12 text of a UUID.
    static func uuid(_ value: PickleValue) -> String? { nil }

    /// The seconds since 1970 of a datetime with a zone.
    static func secondsSince1970(_ value: PickleValue) -> Double? { nil }

    /// The number of a NumPy scalar.
    static func number(_ value: PickleValue) -> Scalar? { nil }

    /// The attributes of an instance: its state, if that is a dict.
    static func attributes(_ value: PickleValue) -> PickleValue? {
        guard let state = value.state, state.kind == .dict else { return nil }
        return state
    }

    /// The numbers of a tagged block, an `array.array` or a one-dimensional NumPy array.
    static func numbers(_ value: PickleValue) -> PackedNumbers? {
        value.node.tag == .tuple ? tagged(value) : nil
    }

    private static func tagged(_ value: PickleValue) -> PackedNumbers? {
        guard value.count == 3, let tag = value[0], tag.node.tag == .string, tag.node.length == 10,
            tag.stringValue == "apus.array", let code = value[1]?.stringValue, let block = value[2],
            block.node.tag == .bytes || block.node.tag == .byteArray || block.node.tag == .buffer,
            let (family, size) = PackedNumbers.element(typeCode: code), block.count % size == 0
        else { return nil }
        return PackedNumbers(
            storage: value.storage, block: block.index, family: family, size: size, isBigEndian: false,
            count: block.count / size)
    }
}
