/// NumPy's and the standard library's arrays of numbers.
extension PythonTypes {
    /// The type of the elements of a NumPy array: `<f8` and the like.
    struct ElementType: Equatable {
        /// `<`, `>`, `=` or `|`.
        let order: UInt8
        /// `b1`, `f8`, `S5`.
        let code: String
        /// In bytes.
        let size: Int

        var text: String { String(UnicodeScalar(order)) + code }
        var family: UInt8 { code.utf8.first ?? 0 }
    }

    /// A NumPy array: element type, shape, whether columns come first, and the node of its bytes.
    struct NumberArray {
        let element: ElementType
        let shape: [Int]
        let isFortran: Bool
        let block: PickleValue
    }

    private static let plainCodes: Set<String> = [
        "b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "f16", "c8", "c16", "c32",
    ]

    /// A dtype of plain elements.
    static func elementType(_ value: PickleValue?) -> ElementType? {
        guard let value, value.node.tag == .reduce, isName(value.callee, "numpy", "dtype"), value.extra == nil,
            let code = value.arguments?.first?.stringValue, let state = value.state, state.node.tag == .tuple,
            state.count == 8, state[0]?.intValue == 3, let order = state[1]?.stringValue, order.utf8.count == 1,
            let sign = order.utf8.first, state[2]?.isNone == true, state[3]?.isNone == true, state[4]?.isNone == true
        else { return nil }
        let digits = code.dropFirst()
        guard let number = Int(digits), number >= 0, number < 1 << 40, digits.allSatisfy({ $0 >= "0" && $0 <= "9" })
        else { return nil }
        switch code.utf8.first {
        case UInt8(ascii: "S"):
            guard sign == UInt8(ascii: "|") else { return nil }
            return ElementType(order: sign, code: code, size: number)
        case UInt8(ascii: "U"):
            guard sign == UInt8(ascii: "<") || sign == UInt8(ascii: ">") else { return nil }
            return ElementType(order: sign, code: code, size: number * 4)
        default:
            guard plainCodes.contains(code) else { return nil }
            let isSingle = number == 1
            guard isSingle ? sign == UInt8(ascii: "|") : sign == UInt8(ascii: "<") || sign == UInt8(ascii: ">") else {
                return nil
            }
            return ElementType(order: sign, code: code, size: number)
        }
    }

    private static func isNumpy(
        _ value: PickleValue?, _ modern: StaticString, _ old: StaticString, _ name: StaticString
    )
        -> Bool
    {
        isName(value, modern, name) || isName(value, old, name)
    }

    /// A NumPy scalar: its element type and its bytes.
    static func numpyScalar(_ value: PickleValue) -> (element: ElementType, data: PickleValue)? {
        guard value.node.tag == .reduce,
            isNumpy(value.callee, "numpy._core.multiarray", "numpy.core.multiarray", "scalar"), value.state == nil,
            value.extra == nil, let parts = value.arguments, parts.count == 2, let element = elementType(parts[0]),
            parts[1].node.tag == .bytes, parts[1].count == element.size
        else { return nil }
        return (element, parts[1])
    }

    private static func shape(_ value: PickleValue?) -> [Int]? {
        guard let value, value.node.tag == .tuple, value.count <= 64 else { return nil }
        var result: [Int] = []
        for item in value.items ?? [] {
            guard let length = item.intValue, length >= 0 else { return nil }
            result.append(length)
        }
        return result
    }

    /// A NumPy array whose bytes fit its shape.
    static func numpyArray(_ value: PickleValue) -> NumberArray? {
        guard value.node.tag == .reduce, value.extra == nil, let parts = value.arguments else { return nil }
        let array: NumberArray?
        if isNumpy(value.callee, "numpy._core.multiarray", "numpy.core.multiarray", "_reconstruct") {
            array = reconstructed(value, parts)
        } else if isNumpy(value.callee, "numpy._core.numeric", "numpy.core.numeric", "_frombuffer") {
            array = fromBuffer(value, parts)
        } else {
            array = nil
        }
        guard let array, var size = Optional(array.element.size) else { return nil }
        for length in array.shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: length)
            guard !overflow else { return nil }
            size = product
        }
        return size == array.block.count ? array : nil
    }

    private static func reconstructed(_ value: PickleValue, _ parts: [PickleValue]) -> NumberArray? {
        guard parts.count == 3, isName(parts[0], "numpy", "ndarray"), let state = value.state,
            state.node.tag == .tuple, state.count == 5, state[0]?.intValue == 1, let shape = shape(state[1]),
            let element = elementType(state[2]), let block = state[4], block.node.tag == .bytes,
            let fortran = state[3].flatMap({ $0.boolValue ?? $0.intValue.map { $0 != 0 } })
        else { return nil }
        return NumberArray(element: element, shape: shape, isFortran: fortran, block: block)
    }

    private static func fromBuffer(_ value: PickleValue, _ parts: [PickleValue]) -> NumberArray? {
        guard parts.count == 4, value.state == nil, let element = elementType(parts[1]), let shape = shape(parts[2]),
            let order = parts[3].stringValue, order == "C" || order == "F"
        else { return nil }
        switch parts[0].node.tag {
        case .bytes, .byteArray, .buffer: break
        default: return nil
        }
        return NumberArray(element: element, shape: shape, isFortran: order == "F", block: parts[0])
    }

    // MARK: Numbers for the decoder

    /// The number of a NumPy scalar.
    static func number(_ value: PickleValue) -> Scalar? {
        guard let (element, data) = numpyScalar(value), let packed = packed(element, data, count: 1) else { return nil }
        var result: Scalar?
        _ = packed.forEach { result = Scalar(index: value.index, value: $0) }
        return result
    }

    /// The number of a NumPy scalar that is larger than any `Int`.
    static func wideNumber(_ value: PickleValue) -> UInt64? {
        guard let (element, data) = numpyScalar(value), element.code == "u8" else { return nil }
        let bytes = data.bytesValue ?? []
        let bigEndian = element.order == UInt8(ascii: ">") ? bytes : bytes.reversed()
        return bigEndian.reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func packed(_ element: ElementType, _ block: PickleValue, count: Int) -> PackedNumbers? {
        switch element.family {
        case UInt8(ascii: "b"), UInt8(ascii: "i"), UInt8(ascii: "u"):
            guard element.size <= 8 else { return nil }
        case UInt8(ascii: "f"):
            guard element.size <= 8 else { return nil }
        default: return nil
        }
        return PackedNumbers(
            storage: block.storage, block: block.index, family: element.family, size: element.size,
            isBigEndian: element.order == UInt8(ascii: ">"), count: count)
    }

    /// The numbers of a tagged block, an `array.array` or a one-dimensional NumPy array.
    static func numbers(_ value: PickleValue) -> PackedNumbers? {
        switch value.node.tag {
        case .tuple: return tagged(value)
        case .reduce:
            if let array = numpyArray(value), array.shape.count == 1 {
                return packed(array.element, array.block, count: array.shape[0])
            }
            return standardArray(value)
        default: return nil
        }
    }

    private static func tagged(_ value: PickleValue) -> PackedNumbers? {
        guard value.count == 3, let tag = value[0], tag.node.tag == .string, tag.node.length == 10,
            tag.stringValue == "apus.array", let code = value[1]?.stringValue, let block = value[2],
            let (family, size) = PackedNumbers.element(typeCode: code)
        else { return nil }
        return PythonTypes.block(block, family, size, isBigEndian: false)
    }

    private static func block(_ block: PickleValue, _ family: UInt8, _ size: Int, isBigEndian: Bool) -> PackedNumbers? {
        switch block.node.tag {
        case .bytes, .byteArray, .buffer: break
        default: return nil
        }
        guard block.count % size == 0 else { return nil }
        return PackedNumbers(
            storage: block.storage, block: block.index, family: family, size: size, isBigEndian: isBigEndian,
            count: block.count / size)
    }

    /// `array.array`: `_array_reconstructor(class, typecode, machine format, bytes)`.
    private static func standardArray(_ value: PickleValue) -> PackedNumbers? {
        guard isName(value.callee, "array", "_array_reconstructor"), let parts = value.arguments, parts.count == 4,
            let format = parts[2].intValue, (0...17).contains(format)
        else { return nil }
        // The machine formats of CPython's array module: pairs of little- and big-endian from 2 on.
        let kinds: [(Character, Int)] = [("u", 1), ("i", 1)]
        let (kind, size, big): (Character, Int, Bool)
        switch format {
        case 0, 1: (kind, size, big) = (kinds[format].0, 1, false)
        case 2...13:
            let sizes = [2, 2, 4, 4, 8, 8]
            (kind, size, big) = ((format - 2) / 2 % 2 == 0 ? "u" : "i", sizes[(format - 2) / 2], format % 2 == 1)
        default: (kind, size, big) = ("f", format < 16 ? 4 : 8, format % 2 == 1)
        }
        return block(parts[3], kind.asciiValue ?? 0, size, isBigEndian: big)
    }

    /// A list in an `array.array` of protocols below 3: `array(typecode, list)`.
    static func listOfArray(_ value: PickleValue) -> PickleValue? {
        guard value.node.tag == .reduce, isName(value.callee, "array", "array"), let parts = value.arguments,
            parts.count == 2, parts[0].kind == .string, parts[1].node.tag == .list
        else { return nil }
        return parts[1]
    }
}
